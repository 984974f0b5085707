"""Branches: what never runs, given what some parameters are."""

from __future__ import annotations

import ast
import textwrap

import pytest

from fastapi_guardrails.model.branches import dead, deciding_names
from fastapi_guardrails.model.tree import walk
from fastapi_guardrails.model.values import Const, External, Instance, Value
from fastapi_guardrails.source import facts as f
from fastapi_guardrails.source.extract import extract

GIVEN: dict[str, Value] = {
    "no": Const(False),
    "yes": Const(True),
    "nothing": Const(None),
    "text": Const("local"),
    "thing": Instance(External("builtins.object")),
}


def alive(body: str) -> str:
    """Names of the functions that a body may still call, in source order."""
    block = extract(ast.parse(textwrap.dedent(body)))
    gone = dead(block, GIVEN)
    calls = [node for node in walk(block) if isinstance(node, f.Call) and isinstance(node.func, f.Name)]
    return " ".join(call.func.id for call in calls if id(call) not in gone and isinstance(call.func, f.Name))


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("no", "b"),
        ("yes", "a"),
        ("not no", "a"),
        ("unknown", "a b"),
        ("thing", "a b"),
        ("nothing is None", "a"),
        ("thing is None", "b"),
        ("thing is not None", "a"),
        ("thing == 3", "a b"),
        ("text == 'local'", "a"),
        ("text != 'local'", "b"),
        ("text in ('local', 'here')", "a"),
        ("text not in ('there', 'here')", "a"),
        ("text in ('there', here)", "a b"),
        ("text.startswith('remote/')", "b"),
        ("text.endswith('al')", "a"),
        ("yes and unknown", "a b"),
        ("no and unknown", "b"),
        ("yes or unknown", "a"),
        ("(other := yes)", "a"),
    ],
)
def test_a_known_test_leaves_one_branch(test: str, expected: str) -> None:
    assert alive(f"if {test}:\n    a()\nelse:\n    b()") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if no:\n    return\na()", "a"),
        ("if yes:\n    return\na()", ""),
        ("if yes:\n    raise a()\nb()", "a"),
        ("x = a() if yes else b()", "a"),
        ("x = no and a()", ""),
        ("x = yes or a()", ""),
        ("while no:\n    a()\nb()", "b"),
        ("yes = a()\nif yes:\n    b()\nelse:\n    c()", "a b c"),
        ("for yes in a():\n    if yes:\n        b()\n    else:\n        c()", "a b c"),
        ("for x in a():\n    if no:\n        b()\n    no = x", "a b"),
        ("with a() as no:\n    if no:\n        b()", "a b"),
        ("try:\n    if no:\n        a()\nexcept b():\n    c()", "b c"),
        ("if unknown:\n    yes = 1\nif yes:\n    a()\nelse:\n    b()", "a b"),
        ("me.on = no\nif me.on:\n    a()", ""),
        ("copy = no\nif copy:\n    a()", ""),
        ("me.on = no\nme.on = a()\nif me.on:\n    b()", "a b"),
        ("me.on = no\nme = a()\nif me.on:\n    b()", "a b"),
        ("me.on = no\nif unknown:\n    me.on = yes\nif me.on:\n    a()", "a"),
    ],
)
def test_what_follows_and_what_is_assigned_again(body: str, expected: str) -> None:
    assert alive(body) == expected


def test_names_that_decide_or_are_handed_on() -> None:
    block = extract(ast.parse("if a and not b:\n    pass\nc(d, key=e)\nx = 1 if g else 2\nh = i"))
    assert deciding_names(block) == {"a", "b", "d", "e", "g"}


def test_names_that_an_attribute_keeps_for_a_test() -> None:
    block = extract(ast.parse("me.on = a\nme.off = b\nif me.on:\n    pass"))
    assert deciding_names(block) >= {"a"}
    assert "b" not in deciding_names(block)
