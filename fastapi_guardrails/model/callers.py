"""What callers bring for the parameters of a function that do not say themselves what they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi_guardrails.model.given import Given, key, untyped
from fastapi_guardrails.model.values import FunctionValue, Unknown
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.calls import Analysis, CallSite
    from fastapi_guardrails.model.elements import Function
    from fastapi_guardrails.model.project import Project

    #: The calls of a function by the definition of what they call, each with what it brings.
    _Calls = dict[int, list[tuple[CallSite, Given]]]

#: Through how many functions an argument is followed that each hands on as it is.
_DEPTH = 3


class Callers:
    """Looks through the functions that name another for what they call it with."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._kept: dict[tuple[int, int], list[Given]] = {}
        self._called: dict[int, _Calls] = {}
        self._named: dict[str, list[Function]] = {}

    def bring(self, function: FunctionValue, depth: int = _DEPTH) -> list[Given]:
        """The arguments that calls bring for parameters without a type; each combination of types once."""
        place = id(function.node), depth
        if place not in self._kept:
            self._kept[place] = []  # for functions that call each other
            found = self._found(function, depth) if untyped(function) else ()
            self._kept[place] = list({key(values): values for values in found}.values())
        return self._kept[place]

    def _found(self, function: FunctionValue, depth: int) -> Iterator[Given]:
        for caller in self._naming(function.name):
            calls = self._calls(caller).get(id(function.node), ())
            yield from (values for _, values in calls if values)
            if depth and any(_hands_on(site, function) for site, _ in calls):
                for brought in self.bring(caller.value, depth - 1):
                    analysis = self._project.evaluator.analysis(caller.value, None, brought)
                    inside = _calls(analysis).get(id(function.node), ())
                    yield from (values for _, values in inside if values)

    def _naming(self, name: str) -> list[Function]:
        """The functions that call something by a name, or by one that they themselves have given it."""
        if name not in self._named:
            names = {name, *self._project.symbols.aliases.get(name, ())}
            words = [f.encode_word(known) for known in names]
            self._named[name] = [
                function
                for called in (*sorted(names), f.UNNAMED)
                for function in self._by_name.get(called, ())
                if called or f.has_word(function.node, words)
            ]
        return self._named[name]

    @cached_property
    def _by_name(self) -> dict[str, list[Function]]:
        found: dict[str, list[Function]] = defaultdict(list)
        for function in self._project.functions:
            for name in {*function.node.calls, *function.node.awaits}:
                found[name].append(function)
        return found

    def _calls(self, caller: Function) -> _Calls:
        key = id(caller.node)
        if key not in self._called:
            self._called[key] = _calls(caller.analysis)
        return self._called[key]


def _calls(analysis: Analysis) -> _Calls:
    found: _Calls = {}
    for site in analysis.calls:
        for target, receiver in site.targets:
            if untyped(target):
                found.setdefault(id(target.node), []).append((site, site.brings(target, receiver)))
    return found


def _hands_on(site: CallSite, function: FunctionValue) -> bool:
    """Whether a call brings what cannot be followed for a parameter without a type."""
    brought = (site.call.get(index, param.name) for index, param in untyped(function))
    return any(isinstance(value, Unknown) for value in brought)
