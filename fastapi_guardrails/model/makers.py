"""What the objects of a class are made with, where the parameters of its `__init__` do not say what they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from fastapi_guardrails.model import classes
from fastapi_guardrails.model.given import is_followed, untyped
from fastapi_guardrails.model.values import (
    ClassValue,
    FunctionValue,
    Instance,
    Value,
    is_none,
    options,
    union,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator, Kept
    from fastapi_guardrails.model.frames import Arguments

#: From how many classes to others an argument is followed that each puts into an attribute and reads there.
_LEVELS = 2

#: The arguments of one call of a class, by the names of the parameters of its `__init__` that have no type.
Brought = dict[str, Value]


class Makers:
    """Looks through the functions that name a class for what they make its objects with.

    It is asked in the midst of analyses, and must answer the same whoever asks first. So what it looks at is analysed
    apart from the rest, on a level of its own; there, it is asked on the next level, and on the last it says nothing.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        self._ev = evaluator
        self._level = _LEVELS
        self._known: dict[tuple[int, int, int], Brought] = {}
        self._kept: list[Kept] = [({}, {}) for _ in range(_LEVELS)]

    def bring(self, cls: ClassValue, initializer: FunctionValue) -> Brought:
        """What an `__init__` of a class or of one of its bases gets, as a union of what differs.

        Left out are parameters for which some call brings no object, class or function, or what cannot be followed.
        """
        if not self._level:
            return {}
        place = id(cls.node), id(initializer.node), self._level
        if place not in self._known:
            first = classes.method(cls, "__init__")
            self._level -= 1
            try:
                with self._ev.apart(self._kept[self._level]):
                    is_first = first is None or first.node is initializer.node
                    self._known[place] = self._found(cls) if is_first else self._handed_up(cls, initializer)
            finally:
                self._level += 1
        return self._known[place]

    def _handed_up(self, cls: ClassValue, initializer: FunctionValue) -> Brought:
        """What the `__init__` of a subclass gives to that of a base."""
        for base in classes.mro(cls):
            own = base.scope.vars.get("__init__") if isinstance(base, ClassValue) else None
            if not isinstance(own, FunctionValue) or own.node is initializer.node:
                continue
            for site in self._ev.analysis(own, Instance(cls), tuple(self.bring(cls, own).items())).calls:
                if any(target.node is initializer.node for target, _ in site.targets):
                    brought = brought_to(self._ev, initializer, site.call)
                    return {name: value for name, value in brought.items() if is_followed(value)}
        return {}

    def _found(self, cls: ClassValue) -> Brought:
        made = {id(sub.node): sub for sub in self._below[id(cls.node)]}
        found: dict[str, list[Value]] = {}
        lost: set[str] = set()
        for brought in chain(self._at_start(made), self._in_functions(made)):
            for name, value in brought.items():
                if not is_none(value):
                    found.setdefault(name, []).append(value)
                    if not is_followed(value):
                        lost.add(name)
            if lost >= found.keys() and found:
                return {}  # what other calls bring does not count any more
        return {name: union(values) for name, values in found.items() if name not in lost}

    @cached_property
    def _below(self) -> dict[int, list[ClassValue]]:
        """By the definition of a class: itself, and its subclasses."""
        found: dict[int, list[ClassValue]] = defaultdict(list)
        for cls in self._ev.registry.classes.values():
            for base in classes.mro(cls):
                if isinstance(base, ClassValue):
                    found[id(base.node)].append(cls)
        return found

    def _at_start(self, made: dict[int, ClassValue]) -> Iterator[Brought]:
        """The calls of start-up code."""
        for node in made:
            yield from self._ev.made.get(node, ())

    def _in_functions(self, made: dict[int, ClassValue]) -> Iterator[Brought]:
        words = [f.encode_word(cls.name) for cls in made.values()]
        queue = [fn for fn in self._ev.registry.functions.values() if fn.module.is_application]
        for function in queue:
            if id(function.node) in self._ev.executed or not f.has_word(function.node, words):
                continue
            analysis = self._ev.analysis(function)
            queue += analysis.nested
            for site in analysis.calls:
                for option in options(site.callee):
                    initializer = classes.method(option, "__init__") if isinstance(option, ClassValue) else None
                    if isinstance(option, ClassValue) and id(option.node) in made and initializer is not None:
                        yield brought_to(self._ev, initializer, site.call)


def brought_to(ev: Evaluator, initializer: FunctionValue, call: Arguments) -> Brought:
    """What a call brings for the parameters of an `__init__` that have no type, or their defaults."""
    found: Brought = {}
    for index, param in untyped(initializer):
        value = call.get(index, param.name)
        found[param.name] = ev.default_of(initializer, param, call) if value is None else value
    return found
