"""The names of attributes in a text, without concrete syntax: for fixes that rename a method and nothing else.

`ast` says where an attribute ends, and its name is the last thing in it; that costs a hundredth of parsing with libcst.
"""

from __future__ import annotations

from fastapi_guardrails.finding import Edit, Mark
from fastapi_guardrails.source.spans import attribute_names


def rename_attribute(text: str, mark: Mark, name: str, new: str, starts: tuple[int, ...] = ()) -> Edit | None:
    """The edit that gives the attribute `name` of the expression at a mark another name.

    None where there is no such attribute, or more than one (`a.copy().copy()` begins twice at one place).

    Args:
        text: the file's text.
        mark: where the expression starts.
        name: the name that the attribute has.
        new: the name that it gets.
        starts: lines at which statements of the file's top level start (`Sources.starts`): less is parsed with them.
    """
    places = attribute_names(text, mark, name, starts)
    return Edit(places[0], new) if len(places) == 1 else None
