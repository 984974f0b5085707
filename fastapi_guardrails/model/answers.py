"""Whose results are answers to requests: the functions whose result an endpoint returns, or streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.model.calls import Analysis, CallSite
from fastapi_guardrails.model.classes import inherits, plain
from fastapi_guardrails.model.values import ClassValue, External, options
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.elements import Function
    from fastapi_guardrails.model.project import Project
    from fastapi_guardrails.model.values import FunctionValue, Value

#: Responses that send what a generator gives.
_STREAMS = (
    "starlette.responses.StreamingResponse",
    "fastapi.sse.EventSourceResponse",
    "sse_starlette.EventSourceResponse",
    "sse_starlette.sse.EventSourceResponse",
)

#: How many calls deep an endpoint's result is followed.
_MAX_DEPTH = 3


class Answers:
    """Answers for one project; what is worked out for a function is kept."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._known: dict[tuple[int, int], bool] = {}

    def may_come_from(self, function: Function, depth: int = _MAX_DEPTH) -> bool:
        """Whether a function is an endpoint, or gives what one returns as it is, `depth` calls above it at most."""
        if function.is_endpoint:
            return True
        key = (id(function.node), depth)
        if key not in self._known:
            self._known[key] = False  # for functions that call each other
            self._known[key] = depth > 0 and self._is_returned(function, depth)
        return self._known[key]

    def _is_returned(self, function: Function, depth: int) -> bool:
        """Whether something that names the function returns what it gives, and is an endpoint or returned by one.

        What a generator gives is returned in a response that streams it.
        """
        name = function.node.name
        words = [f.encode_word(word) for word in (name, *self._project.symbols.aliases.get(name, ()))]
        naming = (caller for caller in self._project.functions if f.has_word(caller.node, words))
        given = _streamed if function.node.is_generator else _returned
        return any(
            any(target.node is function.node for target, _ in given(caller.analysis))
            and self.may_come_from(caller, depth - 1)
            for caller in naming
        )


def _returned(analysis: Analysis) -> Iterator[tuple[FunctionValue, Value | None]]:
    """The functions of the project whose result a function returns: `return f()`, or by a name."""
    sites = {id(site.node): site for site in analysis.calls}
    for node, _ in analysis.returns:
        for made in _made(node.value if node is not None else None, analysis):
            site: CallSite | None = sites.get(id(made))
            if site is not None:
                yield from site.targets


def _streamed(analysis: Analysis) -> Iterator[tuple[FunctionValue, Value | None]]:
    """The generators of the project whose items a function puts into a response: `StreamingResponse(events())`."""
    sites = {id(site.node): site for site in analysis.calls}
    for stream in analysis.calls:
        if not isinstance(stream.node, f.Call) or not any(_streams(option) for option in options(stream.callee)):
            continue
        keyword = stream.node.keyword("content")
        content = keyword.value if keyword is not None else next(iter(stream.node.args), None)
        for made in _made(content, analysis):
            site = sites.get(id(made))
            if site is not None:
                yield from site.targets


def _streams(callee: Value) -> bool:
    cls = plain(callee)
    if isinstance(cls, External) and cls.name in _STREAMS:
        return True
    return isinstance(cls, (ClassValue, External)) and inherits(cls, *_STREAMS) is True


def _made(value: f.Expr | None, analysis: Analysis) -> Iterator[f.Expr]:
    """The call that an expression is, or that its name got."""
    if isinstance(value, f.Await):
        value = value.value
    if isinstance(value, f.Call):
        yield value
    elif isinstance(value, f.Name):
        for assign in analysis.assigns:
            if any(isinstance(t, f.Name) and t.id == value.id for t in assign.targets):
                made = assign.expression
                yield made.value if isinstance(made, f.Await) else made
