"""The lines to parse again to see what a line holds: those of its statement, not of its file.

Facts know where statements start. A stretch ends before the next statement, and the header of a compound statement
before its body. Whether such lines are a statement by themselves shows when they are parsed: where they are not, the
next wider stretch is tried.
"""

from __future__ import annotations

import ast
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fastapi_guardrails.source import facts as f


class Stretch(NamedTuple):
    """Lines of a file.

    Attributes:
        first: 1-based.
        last: 1-based; None for that of the file.
        is_header: whether they are the header of a compound statement, without its body.
    """

    first: int
    last: int | None
    is_header: bool = False


def around(module: f.ModuleFacts, line: int) -> tuple[Stretch, ...]:
    """The stretches that a line is in, of its statement first, then of those around it; none above the first."""
    found = list(_narrowing(module.body, line))
    found.reverse()
    return tuple(found)


def _narrowing(block: Sequence[f.Stmt], line: int) -> Iterator[Stretch]:
    """From the statement of a block that a line is in to the innermost one, which may be only a header."""
    last = None
    while index := bisect_right(block, line, key=_first_line):
        inside = block[index - 1]
        if index < len(block):
            last = _first_line(block[index]) - 1
        first = _first_line(inside)
        yield Stretch(first, last)
        block = _inside(inside)
        if block and line < _first_line(block[0]):
            yield Stretch(first, _first_line(block[0]) - 1, is_header=True)


def _inside(node: f.Stmt) -> Sequence[f.Stmt]:
    """The statements directly inside one, of all its blocks, in the order of the source."""
    if isinstance(node, (f.Function, f.Class)):
        return node.body
    return [statement for block in f.blocks(node) for statement in block]


def _first_line(statement: f.Stmt) -> int:
    line = f.line_of(statement.pos)
    decorators = getattr(statement, "decorators", None)
    return min(line, f.line_of(decorators[0].pos)) if decorators else line


def parse(lines: Sequence[str], stretch: Stretch) -> ast.Module | None:
    """The syntax tree of a stretch of a file, with the positions that it has there.

    Args:
        lines: those of the file without their newlines.
        stretch: which of them.

    Returns:
        None if these lines are no statement by themselves.
    """
    taken = list(lines[stretch.first - 1 : stretch.last])
    indent = _indent(taken[0]) if taken else 0
    while taken and _is_of_others(taken[-1], indent):
        taken.pop()
    if not taken:
        return None
    if stretch.is_header:
        taken.append(taken[0][:indent] + " pass")
    above = ["if 1:"] if indent else []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse("\n" * (stretch.first - 1 - len(above)) + "\n".join([*above, *taken]))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def holds(tree: ast.Module, line: int) -> bool:
    """Whether a line is one of those that a tree spans: what stands beside a statement (`else:`) is not in its tree."""
    last = tree.body[-1]
    return line <= (last.end_lineno or last.lineno)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t\f"))


def _is_of_others(line: str, indent: int) -> bool:
    """Whether the last line of a stretch is not of its statement: empty, a comment, or less indented (`else:`)."""
    content = line.lstrip(" \t\f")
    return not content or content.startswith("#") or len(line) - len(content) < indent
