"""What the validators of a settings class make of a default: pydantic-settings validates the defaults, too.

A validator is carried out with the default. One that does not come to a `return`, or to one that cannot be followed,
makes the value unknown: the environment has to give another. Only one of all fields (`"*"`) that cannot be followed
leaves the default: it converts types, and a default has its type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from fastapi_guardrails.model import classes, types
from fastapi_guardrails.model.frames import Arguments
from fastapi_guardrails.model.tree import walk
from fastapi_guardrails.model.values import (
    UNKNOWN,
    Annotated,
    Bound,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Instance,
    Mapping,
    Sequence_,
    Unknown,
    Value,
    is_none,
    options,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator

_FIELD = frozenset({"field_validator", "validator"})
_MODEL = frozenset({"model_validator", "root_validator"})
_FIRST = "before"


def validated(ev: Evaluator, cls: ClassValue, name: str, default: Value) -> Value:
    """The default of a field as the validators of its class leave it."""
    if _is_rewritten(ev, cls, name):
        return UNKNOWN
    value = default
    for found in sorted(_validators(ev, cls, name), key=lambda found: found.mode != _FIRST):
        made = UNKNOWN if found.mode == "wrap" else _carried_out(ev, found.function, value, cls)
        if found.is_of_all and not isinstance(made, (Const, Mapping, Sequence_)):
            continue
        if isinstance(made, Unknown):
            return UNKNOWN
        value = made
    return value


class _Validator(NamedTuple):
    """A validator of a field, when it runs, and whether it is one of all fields."""

    function: Value
    mode: str
    is_of_all: bool = False


def _validators(ev: Evaluator, cls: ClassValue, name: str) -> Iterator[_Validator]:
    """The validators of a field: of its annotation, then methods, those of ancestors first."""
    declared = classes.annotation(cls, name)
    if declared is not None:
        yield from _of_annotation(types.annotation_type(ev, declared[0], declared[1].scope))
    for function in _methods(cls):
        for decorator in function.node.decorators:
            if isinstance(decorator, f.Call) and f.last_name(decorator.func) in _FIELD:
                names = [arg.value for arg in decorator.args if isinstance(arg, f.Const)]
                if name in names or "*" in names:
                    yield _Validator(Bound(function, cls), _mode(decorator), name not in names)


def _of_annotation(type_: Value) -> Iterator[_Validator]:
    for option in options(type_):
        for item in option.metadata if isinstance(option, Annotated) else ():
            if isinstance(item, Instance) and isinstance(item.cls, External):
                name = item.cls.name.rpartition(".")[2]
                if name in ("BeforeValidator", "AfterValidator", "PlainValidator", "WrapValidator"):
                    function = item.attrs.get("0", item.attrs.get("func", UNKNOWN))
                    yield _Validator(function, name.removesuffix("Validator").lower())


def _methods(cls: ClassValue) -> Iterator[FunctionValue]:
    for base in reversed(classes.mro(cls)):
        if isinstance(base, ClassValue):
            yield from (value for value in base.scope.vars.values() if isinstance(value, FunctionValue))


def _mode(decorator: f.Call) -> str:
    mode, pre = decorator.keyword("mode"), decorator.keyword("pre")
    if mode is not None and isinstance(mode.value, f.Const):
        return str(mode.value.value)
    return _FIRST if pre is not None else "after"


def _carried_out(ev: Evaluator, validator: Value, value: Value, cls: ClassValue) -> Value:
    """What a validator makes of a value; one that raises gives nothing."""
    frame = ev.definition_frame(cls.scope)
    made = ev.call(validator, Arguments([value], {}, open=True, frame=frame))
    return UNKNOWN if is_none(made) and not is_none(value) else made


def _is_rewritten(ev: Evaluator, cls: ClassValue, name: str) -> bool:
    """Whether something that looks at the whole object may give a field another value."""
    for function in _methods(cls):
        names = {f.last_name(d.func if isinstance(d, f.Call) else d) for d in function.node.decorators}
        if names.isdisjoint(_MODEL) and function.name != "model_post_init":
            continue
        if f.encode_word(name) in function.node.code and (
            name in ev.assigned_attributes(function) or _is_put(ev.body(function), name)
        ):
            return True
    return False


def _is_put(body: list[f.Stmt], name: str) -> bool:
    """Whether a body puts something under a name: `values["name"] = …`, `setattr(self, "name", …)`, `{"name": …}`."""
    for node in walk(body):
        if isinstance(node, f.Assign):
            indexes: list[f.Expr | None] = [t.index for t in node.targets if isinstance(t, f.Sub)]
        elif isinstance(node, f.Call):
            is_putting = f.last_name(node.func) in ("setattr", "__setattr__", "setdefault")
            indexes = list(node.args[:2]) if is_putting else []
            if node.keyword(name) is not None:
                return True
        else:
            indexes = list(node.keys) if isinstance(node, f.Dict) else []
        if any(isinstance(index, f.Const) and index.value == name for index in indexes):
            return True
    return False
