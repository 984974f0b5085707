"""The names of attributes in a text, without concrete syntax: for fixes that rename a method and nothing else.

`ast` says where an attribute ends, and its name is the last thing in it; that costs a hundredth of parsing with libcst.
"""

from __future__ import annotations

import ast
from functools import lru_cache

from fastapi_guardrails.finding import Edit, Mark, Range
from fastapi_guardrails.source.loader import parse_again
from fastapi_guardrails.source.text import character_column, split_lines


def rename_attribute(text: str, mark: Mark, name: str, new: str) -> Edit | None:
    """The edit that gives the attribute `name` of the expression at a mark another name.

    None where there is no such attribute, or more than one (`a.copy().copy()` begins twice at one place).
    """
    ends = _ends(text).get((mark.line, mark.offset, name), ())
    if len(ends) != 1:
        return None
    line, offset = ends[0]
    written = split_lines(text)[line - 1]
    column = character_column(written, offset)
    if written[column - 1 - len(name) : column - 1] != name:  # newer syntax was lowered, and columns moved
        return None
    return Edit(Range(mark.path, line, column - len(name), line, column), new)


@lru_cache(maxsize=4)
def _ends(text: str) -> dict[tuple[int, int, str], list[tuple[int, int]]]:
    """Where attributes end, by the line and byte offset at which they begin, and their name."""
    found: dict[tuple[int, int, str], list[tuple[int, int]]] = {}
    tree = parse_again(text)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Attribute) and node.end_lineno is not None and node.end_col_offset is not None:
            key = (node.lineno, node.col_offset, node.attr)
            found.setdefault(key, []).append((node.end_lineno, node.end_col_offset))
    return found
