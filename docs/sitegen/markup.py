"""Small pieces of Markdown and HTML that several pages share."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path

_FENCE = re.compile(r"^( *)(`{3,}|~{3,})")
_CODE = re.compile(r"(`+[^`]*`+|\[[^\]]*\]\([^)]*\)|<[^>]+>)")
_INCLUDE = re.compile(r"^\{\{ include (?P<path>[^ :]+)(?::(?P<part>\w+))? \}\}$", re.MULTILINE)
_MARKER = re.compile(r"^ *# --8<-- \[(?:start|end):\w+\]\n", re.MULTILINE)
_RULE = re.compile(r"\b([A-Z]{2}\d{3})\b")


def include(text: str, folder: Path) -> str:
    """A page with `{{ include file }}` or `{{ include file:part }}` replaced by that file of a folder.

    Raises:
        KeyError: there is no such file, or no such part in it.
    """

    def replace(match: re.Match[str]) -> str:
        file = folder / match["path"]
        if not file.is_file():
            raise KeyError(f"there is no {match['path']} to include")
        found = file.read_text(encoding="utf-8")
        if match["part"]:
            name = re.escape(match["part"])
            part = re.search(rf"\[start:{name}\]\n(.*?)^ *# --8<-- \[end:{name}\]", found, re.MULTILINE | re.DOTALL)
            if part is None:
                raise KeyError(f"{match['path']} has no part {match['part']}")
            found = part[1]
        return _MARKER.sub("", found).strip("\n")

    return _INCLUDE.sub(replace, text)


def relative(from_page: str, to_page: str) -> str:
    """A link from one page to another, both as paths of Markdown files."""
    return posixpath.relpath(to_page, posixpath.dirname(from_page) or ".")


def outside_fences(text: str, change: Callable[[str], str]) -> str:
    """A Markdown text with each line outside fenced blocks changed."""
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if match and not fence:
            fence = match[2]
        elif match and line.strip() == fence:
            fence = ""
        elif not fence:
            line = change(line)
        lines.append(line)
    return "\n".join(lines)


def link_rules(text: str, page: str, codes: Iterable[str]) -> str:
    """A Markdown text in which each code of a rule that exists leads to its page."""
    known = frozenset(codes)

    def replace(match: re.Match[str]) -> str:
        code = match[1]
        target = f"rules/{code}.md"
        return f"[{code}]({relative(page, target)})" if code in known and target != page else code

    def change(line: str) -> str:
        if line.startswith(("#", "{{")):
            return line
        parts = _CODE.split(line)
        return "".join(part if index % 2 else _RULE.sub(replace, part) for index, part in enumerate(parts))

    return outside_fences(text, change)


def badge(text: str, kind: str) -> str:
    """A coloured word."""
    return f'<span class="badge {kind}">{escape(text)}</span>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; `|` in cells is escaped."""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def html_code(text: str) -> str:
    """Text of a guardrail or rule as HTML: backticks become `<code>`."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
