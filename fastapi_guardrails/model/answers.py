"""Whose results are answers to requests: the functions that an endpoint calls to return what they give."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi_guardrails.model.calls import Analysis, CallSite
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.elements import Function
    from fastapi_guardrails.model.project import Project
    from fastapi_guardrails.model.values import FunctionValue, Value

#: How many calls deep an endpoint's result is followed.
_MAX_DEPTH = 3


class Answers:
    """Answers for one project, worked out when it is first asked."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def may_come_from(self, function: Function) -> bool:
        """Whether a function is an endpoint, or gives what one returns as it is."""
        return function.is_endpoint or id(function.node) in self._answering

    @cached_property
    def _answering(self) -> set[int]:
        found: set[int] = set()
        queue: list[tuple[Analysis, int]] = []
        for function in self._project.functions:
            if function.is_endpoint:
                queue.append((function.analysis, 0))
        for analysis, depth in queue:
            for target, receiver in _returned(analysis):
                if id(target.node) not in found and depth < _MAX_DEPTH and not target.node.is_generator:
                    found.add(id(target.node))
                    queue.append((self._project.evaluator.analysis(target, receiver), depth + 1))
        return found


def _returned(analysis: Analysis) -> Iterator[tuple[FunctionValue, Value | None]]:
    """The functions of the project whose result a function returns: `return f()`, or by a name."""
    sites = {id(site.node): site for site in analysis.calls}
    for node, _ in analysis.returns:
        for made in _made(node.value if node is not None else None, analysis):
            site: CallSite | None = sites.get(id(made))
            if site is not None:
                yield from site.targets


def _made(value: f.Expr | None, analysis: Analysis) -> Iterator[f.Expr]:
    """The call that a returned expression is, or that the returned name got."""
    if isinstance(value, f.Await):
        value = value.value
    if isinstance(value, f.Call):
        yield value
    elif isinstance(value, f.Name):
        for assign in analysis.assigns:
            if any(isinstance(t, f.Name) and t.id == value.id for t in assign.targets):
                made = assign.expression
                yield made.value if isinstance(made, f.Await) else made
