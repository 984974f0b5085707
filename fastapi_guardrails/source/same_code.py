"""Whether two states of a file hold the same code, so that only comments, blank lines and layout differ."""

from __future__ import annotations

import ast
import warnings
from typing import NamedTuple

from fastapi_guardrails.source.generated import is_generated
from fastapi_guardrails.source.suppressions import may_hold
from fastapi_guardrails.source.text import TextError, decode, split_lines


class Moves(NamedTuple):
    """Where the lines of a file went.

    Attributes:
        stretches: 1-based first and last line of a statement of the module whose lines are still the same, and by how
            many lines it moved; a decorator is of its statement.
    """

    stretches: tuple[tuple[int, int, int], ...]

    def shift(self, line: int, end_line: int) -> int | None:
        """By how many lines what is between two lines moved; None if it is not inside one of the stretches."""
        return next((by for first, last, by in self.stretches if first <= line and end_line <= last), None)


def compare(old: bytes, new: bytes) -> Moves | None:
    """How the lines of a file moved; None where its code is not the same, or where comments of it have a meaning.

    Comments have one that suppress findings, or that say that a program wrote the file.
    """
    if may_hold(old) or may_hold(new):
        return None
    try:
        before, after = decode(old), decode(new)
        if before[1:] != after[1:] or is_generated(before.text) != is_generated(after.text):
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _moves(before.text, ast.parse(old), after.text, ast.parse(new))
    except (TextError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _moves(old: str, old_tree: ast.Module, new: str, new_tree: ast.Module) -> Moves | None:
    if len(old_tree.body) != len(new_tree.body):
        return None
    old_lines, new_lines = split_lines(old), split_lines(new)
    stretches: list[tuple[int, int, int]] = []
    for before, after in zip(old_tree.body, new_tree.body, strict=True):
        (first, last), (start, end) = _lines(before), _lines(after)
        if old_lines[first - 1 : last] == new_lines[start - 1 : end]:
            stretches.append((first, last, start - first))
        elif ast.dump(before) != ast.dump(after):
            return None
    return Moves(tuple(stretches))


def _lines(statement: ast.stmt) -> tuple[int, int]:
    """First and last line of a statement with its decorators."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)]), statement.end_lineno or statement.lineno
