"""Choices: what only a default decided."""

from __future__ import annotations

import pytest

from fastapi_guardrails.model.choices import Choices
from fastapi_guardrails.model.values import NONE, Const, External, Instance, Lazy, Sequence_, Value, is_none


def an_object() -> Instance:
    return Instance(External("vendor.Auth"))


def no_import(lazy: Lazy) -> Value:
    raise AssertionError(f"nobody asked for {lazy.name}")


@pytest.fixture
def choices() -> Choices:
    return Choices(no_import)


@pytest.mark.parametrize("value", [an_object(), Sequence_("list", [])], ids=["object", "list"])
def test_what_was_added_is_chosen(choices: Choices, value: Value) -> None:
    assert choices.add(value) is value
    assert choices.holds(value)


def test_what_was_not_added_is_not_chosen(choices: Choices) -> None:
    choices.add(an_object())
    assert not choices.holds(an_object())
    assert not choices.holds(None)


def test_each_none_that_was_chosen_is_one_of_its_own(choices: Choices) -> None:
    chosen = choices.add(NONE)
    assert is_none(chosen)
    assert choices.holds(chosen)
    assert not choices.holds(NONE)


def test_numbers_and_texts_are_not_kept(choices: Choices) -> None:
    one = Const(1)
    assert choices.add(one) is one
    assert not choices.holds(one)


def test_only_names_that_differ_between_two_branches_are_chosen(choices: Choices) -> None:
    same, first, second, alone = an_object(), an_object(), an_object(), an_object()
    choices.add_differing({"a": same, "b": first, "c": alone}, {"a": same, "b": second})
    assert choices.holds(first)
    assert not any(choices.holds(value) for value in (same, second, alone))


def test_an_import_is_looked_up_when_somebody_asks() -> None:
    imported = an_object()
    choices = Choices(lambda lazy: imported)
    choices.add(Lazy(None, "app.auth", 0, "auth"))  # type: ignore[arg-type]
    assert choices.holds(imported)
