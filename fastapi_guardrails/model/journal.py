"""Attributes of objects that a branch assigns, while nobody can say whether the branch is taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fastapi_guardrails.model import classes
from fastapi_guardrails.model.values import ClassValue, Const, Instance, Unknown, Value, union

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator

Key = tuple[int, str]


class Journal:
    """What one branch has assigned to attributes of objects that were there before it.

    Attributes:
        before: the objects with what the attributes were, None where they were not there.
        after: what the branch has made of them.
    """

    def __init__(self) -> None:
        self.before: dict[Key, tuple[Instance, Value | None]] = {}
        self.after: dict[Key, Value] = {}
        self._made: dict[int, Instance] = {}

    def note_made(self, made: Instance) -> None:
        """An object that the branch has made: nothing else has seen it."""
        self._made[id(made)] = made

    def has_made(self, owner: Instance) -> bool:
        return id(owner) in self._made

    def note(self, owner: Instance, name: str) -> None:
        """An attribute is about to be assigned."""
        self.before.setdefault((id(owner), name), (owner, owner.attrs.get(name)))

    def take_back(self) -> None:
        """The branch ends: keep what it has assigned, and give the objects what they had."""
        for key, (owner, old) in self.before.items():
            if key[1] in owner.attrs:
                self.after[key] = owner.attrs[key[1]]
            _put(owner, key[1], old)

    def hand_to(self, around: Journal) -> None:
        """What was made here was made in the branch around as well."""
        around._made.update(self._made)


def note_made(ev: Evaluator, made: Value) -> None:
    """A new object of the project."""
    if ev.journals and isinstance(made, Instance):
        ev.journals[-1].note_made(made)


def note(ev: Evaluator, owner: Instance, name: str) -> None:
    """An attribute is about to be assigned."""
    for journal in reversed(ev.journals):
        if journal.has_made(owner):
            break
        journal.note(owner, name)


@contextmanager
def kept(ev: Evaluator) -> Iterator[Journal]:
    """Keep what is assigned inside for a later `merge`."""
    journal = Journal()
    ev.journals.append(journal)
    try:
        yield journal
    finally:
        ev.journals.pop()
        journal.take_back()
        if ev.journals:
            journal.hand_to(ev.journals[-1])


def merge(ev: Evaluator, reached: list[Journal]) -> None:
    """Attributes are what one of these branches has made of them, or what they were where one leaves them alone."""
    known = {key: pair for journal in reached for key, pair in journal.before.items()}
    for key, (owner, old) in known.items():
        otherwise = _default(owner, key[1]) if old is None else old
        others = [journal.after.get(key, otherwise) for journal in reached]
        found = [value for value in others if value is not None]
        assigned = [value for value in found if not isinstance(value, Unknown)]
        if found:
            _assign(ev, owner, key[1], union(assigned or found))


def prefer(ev: Evaluator, first: Journal, second: Journal | None = None) -> None:
    """Attributes are what the first branch makes of them; what only the second one defines is there as well."""
    for journal in (second, first) if second is not None else (first,):
        for key, (owner, old) in journal.before.items():
            if key in journal.after and (journal is first or old is None):
                _assign(ev, owner, key[1], journal.after[key])


def _assign(ev: Evaluator, owner: Instance, name: str, value: Value) -> None:
    note(ev, owner, name)
    owner.attrs[name] = value


def _put(owner: Instance, name: str, value: Value | None) -> None:
    if value is None:
        owner.attrs.pop(name, None)
    else:
        owner.attrs[name] = value


def _default(owner: Instance, name: str) -> Value | None:
    """The constant or enum member that an object without this attribute has from its class."""
    found = classes.member(owner.cls, name) if isinstance(owner.cls, ClassValue) else None
    value = found[0] if found is not None else None
    is_member = isinstance(value, Instance) and isinstance(value.cls, ClassValue) and classes.is_enum(value.cls)
    return value if isinstance(value, Const) or is_member else None
