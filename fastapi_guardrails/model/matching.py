"""Which requests a path matches, by Starlette's rules: segments, parameters, converters.

Source: Starlette's `compile_path`: `{name}` takes any text without a slash, `{name:int}`, `{name:float}` and
`{name:uuid}` what they say, `{name:path}` anything. Annotations of the endpoint do not matter for matching.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_PARAMETER = re.compile(r"\{\s*\w+\s*(?::\s*(\w+)\s*)?\}")
_SHAPES = {
    "str": r"[^/]+",
    "int": r"[0-9]+",
    "float": r"[0-9]+(?:\.[0-9]+)?",
    "uuid": r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}",
    "path": r".*",
}


class Segment(NamedTuple):
    """One part of a path between slashes.

    Attributes:
        text: as written, with the names of parameters left out.
        converter: of a segment that is one parameter, else ''.
        static: whether it holds no parameter.
    """

    text: str
    converter: str
    static: bool


def segments(path: str) -> tuple[Segment, ...]:
    """The segments of a path; a trailing slash is an empty one."""
    return tuple(_segment(part) for part in path.lstrip("/").split("/"))


def _segment(part: str) -> Segment:
    text = _PARAMETER.sub(lambda m: "{" + (m.group(1) or "str") + "}", part)
    whole = _PARAMETER.fullmatch(part)
    converter = (whole.group(1) or "str") if whole else ""
    return Segment(text, converter, "{" not in text)


def covers(earlier: tuple[Segment, ...], later: tuple[Segment, ...]) -> bool:
    """Whether every request path that `later` matches is matched by `earlier` too."""
    return _covers_each(earlier, later) or _covers_across(earlier, later)


def _covers_across(earlier: tuple[Segment, ...], later: tuple[Segment, ...]) -> bool:
    """Whether a `{name:path}` of `earlier`, with something behind it, takes several segments of `later`.

    A text that no literal holds stands for the parameters of `later`: what matches it matches any text.
    """
    if all("{path}" not in s.text for s in earlier) or any("{path}" in s.text for s in later):
        return False
    path = re.sub(r"\{\w+\}", "\0", "/".join(s.text for s in later))
    return re.fullmatch(_pattern("/".join(s.text for s in earlier)), path) is not None


def _covers_each(earlier: tuple[Segment, ...], later: tuple[Segment, ...]) -> bool:
    for index, segment in enumerate(earlier):
        if segment.converter == "path" and index == len(earlier) - 1:
            return len(later) > index
        if index >= len(later) or not _covers(segment, later[index]):
            return False
    return len(earlier) == len(later)


def _covers(earlier: Segment, later: Segment) -> bool:
    if earlier.text == later.text:
        return True
    if later.converter == "path" or "{path}" in later.text:
        return False
    if earlier.converter == "str":
        return later.text != ""
    if earlier.static or "{path}" in earlier.text:
        return False
    if later.static:
        return re.fullmatch(_pattern(earlier.text), later.text) is not None
    return earlier.converter == "float" and later.converter == "int"


def _pattern(text: str) -> str:
    parts = re.split(r"(\{\w+\})", text)
    return "".join(_SHAPES.get(p[1:-1], r"[^/]+") if p.startswith("{") else re.escape(p) for p in parts)
