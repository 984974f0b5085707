"""The names of attributes in a text, without concrete syntax: for fixes that rename a method and nothing else.

`ast` says where an attribute ends, and its name is the last thing in it; that costs a hundredth of parsing with libcst.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi_guardrails.finding import Edit, Mark
from fastapi_guardrails.source.spans import attribute_names
from fastapi_guardrails.source.stretches import Stretch


def rename_attribute(text: str, mark: Mark, name: str, new: str, around: Sequence[Stretch] = ()) -> Edit | None:
    """The edit that gives the attribute `name` of the expression at a mark another name.

    None where there is no such attribute, or more than one (`a.copy().copy()` begins twice at one place).

    Args:
        text: the file's text.
        mark: where the expression starts.
        name: the name that the attribute has.
        new: the name that it gets.
        around: what of the file to parse (`Sources.around`); all of it without.
    """
    places = attribute_names(text, mark, name, around)
    return Edit(places[0], new) if len(places) == 1 else None
