"""Sequence diagrams, drawn from a few lines of text as inline SVG: no script, and they follow the colours of the page.

```sequence "What it shows"
Client | Endpoint | Database
Client -> Endpoint: GET /users
Endpoint --> Client: 200
Endpoint: a note
--- a line with a title
```
"""

from __future__ import annotations

import re
from html import escape

_BLOCK = re.compile(r'^```sequence "(?P<title>[^"]+)"\n(?P<body>.*?)^```$', re.MULTILINE | re.DOTALL)
_ARROW = re.compile(r"(?P<source>[^:]+?) (?P<kind>-->|->) (?P<target>[^:]+?): (?P<text>.+)")
_COLUMN, _ROW, _TOP, _EDGE = 165, 44, 52, 80


class DiagramError(ValueError):
    """A line of a diagram cannot be read."""


def expand(text: str) -> str:
    """A page with its diagrams drawn."""
    return _BLOCK.sub(lambda match: sequence(match["title"], match["body"]), text)


def sequence(title: str, body: str) -> str:
    """A diagram as HTML.

    Raises:
        DiagramError: a line is none of the forms above, or names nobody of the first line.
    """
    first, *lines = [line.strip() for line in body.strip().splitlines()]
    names = [name.strip() for name in first.split("|")]
    width = 2 * _EDGE + _COLUMN * (len(names) - 1)
    height = _TOP + _ROW * len(lines) + 20
    places = {name: _EDGE + _COLUMN * index for index, name in enumerate(names)}
    parts = [_lane(name, x, height) for name, x in places.items()]
    parts += [_step(line, places, _TOP + _ROW * number, width) for number, line in enumerate(lines)]
    label = escape(f"{title}: " + "; ".join(lines))
    return (
        f'<figure class="diagram"><div class="scroll" tabindex="0"><svg viewBox="0 0 {width} {height}" '
        f'style="min-width:{min(width, 640)}px;max-width:{width}px" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg></div><figcaption>{escape(title)}</figcaption></figure>"
    )


def _lane(name: str, x: int, height: int) -> str:
    return (
        f'<line class="lane" x1="{x}" y1="36" x2="{x}" y2="{height}"/>'
        f'<rect class="box" x="{x - 66}" y="6" width="132" height="30" rx="6"/>'
        f'<text class="name" x="{x}" y="26">{escape(name)}</text>'
    )


def _step(line: str, places: dict[str, int], y: int, width: int) -> str:
    if line.startswith("---"):
        return (
            f'<rect class="band" x="6" y="{y + 6}" width="{width - 12}" height="26" rx="4"/>'
            f'<text class="part" x="{width // 2}" y="{y + 24}">{escape(line[3:].strip())}</text>'
        )
    match = _ARROW.fullmatch(line)
    try:
        if match:
            return _arrow(places[match["source"]], places[match["target"]], y, match["kind"] == "-->", match["text"])
        name, text = line.split(": ", 1)
        return _note(places[name], y, text, width)
    except (KeyError, ValueError) as error:
        raise DiagramError(f"{line!r} is no step of a diagram, or names nobody of its first line") from error


def _arrow(start: int, end: int, y: int, is_reply: bool, text: str) -> str:
    at = y + 30
    step = -1 if end < start else 1
    head = f"{end},{at} {end - 8 * step},{at - 4} {end - 8 * step},{at + 4}"
    return (
        f'<line class="{"reply" if is_reply else "call"}" x1="{start}" y1="{at}" x2="{end - 6 * step}" y2="{at}"/>'
        f'<polygon class="head" points="{head}"/>'
        f'<text class="text" x="{(start + end) // 2}" y="{at - 7}">{escape(text)}</text>'
    )


def _note(x: int, y: int, text: str, width: int) -> str:
    size = min(int(6.6 * len(text)) + 22, width - 12)
    left = min(max(x - size // 2, 6), width - 6 - size)
    return (
        f'<rect class="note" x="{left}" y="{y + 8}" width="{size}" height="28" rx="4"/>'
        f'<text class="text" x="{left + size // 2}" y="{y + 27}">{escape(text)}</text>'
    )
