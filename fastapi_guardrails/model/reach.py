"""Which functions a request may run: endpoints, dependencies, what those call or hand over, however deep.

To know all of them, every one must be analysed. Most questions are about few functions near an endpoint, which the way
back through those that name them answers; only where it does not, all are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi_guardrails.model.calls import targets
from fastapi_guardrails.model.values import Bound, FunctionValue, Partial
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.project import Project

#: How many calls deep the way back is tried, and how many functions are analysed for it at most, over all questions.
_DEPTH, _TRIES = 4, 100


class Reach:
    """The definitions of functions that a request may run; `in` asks for one."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._proved: set[int] = set()
        self._tries = _TRIES

    def __contains__(self, node: f.Function) -> bool:
        if id(node) in self._roots or id(node) in self._proved:
            return True
        if "_all" not in self.__dict__ and self._is_proved(node, _DEPTH, set()):
            return True
        return id(node) in self._all

    @cached_property
    def _roots(self) -> dict[int, FunctionValue]:
        """What serves a request itself, by identity of the definition."""
        found: dict[int, FunctionValue] = {}
        for app in self._project.apps:
            for route in app.routes:
                for root in (route.flat.entry.endpoint, *(d.target for d in route.dependencies)):
                    found.update((id(t.node), t) for t, _ in targets(root))
        return found

    @cached_property
    def _all(self) -> set[int]:
        reached: set[int] = set()
        queue = list(self._roots.values())
        while queue:
            function = queue.pop()
            if id(function.node) not in reached:
                reached.add(id(function.node))
                queue += self._run_by(function)
        return reached

    def _run_by(self, function: FunctionValue) -> Iterator[FunctionValue]:
        """The functions that a function calls or hands over."""
        for site in self._project.evaluator.analysis(function).calls:
            yield from (t for t, _ in site.targets)
            for argument in (*site.call.args, *site.call.kwargs.values()):
                if isinstance(argument, (FunctionValue, Bound, Partial)):
                    yield from (t for t, _ in targets(argument))

    def _is_proved(self, node: f.Function, depth: int, tried: set[int]) -> bool:
        """Whether a request leads to a function through functions that name it; if not, it still may."""
        if id(node) in self._roots or id(node) in self._proved:
            return True
        if not depth or id(node) in tried:
            return False
        tried.add(id(node))
        for caller in self._naming(node):
            if not self._tries:
                return False
            self._tries -= 1
            runs_it = any(called.node is node for called in self._run_by(caller))
            if runs_it and self._is_proved(caller.node, depth - 1, tried):
                self._proved.add(id(node))
                return True
        return False

    def _naming(self, node: f.Function) -> list[FunctionValue]:
        """The functions in whose bodies the name of a function stands, those that serve a request first."""
        word = f.encode_word(node.name)
        found = [function.value for function in self._project.functions if word in function.node.code]
        return sorted(found, key=lambda function: id(function.node) not in self._roots)
