"""What an application keeps between its start and its requests: `app.state`, `request.state`, attributes of the app.

Starlette gives handlers the app as `request.app`, and a `request.state` of their own, which holds what middleware puts
there and what the lifespan yields (https://www.starlette.io/lifespan/#lifespan-state).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeGuard

from fastapi_guardrails.model import attributes, classes
from fastapi_guardrails.model.calls import Analysis
from fastapi_guardrails.model.dependencies import signature
from fastapi_guardrails.model.tree import statements, targets
from fastapi_guardrails.model.values import (
    UNKNOWN,
    Bound,
    ClassValue,
    FunctionValue,
    Instance,
    Mapping,
    Unknown,
    Value,
    is_none,
    is_unknown,
    options,
    union,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator
    from fastapi_guardrails.model.routing import RouterObject

_APP, _REQUEST = "app", "request"

_WORD = f.encode_word("state")

#: Usual names of what is not annotated: whose state it is.
_NAMES = {
    **dict.fromkeys(("app", "application"), _APP),
    **dict.fromkeys(("request", "req", "websocket", "ws", "conn", "connection"), _REQUEST),
}


#: What functions put into states: whose, under which name, which functions, and what.
_Kept = dict[tuple[str, str], list[tuple[FunctionValue, Value]]]


class States:
    """What the functions of a linked project put into states.

    Args:
        evaluator: of the project, all of whose start-up code was run.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        self._ev = evaluator
        self._kept: _Kept | None = None

    def read(self, state: Instance, name: str) -> Value:
        """What a state holds under a name; Unknown where something may be there that cannot be followed."""
        if self._kept is None:
            self._collect()
        assert self._kept is not None
        put = self._kept.get((_kind(state), name), [])
        found = [] if state.args else list(self._from_start(name))
        if found and not any(map(is_unknown, found)):
            put = [(function, value) for function, value in put if id(function.node) not in self._ev.executed]
        found += [value for _, value in put if not is_none(value)]
        return UNKNOWN if any(map(is_unknown, found)) else union(found)

    def attribute(self, name: str) -> Value | None:
        """What start-up code puts into an attribute of the app; None if it puts nothing there."""
        found = [app.attrs[name] for app in self._apps if name in app.attrs]
        return union(found) if found else None

    @property
    def _apps(self) -> list[RouterObject]:
        return [app for app in self._ev.registry.apps if app.place.module.is_application]

    def _from_start(self, name: str) -> Iterator[Value]:
        """What start-up code has put into the states of apps."""
        for app in self._apps:
            state = app.attrs.get("state")
            if isinstance(state, Instance) and name in state.attrs and not is_none(state.attrs[name]):
                yield state.attrs[name]

    def _collect(self) -> None:
        """Find what functions put into states.

        It is asked of analyses that are not kept, and of all functions at once, so that the answer is the same
        whatever was asked first. Where they put there what they have read there, they are asked again.
        """
        self._kept = {}
        self._kept = self._put()
        if any(isinstance(value, Unknown) for put in self._kept.values() for _, value in put):
            self._kept = self._put()

    def _put(self) -> _Kept:
        found: _Kept = defaultdict(list)
        with self._ev.apart():
            for function in self._functions():
                for kind, name, value in _put(self._ev.analysis(function)):
                    found[kind, name].append((function, value))
            for function, receiver in self._lifespans():
                for name, value in self._yielded(self._ev.analysis(function, receiver)):
                    found[_REQUEST, name].append((function, value))
        return found

    def _functions(self) -> list[FunctionValue]:
        """The functions that put something into a state."""
        return [
            function
            for function in list(self._ev.registry.functions.values())
            if function.node.assigned and _WORD in function.node.code and function.module.is_application
            if any(_is_in_state(target) for node in statements(self._ev.body(function)) for target in targets(node))
        ]

    def _lifespans(self) -> Iterator[tuple[FunctionValue, Value | None]]:
        for startup in (option for app in self._apps for value in app.startups for option in options(value)):
            function = signature(startup)[0]
            if function is not None and function.node.is_generator:
                yield function, startup.receiver if isinstance(startup, Bound) else None

    def _yielded(self, analysis: Analysis) -> Iterator[tuple[str, Value]]:
        """The state that a lifespan yields: a dict, or one with declared keys."""
        for option in (option for _, value in analysis.yields for option in options(value)):
            if isinstance(option, Mapping):
                yield from ((name, value) for name, value in option.items.items() if isinstance(name, str))
            elif isinstance(option, Instance) and isinstance(option.cls, ClassValue):
                frame = self._ev.frame_for(self._ev.anywhere)
                for name in classes.field_names(option.cls):
                    yield name, attributes.get(self._ev, option, name, frame, None)


def _kind(state: Instance) -> str:
    return _REQUEST if state.args else _APP


def _put(analysis: Analysis) -> Iterator[tuple[str, str, Value]]:
    """What a function puts into states: whose, under which name, and what."""
    for site in analysis.assigns:
        for target in site.targets:
            if _is_in_state(target):
                for kind in _kinds(analysis, target.value):
                    yield kind, target.attr, site.value


def _is_in_state(target: f.Expr) -> TypeGuard[f.Attr]:
    return isinstance(target, f.Attr) and isinstance(target.value, f.Attr) and target.value.attr == "state"


def _kinds(analysis: Analysis, node: f.Expr) -> tuple[str, ...]:
    """Whose state an expression may be."""
    value = analysis.value(node)
    if not isinstance(value, Unknown):
        return tuple(
            _kind(option) for option in options(value) if isinstance(option, Instance) and attributes.is_state(option)
        )
    kind = _NAMES.get(f.last_name(node.value)) if isinstance(node, f.Attr) else None
    return (_APP, _REQUEST) if kind is None else (kind,)
