"""A text cut where its statements begin, so that only those that are too new for the running Python are lowered.

libcst takes some thirty times as long as `ast`; in most files that are too new, a few functions are.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from fastapi_guardrails.source.text import line_starts

#: Gives newer syntax as older, each line in its place; raises an `Exception` for what is no Python.
Lower = Callable[[str], str]

#: What goes on with the statement above it.
_CONTINUES = re.compile(r"(?:else|elif|except|finally)\b")

#: Around statements that are indented.
_AROUND = "if 1:\n"

#: How many pieces are put together until they are statements: what stands in brackets may look like several.
_MAX_PIECES = 20

#: How many lines the header of a class has at most.
_MAX_HEADER = 12


def lowered(text: str, lower: Lower) -> str | None:
    """A text in which those statements are lowered that `ast` cannot read; None if it cannot be cut into statements."""
    return _statements(_lines(text), "", lower)


def _statements(lines: list[str], indent: str, lower: Lower) -> str | None:
    """Statements of one block."""
    starts = [*_starts(lines, indent), len(lines)]
    found: list[str] = []
    first = 0
    while first < len(starts) - 1:
        for last in range(first + 1, min(first + 1 + _MAX_PIECES, len(starts))):
            piece = _piece("".join(lines[starts[first] : starts[last]]), indent, lower)
            if piece is not None:
                found.append(piece)
                first = last
                break
        else:
            return None
    return "".join(found)


def _lines(text: str) -> list[str]:
    """The lines of a text as Python counts them, with their ends."""
    starts = line_starts(text)
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)])]


def _starts(lines: list[str], indent: str) -> Iterator[int]:
    """The lines at which a statement may begin, the first one of all among them.

    Decorators are part of theirs, and what stands between three quotes is no statement.
    """
    is_decorated = is_text = False
    for number, line in enumerate(lines):
        first = line[len(indent) : len(indent) + 1]
        begins = not is_text and line.startswith(indent) and (first == "@" or first.isidentifier())
        begins = begins and not _CONTINUES.match(line, len(indent))
        if number == 0 or (begins and not is_decorated):
            yield number
        if begins:
            is_decorated = first == "@"
        is_text ^= (line.count('"""') + line.count("'''")) % 2 == 1


def _piece(text: str, indent: str, lower: Lower) -> str | None:
    """Some lines, lowered if need be; None if they are no statements."""
    if _is_read(text, indent):
        return text
    members = _class(text, indent, lower)
    return _by_itself(text, indent, lower) if members is None else members


def _by_itself(text: str, indent: str, lower: Lower) -> str | None:
    """Some lines, lowered as one."""
    around = _AROUND if indent else ""
    try:
        return lower(around + text)[len(around) :]
    except Exception:  # no statements, or nothing that libcst reads: the caller takes more lines, or all
        return None


def _is_read(text: str, indent: str) -> bool:
    end = "" if text.endswith(("\n", "\r")) else "\n"
    try:
        ast.parse(f"{_AROUND}{text}{end}{indent}pass\n" if indent else text)
    except (SyntaxError, ValueError):
        return False
    return True


def _class(text: str, indent: str, lower: Lower) -> str | None:
    """A class whose members are taken one by one; None for anything else."""
    lines = _lines(text)
    at = next((n for n, line in enumerate(lines) if re.match(rf"{indent}class\b", line)), None)
    if at is None:
        return None
    ends = (
        n for n in range(at, min(at + _MAX_HEADER, len(lines))) if lines[n].partition("#")[0].rstrip().endswith(":")
    )
    end = next(ends, None)
    inner = _indentation(lines[end + 1 :]) if end is not None else ""
    if end is None or not inner.startswith(indent) or len(inner) <= len(indent):
        return None
    stand_in = f"{inner}pass\n"
    written = "".join(lines[: end + 1]) + stand_in
    header = written if _is_read(written, indent) else _by_itself(written, indent, lower)
    body = None if header is None else _statements(lines[end + 1 :], inner, lower)
    if header is None or body is None or not header.endswith(stand_in):
        return None
    return header[: -len(stand_in)] + body


def _indentation(lines: list[str]) -> str:
    """That of the first line that is neither empty nor a comment."""
    written = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    return written[: len(written) - len(written.lstrip())]
