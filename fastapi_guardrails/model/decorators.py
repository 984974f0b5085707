"""Decorators of functions and classes: what they make of what they decorate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_guardrails.model.frames import Arguments, Frame
from fastapi_guardrails.model.values import (
    Bound,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    LambdaValue,
    Method,
    Native,
    Partial,
    Value,
    options,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator

_KINDS = {
    "builtins.staticmethod": "staticmethod",
    "builtins.classmethod": "classmethod",
    "builtins.property": "property",
    "functools.cached_property": "cached_property",
    "functools.lru_cache": "cached",
    "functools.cache": "cached",
    "contextlib.contextmanager": "contextmanager",
    "contextlib.asynccontextmanager": "contextmanager",
    "sqlalchemy.ext.hybrid.hybrid_property": "property",
    "sqlalchemy.orm.declared_attr": "property",
    "pydantic.computed_field": "computed",
    "abc.abstractproperty": "property",
}

#: Library decorators that leave the function what it is.
_TRANSPARENT = (
    "abc.", "typing.", "functools.wraps", "functools.singledispatch", "pydantic.", "fastapi.", "pytest.",
    "warnings.deprecated", "builtins.", "sqlalchemy.event.", "sqlalchemy.orm.validates", "starlette.", "dataclasses.",
)  # fmt: skip


def apply(ev: Evaluator, function: FunctionValue, frame: Frame) -> Value:
    """The value that the name of a decorated function gets."""
    value: Value = function
    for node in reversed(function.node.decorators):
        value = _apply_one(ev, function, value, node, frame)
    function.decorators.reverse()
    return value


def _apply_one(ev: Evaluator, function: FunctionValue, value: Value, node: f.Expr, frame: Frame) -> Value:
    ev.decorating.append((frame.module, node.pos - 1))
    try:
        decorator = ev.evaluate(node, frame)
        function.decorators.append(_named(ev, node, decorator, frame))
        kind = _KINDS.get(_name_of(function.decorators[-1]))
        if kind is not None:
            if kind != "computed" or function.kind == "function":
                function.kind = "property" if kind == "computed" else kind
            return value
        if _is_accessor(node):
            function.kind = "property"
            return (
                frame.scope.vars.get(node.value.id, value)
                if isinstance(node, f.Attr) and isinstance(node.value, f.Name)
                else value
            )
        return _call_decorator(ev, function, value, decorator, node, frame)
    finally:
        ev.decorating.pop()


def _is_accessor(node: f.Expr) -> bool:
    """`@name.setter` and its kin."""
    return isinstance(node, f.Attr) and node.attr in ("setter", "deleter", "getter", "expression", "inplace")


def _named(ev: Evaluator, node: f.Expr, decorator: Value, frame: Frame) -> Value:
    """The decorator itself, or for `@name(...)` of a library what `name` is."""
    if isinstance(node, f.Call) and not isinstance(decorator, (FunctionValue, Native)):
        return ev.evaluate(node.func, ev.frame_for(frame.scope))
    return decorator


def _name_of(value: Value) -> str:
    if isinstance(value, External):
        return value.name
    return value.qualified if isinstance(value, Method) else ""


def _call_decorator(
    ev: Evaluator, function: FunctionValue, value: Value, decorator: Value, node: f.Expr, frame: Frame
) -> Value:
    callables = [option for option in options(decorator) if _is_callable(option)]
    if callables:
        made = _called(ev, callables, value, node, frame, sure=len(callables) == len(options(decorator)))
        if isinstance(made, (FunctionValue, Partial, LambdaValue, Bound)):
            if made is not value and isinstance(made, FunctionValue) and isinstance(value, FunctionValue):
                made.wraps = made.wraps or None
            return made
        if isinstance(made, Instance) and isinstance(made.cls, ClassValue):
            return made
        function.opaque = True
        return value
    name = _name_of(function.decorators[-1])
    if not name.startswith(_TRANSPARENT):
        function.opaque = True
    return value


def _called(ev: Evaluator, decorators: list[Value], value: Value, node: f.Expr, frame: Frame, *, sure: bool) -> Value:
    """What one of several decorators makes: `@app.get(…)` of the app that one of two branches has made."""
    frame.uncertain += not sure
    made = [ev.call(d, Arguments([value], {}, node=_as_call(node), frame=frame)) for d in decorators]
    frame.uncertain -= not sure
    return next((m for m in made if m is not value), value)


def _is_callable(value: Value) -> bool:
    if isinstance(value, Instance):
        return isinstance(value.cls, ClassValue)
    return isinstance(value, (Native, FunctionValue, LambdaValue, Partial, Bound, ClassValue))


def _as_call(node: f.Expr) -> f.Call:
    return node if isinstance(node, f.Call) else f.Call(node.pos, node, [], [])


# --- classes -------------------------------------------------------------------------------------------------------


def apply_to_class(ev: Evaluator, cls: ClassValue, frame: Frame) -> Value:
    """The value that the name of a decorated class gets; class-based views are noted on their routes."""
    value: Value = cls
    for node in reversed(cls.node.decorators):
        decorator = ev.evaluate(node.func if isinstance(node, f.Call) else node, frame)
        cls.decorators.append(decorator)
        routers = _routers_given(ev, node, frame)
        if routers:
            for router in routers:
                ev.registry.view(cls, router)
        elif isinstance(decorator, (FunctionValue, Bound, Native)) and frame.inline and frame.recorder is None:
            made = ev.evaluate(node, frame)
            result = ev.call(made, Arguments([value], {}, node=_as_call(node), frame=frame))
            value = result if isinstance(result, ClassValue) else value
        elif isinstance(node, f.Call):
            ev.evaluate(node, frame)
    return value


def _routers_given(ev: Evaluator, node: f.Expr, frame: Frame) -> list[Value]:
    from fastapi_guardrails.model.routing import RouterObject

    if not isinstance(node, f.Call):
        return []
    values = [ev.evaluate(a, frame) for a in node.args] + [ev.evaluate(k.value, frame) for k in node.keywords]
    return [v for v in values if isinstance(v, RouterObject)]
