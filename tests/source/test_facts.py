"""Facts: what the bytes of a body tell before anybody decodes them."""

from __future__ import annotations

import pytest

from fastapi_guardrails.source import facts as f
from fastapi_guardrails.source.loader import read_module

MARKS = {
    "function": f.NESTED_FUNCTION,
    "class": f.NESTED_CLASS,
    "handler": f.HANDLER,
    "import": f.IMPORTED,
    "with": f.WITH,
}


def _function(body: str) -> f.Function:
    (function,) = read_module(f"def outer():\n{body}".encode()).body
    assert isinstance(function, f.Function)
    return function


@pytest.mark.parametrize(
    ("body", "marks"),
    [
        ("    def inner(): ...\n", {"function"}),
        ("    if x:\n        async def inner(a, *, b=1): return a\n", {"function"}),
        ("    try:\n        go()\n    except KeyError as error:\n        raise\n", {"handler"}),
        ("    try:\n        go()\n    except:\n        pass\n", {"handler"}),
        ("    import json\n", {"import"}),
        ("    from . import a as b\n", {"import"}),
        ("    with x:\n        from app.models import User, Order\n", {"import", "with"}),
        ("    async with x as y, z: pass\n", {"with"}),
        ("    class Inner(A, b=C):\n        x: int = 1\n", {"class"}),
        ("    try:\n        go(1)\n    finally:\n        lambda: stop()\n", set()),
    ],
)
def test_marks_say_what_is_in_a_body(body: str, marks: set[str]) -> None:
    code = _function(body).code
    assert {name for name, mark in MARKS.items() if mark in code} == marks


def test_a_function_names_the_attributes_that_it_and_those_inside_it_assign() -> None:
    function = _function(
        "    self.b = a, self.c = 1\n    def inner():\n        self.a: int = 2\n        x = y\n    self.d += 1\n"
    )
    assert function.assigned == ["a", "b", "c", "d"]


def test_words_are_found_whole() -> None:
    function = _function("    include_router(app)\n")
    assert f.has_word(function, [f.encode_word("mount"), f.encode_word("include_router")])
    assert not f.has_word(function, [f.encode_word("include"), f.encode_word("router")])
