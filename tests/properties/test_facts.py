"""Facts: never a crash, a pure function of the bytes, and the same after they were written and read."""

from __future__ import annotations

import ast
import warnings

from hypothesis import given, settings
from hypothesis import strategies as st

from fastapi_guardrails.source import facts
from fastapi_guardrails.source.extract import extract, parse_expression

from .modules import grown, mutated, texts


def parsed(text: str) -> ast.Module | None:
    """The tree of a text, or None where it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def facts_of(tree: ast.Module) -> facts.ModuleFacts:
    return facts.ModuleFacts(path="m.py", body=extract(tree), suppressions=[], error=None, lines=1)


@settings(max_examples=400, deadline=None)
@given(st.one_of(mutated(), grown()))
def test_what_parses_is_extracted_and_survives_encoding(text: str) -> None:
    tree = parsed(text)
    if tree is None:
        return
    made = facts_of(tree)
    assert facts.decode(facts.encode(made)) == made


@settings(max_examples=150, deadline=None)
@given(mutated(), mutated())
def test_facts_depend_on_nothing_but_the_text(text: str, other: str) -> None:
    tree, between = parsed(text), parsed(other)
    if tree is None or between is None:
        return
    first = facts.encode(facts_of(tree))
    facts_of(between)
    again = parsed(text)
    assert again is not None
    assert facts.encode(facts_of(again)) == first


@settings(max_examples=200, deadline=None)
@given(st.one_of(texts, st.sampled_from(["(" * 300, "-" * 5000 + "1", "x" + ".y" * 5000, "\0", "\ud800"])))
def test_any_text_is_an_expression_or_not(text: str) -> None:
    expression = parse_expression(text)
    assert expression is None or isinstance(expression, facts.Node)
