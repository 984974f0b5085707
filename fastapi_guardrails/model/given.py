"""What a call says of the parameters that do not say themselves what they are."""

from __future__ import annotations

from fastapi_guardrails.model.frames import Arguments
from fastapi_guardrails.model.values import ClassValue, External, FunctionValue, Instance, Value, is_none, options
from fastapi_guardrails.source import facts as f

#: Parameters without a type that a call brings objects for: their names, and the values.
Given = tuple[tuple[str, Value], ...]


def untyped(function: FunctionValue) -> list[tuple[int | None, str]]:
    """The parameters without a type: their positions behind the object of a method, None where a name is needed."""
    is_method = function.owner is not None and function.kind != "staticmethod"
    return [
        (None if param.kind == "kw" else index, param.name)
        for index, param in enumerate(function.node.params[1:] if is_method else function.node.params)
        if param.kind not in ("args", "kwargs") and (param.annotation is None or f.last_name(param.annotation) == "Any")
    ]


def given(function: FunctionValue, receiver: Value | None, call: Arguments) -> Given:
    """The arguments of a call that are objects, for the parameters that have no annotation or `Any`.

    Text, numbers and containers do not count: who calls a method of theirs waits for nothing.
    """
    if receiver is None and function.owner is not None and function.kind != "staticmethod":
        return ()  # called by way of the class: the arguments start with the object
    found = ((name, call.get(index, name)) for index, name in untyped(function))
    return tuple((name, value) for name, value in found if value is not None and is_object(value))


def key(values: Given) -> int:
    """Tells calls apart whose arguments are of different types."""
    return hash(tuple((name, *map(_type_key, options(value))) for name, value in values)) if values else 0


def is_object(value: Value) -> bool:
    """Whether a value is an object of the project or of a library, or of those or None."""
    found = [option for option in options(value) if not is_none(option)]
    return bool(found) and all(isinstance(option, Instance) and not _is_builtin(option.cls) for option in found)


def of_object(value: Value | None) -> Given:
    """What an object was made with, where it is one."""
    attributes = value.attrs.items() if isinstance(value, Instance) else ()
    return tuple(item for item in attributes if item[0].startswith("(") and is_object(item[1]))


def _is_builtin(cls: Value) -> bool:
    return isinstance(cls, External) and cls.name.startswith("builtins.")


def _type_key(value: Value) -> object:
    if not isinstance(value, Instance):
        return repr(value)
    cls = id(value.cls.node) if isinstance(value.cls, ClassValue) else repr(value.cls)
    return cls, tuple(map(repr, value.args))
