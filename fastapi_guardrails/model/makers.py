"""What the objects of a class are made with, where the parameters of its `__init__` do not say what they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi_guardrails.model import classes
from fastapi_guardrails.model.calls import callee_name
from fastapi_guardrails.model.given import is_followed, untyped
from fastapi_guardrails.model.values import (
    UNKNOWN,
    ClassValue,
    FunctionValue,
    Generic,
    Instance,
    Mapping,
    Partial,
    Sequence_,
    Value,
    is_none,
    options,
    union,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.calls import CallSite
    from fastapi_guardrails.model.evaluate import Evaluator, Kept
    from fastapi_guardrails.model.frames import Arguments

#: From how many classes to others an argument is followed that each puts into an attribute and reads there.
_LEVELS = 2

#: By what methods may name their own class.
_OWN = ("cls", "type", "__class__")

#: Packages whose functions make no objects of the classes that they get.
_ASKING = frozenset({"builtins", "fastapi", "functools", "inspect", "logging", "typing", "sqlalchemy", "sqlmodel"})

#: Values that may hold a class.
_HOLDING = frozenset({ClassValue, Generic, Mapping, Partial, Sequence_})

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
            self._level -= 1
            try:
                with self._ev.apart(self._kept[self._level]):
                    self._known[place] = _agreed(self._found(cls, initializer))
            finally:
                self._level += 1
        return self._known[place]

    def _found(self, cls: ClassValue, initializer: FunctionValue) -> Iterator[Brought]:
        """What the calls of a class and of its subclasses bring, and what these hand up from their own `__init__`."""
        if not _is_made_by(cls, initializer):
            yield from self._handed_up(cls, initializer)
            return
        same = [sub for sub in self._below[id(cls.node)] if _is_made_by(sub, initializer)]
        for sub in same:
            yield from self._ev.made.get(id(sub.node), ())  # start-up code
        yield from self._in_functions(same, initializer)
        for sub in self._below[id(cls.node)]:
            if sub not in same:
                yield from self._handed_up(sub, initializer)

    def _handed_up(self, cls: ClassValue, initializer: FunctionValue) -> Iterator[Brought]:
        """What the `__init__` of a subclass gives to that of a base."""
        for base in classes.mro(cls):
            own = base.scope.vars.get("__init__") if isinstance(base, ClassValue) else None
            if not isinstance(own, FunctionValue):
                continue
            if own.node is initializer.node:
                return
            for site in self._ev.analysis(own, Instance(cls), tuple(self.bring(cls, own).items())).calls:
                if any(target.node is initializer.node for target, _ in site.targets):
                    yield brought_to(self._ev, initializer, site.call)

    @cached_property
    def _below(self) -> dict[int, list[ClassValue]]:
        """By the definition of a class: itself, and its subclasses."""
        found: dict[int, list[ClassValue]] = defaultdict(list)
        for cls in self._ev.registry.classes.values():
            for base in classes.mro(cls):
                if isinstance(base, ClassValue):
                    found[id(base.node)].append(cls)
        return found

    def _in_functions(self, made: list[ClassValue], initializer: FunctionValue) -> Iterator[Brought]:
        nodes = {id(cls.node) for cls in made}
        words = [f.encode_word(name) for cls in made for name in self._names_of(cls)]
        own = [*words, *map(f.encode_word, _OWN)]
        queue = [fn for fn in self._ev.registry.functions.values() if fn.module.is_application]
        for function in queue:
            is_own = function.owner is not None and id(function.owner.node) in nodes
            if id(function.node) in self._ev.executed or not f.has_word(function.node, own if is_own else words):
                continue
            analysis = self._ev.analysis(function)
            queue += analysis.nested
            for site in analysis.calls:
                for cls, call in _made(site):
                    if id(cls.node) in nodes:
                        yield brought_to(self._ev, initializer, call)
                if any(id(cls.node) in nodes for cls in _handed(site)):
                    yield {param.name: UNKNOWN for _, param in untyped(initializer)}

    def _names_of(self, cls: ClassValue) -> Iterator[str]:
        """The names by which modules and classes know a class."""
        yield cls.name
        yield from self._ev.symbols.aliases.get(cls.name, ())
        yield from self._variables.get(id(cls.node), ())

    @cached_property
    def _variables(self) -> dict[int, set[str]]:
        """By the definition of a class: the variables of modules and classes that hold it, alone or among others."""
        scopes = [module.scope for module in self._ev.symbols.modules.values()]
        scopes += [cls.scope for cls in self._ev.registry.classes.values()]
        found: dict[int, set[str]] = defaultdict(set)
        for name, value in (item for scope in scopes for item in scope.vars.items()):
            if value.__class__ in _HOLDING:
                for cls in _classes_in(value):
                    found[id(cls.node)].add(name)
        return found


def _is_made_by(cls: ClassValue, initializer: FunctionValue) -> bool:
    first = classes.method(cls, "__init__")
    return first is None or first.node is initializer.node


def _made(site: CallSite) -> Iterator[tuple[ClassValue, Arguments]]:
    """The classes that a call makes objects of, by way of a `partial` too, each with its arguments."""
    for option in options(site.callee):
        partial = option if isinstance(option, Partial) else None
        target = partial.target if partial is not None else option
        cls = target.origin if isinstance(target, Generic) else target
        if isinstance(cls, ClassValue):
            yield cls, site.call if partial is None else partial.joined(site.call)


def _handed(site: CallSite) -> Iterator[ClassValue]:
    """The classes that a call hands to what may make objects of them."""
    if callee_name(site.callee).partition(".")[0] in _ASKING:
        return
    for argument in (*site.call.args, *site.call.kwargs.values()):
        yield from _classes_in(argument)


def _classes_in(value: Value) -> Iterator[ClassValue]:
    if isinstance(value, ClassValue):
        yield value
    elif isinstance(value, (Partial, Generic)):
        yield from _classes_in(value.target if isinstance(value, Partial) else value.origin)
    elif isinstance(value, (Sequence_, Mapping)):
        for item in value.items if isinstance(value, Sequence_) else value.items.values():
            yield from _classes_in(item)


def _agreed(calls: Iterator[Brought]) -> Brought:
    """What all calls bring, as a union of what differs; without what one of them brings that cannot be followed."""
    found: dict[str, list[Value]] = {}
    lost: set[str] = set()
    for brought in calls:
        for name, value in brought.items():
            if not is_none(value):
                found.setdefault(name, []).append(value)
                if not is_followed(value):
                    lost.add(name)
        if lost >= found.keys() and found:
            return {}  # what other calls bring does not count any more
    return {name: union(values) for name, values in found.items() if name not in lost}


def brought_to(ev: Evaluator, initializer: FunctionValue, call: Arguments) -> Brought:
    """What a call brings for the parameters of an `__init__` that have no type, or their defaults."""
    found: Brought = {}
    for index, param in untyped(initializer):
        value = call.get(index, param.name)
        found[param.name] = ev.default_of(initializer, param, call) if value is None else value
    return found
