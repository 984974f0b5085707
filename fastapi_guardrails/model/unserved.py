"""An app that nothing was found for, and functions that take an app and that were not carried out.

Where code of the project calls such a function, something that cannot be followed may lead there, as the script of a
library's user does. What it registers is counted on the app, as uncertain. A function that nobody calls is dead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.model import classes, types
from fastapi_guardrails.model.frames import Arguments, Frame
from fastapi_guardrails.model.routing import APP_CLASSES, RouterObject
from fastapi_guardrails.model.values import FunctionValue, Instance
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator


def fill(ev: Evaluator) -> None:
    """Carry out what may register something on the one app that has nothing."""
    apps = [app for app in ev.registry.apps if app.place.module.is_application]
    empty = [app for app in apps if not app.entries and not app.parents]
    if len(empty) != 1:
        return
    takers = list(_takers(ev))
    if not takers:
        return
    called = {name for function, _ in takers for name in function.node.calls}
    alive = {name for function in ev.registry.functions.values() for name in function.node.calls}
    for function, param in sorted(takers, key=lambda taker: taker[0].name in called):
        if function.name in alive and id(function.node) not in ev.executed:
            _call(ev, function, param, empty[0])


def _takers(ev: Evaluator) -> Iterator[tuple[FunctionValue, f.Param]]:
    """Functions that were not carried out and that take an app, with the parameter that says so."""
    for function in list(ev.registry.functions.values()):
        left = id(function.node) not in ev.executed and function.module.is_application
        if not left or function.node.is_generator or function.node.is_async:
            continue
        for param in function.node.params:
            if param.annotation is not None and _is_app(ev, param.annotation, function):
                yield function, param


def _is_app(ev: Evaluator, annotation: f.Expr, function: FunctionValue) -> bool:
    type_ = types.annotation_type(ev, annotation, function.scope)
    return classes.inherits(type_, *APP_CLASSES) is True


def _call(ev: Evaluator, function: FunctionValue, param: f.Param, app: RouterObject) -> None:
    frame = Frame(function.module, function.scope)
    frame.uncertain = 1
    is_method = function.owner is not None and function.kind != "staticmethod"
    receiver = Instance(function.owner) if function.owner is not None and is_method else None
    ev.start(function, receiver, Arguments([], {param.name: app}, frame=frame))
