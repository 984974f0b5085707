"""`full`: for people: the source with a mark under it, the chain that leads there, the fix, and what was looked at."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Applicability, Diagnostic, Severity
from fastapi_guardrails.report.words import counts_sentence, coverage_sentence, fixable_sentence, one_line
from fastapi_guardrails.source.text import split_lines

if TYPE_CHECKING:
    from fastapi_guardrails.engine import Result
    from fastapi_guardrails.report import Rules, Style

_RED, _YELLOW, _BLUE, _CYAN, _BOLD, _DIM = "31", "33", "34", "36", "1", "2"
_TAB = "    "
_LEAST = 20


def render(result: Result, rules: Rules, style: Style) -> str:
    """The report with a block per finding and the counts at the end."""
    page = _Page(result, style)
    report = result.report
    blocks = ["".join(line + "\n" for line in page.block(d)) + "\n" for d in report.diagnostics]
    last = [counts_sentence(report), fixable_sentence(report), coverage_sentence(report.coverage)]
    if not report.coverage.apps:
        last.append("No FastAPI app was found: is this the folder of the project?")
    return "".join(blocks) + "".join(line + "\n" for line in last if line)


class _Page:
    """Blocks of text in one style."""

    def __init__(self, result: Result, style: Style) -> None:
        self._result = result
        self._style = style
        self._lines: dict[str, list[str]] = {}

    def block(self, d: Diagnostic) -> Iterator[str]:
        """The lines of one finding."""
        colour = _RED if d.severity is Severity.ERROR else _YELLOW
        place = self._paint(f"{one_line(d.path)}:{d.line}:{d.column}", _BOLD)
        yield f"{place} {self._paint(f'{d.severity.value} {d.code}', colour)} {self._paint(d.name, _DIM)}"
        yield from self._wrap(d.message, "  ")
        margin = len(str(max([d.line, *(step.line for step in d.trace)])))
        yield from self._source(d, margin, colour)
        for number, step in enumerate(d.trace, start=1):
            where = f"{one_line(step.path)}:{step.line}:{step.column}"
            yield from self._wrap(f"{number}. {where} {step.message}", "  ", "     ")
            yield from self._quote(step.path, step.line, margin)
        yield from self._notes(d)

    def _notes(self, d: Diagnostic) -> Iterator[str]:
        if d.fix is not None:
            how = "--fix" if d.fix.applicability is Applicability.SAFE else "--fix --unsafe-fixes"
            yield from self._wrap(f"fix: {d.fix.message} ({how})", "  ", "       ")
        if d.guardrails:
            yield from self._wrap(f"guardrail: {', '.join(d.guardrails)}", "  ", "       ")
        if d.url:
            yield f"  {self._paint(d.url, _DIM)}"

    def _source(self, d: Diagnostic, margin: int, colour: str) -> Iterator[str]:
        """The source line of a finding and the mark under it."""
        line = self._line(d.path, d.line)
        if not line.strip():
            return
        end = d.end_column if d.end_line == d.line else len(line.rstrip()) + 1
        before, marked = line[: d.column - 1], line[d.column - 1 : max(end, d.column + 1) - 1]
        indent, length = _width(_expand(before)), max(_width(_expand(marked)), 1)
        shown, indent, length = self._crop(_expand(line), indent, length, margin)
        yield f"  {self._gutter(d.line, margin)} {shown}"
        yield f"  {self._gutter(None, margin)} {' ' * indent}{self._paint('^' * length, colour)}"

    def _quote(self, path: str, number: int, margin: int) -> Iterator[str]:
        line = self._line(path, number).strip()
        if line:
            shown, _, _ = self._crop(_expand(line), 0, 1, margin + 3)
            yield f"     {self._gutter(number, margin)} {shown}"

    def _crop(self, line: str, indent: int, length: int, margin: int) -> tuple[str, int, int]:
        """The part of a line around its mark that fits the terminal, and where the mark is in it."""
        if self._style.width is None:
            return line, indent, length
        room = max(self._style.width - margin - 6, _LEAST)
        if _width(line) <= room:
            return line, indent, length
        start = 0 if indent + min(length, room // 2) < room - 1 else indent - room // 4
        shown = _cut(line, start, room - (2 if start else 1))
        if start:
            shown, indent = "…" + shown, indent - start + 1
        return shown + "…", indent, max(min(length, room - indent - 1), 1)

    def _line(self, path: str, number: int) -> str:
        lines = self._lines.get(path)
        if lines is None:
            lines = self._lines[path] = split_lines(self._result.text(path))
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def _gutter(self, number: int | None, margin: int) -> str:
        return self._paint(f"{'' if number is None else number:>{margin}} |", _BLUE)

    def _wrap(self, text: str, first: str, rest: str | None = None) -> list[str]:
        text = one_line(text)
        if self._style.width is None:
            return [first + text]
        width = max(self._style.width, _LEAST)
        following = first if rest is None else rest
        return textwrap.wrap(
            text,
            width,
            initial_indent=first,
            subsequent_indent=following,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._style.colour else text


def _expand(text: str) -> str:
    """A text with tabs as spaces (not aligned, so that columns add up), and other control characters as `?`."""
    return "".join(_TAB if c == "\t" else "?" if unicodedata.category(c) == "Cc" else c for c in text)


def _width(text: str) -> int:
    """Columns that a text takes in a terminal: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(_columns(c) for c in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _cut(text: str, start: int, room: int) -> str:
    """The characters of a text in the columns from `start`, at most `room` of them."""
    shown, at = [], 0
    for character in text:
        at += _columns(character)
        if at > start + room:
            break
        if at > start:
            shown.append(character)
    return "".join(shown)
