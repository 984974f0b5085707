"""What a call says of the parameters that do not say themselves what they are."""

from __future__ import annotations

from fastapi_guardrails.model.frames import Arguments
from fastapi_guardrails.model.values import (
    UNKNOWN,
    Bound,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    LambdaValue,
    Mapping,
    Scalar,
    Sequence_,
    Value,
    is_none,
    options,
)
from fastapi_guardrails.source import facts as f

_STARS = ("args", "kwargs")

#: What can be called, or has methods.
_FOLLOWED = (Instance, ClassValue, External, FunctionValue, LambdaValue, Bound)

#: Parameters without a type that a call brings objects for: their names, and the values.
Given = tuple[tuple[str, Value], ...]


def untyped(function: FunctionValue) -> list[tuple[int | None, f.Param]]:
    """The parameters whose annotation says too little: their positions, None where a name is needed.

    The first parameter of a method does not count.
    """
    return [
        (None if param.kind == "kw" else index, param)
        for index, param in enumerate(_params(function))
        if param.kind not in _STARS and (param.annotation is None or _says_nothing(param.annotation))
    ]


def _says_nothing(annotation: f.Expr) -> bool:
    """Whether an annotation does not say what is called: `Any`, `Callable[[], T]`."""
    node = annotation.value if isinstance(annotation, f.Sub) else annotation
    return f.last_name(node) in ("Any", "Callable")


def given(function: FunctionValue, receiver: Value | None, call: Arguments) -> Given:
    """The arguments of a call for the parameters whose annotation says too little, and for `*args` and `**kwargs`.

    Text, numbers and containers do not count: who calls a method of theirs waits for nothing.
    """
    if receiver is None and _is_method(function):
        return ()  # called by way of the class: the arguments start with the object
    found = ((param.name, call.get(index, param.name)) for index, param in untyped(function))
    brought = [(name, value) for name, value in found if value is not None and is_followed(value)]
    return (*brought, *_rest(function, call))


def _is_method(function: FunctionValue) -> bool:
    return function.owner is not None and function.kind != "staticmethod"


def _params(function: FunctionValue) -> list[f.Param]:
    return function.node.params[1:] if _is_method(function) else function.node.params


def _rest(function: FunctionValue, call: Arguments) -> Given:
    """What `*args` and `**kwargs` get, where something that is followed is in it; of the rest nothing is said."""
    params = _params(function)
    found: list[tuple[str, Value]] = []
    for index, param in enumerate(params):
        if param.kind == "args":
            items = [value if is_followed(value) else UNKNOWN for value in call.args[index:]]
            if any(map(is_followed, items)):
                found.append((param.name, Sequence_("tuple", items, open=call.open)))
        elif param.kind == "kwargs":
            names = {p.name for p in params}
            more: dict[Scalar, Value] = {}
            more.update({k: v if is_followed(v) else UNKNOWN for k, v in call.kwargs.items() if k not in names})
            if any(map(is_followed, more.values())):
                found.append((param.name, Mapping(more, open=call.open)))
    return tuple(found)


def key(values: Given) -> int:
    """Tells calls apart whose arguments are of different types."""
    return hash(tuple((name, *map(_type_key, options(value))) for name, value in values)) if values else 0


def receiver_key(receiver: Value | None) -> int:
    """Tells apart the objects and classes whose methods are analysed one by one."""
    if isinstance(receiver, Instance) and isinstance(receiver.cls, ClassValue):
        return hash((id(receiver.cls.node), tuple(repr(a) for a in receiver.args), key(of_object(receiver))))
    if isinstance(receiver, ClassValue):
        return id(receiver.node)
    return 0


def is_followed(value: Value) -> bool:
    """Whether a value is an object, a class or a function of the project or of a library, or one of them or None."""
    found = [option for option in options(value) if not is_none(option)]
    return bool(found) and all(isinstance(option, _FOLLOWED) and not _is_builtin(option) for option in found)


def of_object(value: Value | None) -> Given:
    """What an object was made with, where it is one."""
    attributes = value.attrs.items() if isinstance(value, Instance) else ()
    return tuple(item for item in attributes if item[0].startswith("(") and is_followed(item[1]))


def _is_builtin(value: Value) -> bool:
    cls = value.cls if isinstance(value, Instance) else value
    return isinstance(cls, External) and cls.name.startswith("builtins.")


def _type_key(value: Value) -> object:
    if isinstance(value, Sequence_):
        return value.open, tuple(map(_type_key, value.items))
    if isinstance(value, Mapping):
        return value.open, tuple((name, _type_key(item)) for name, item in value.items.items())
    if isinstance(value, Bound):
        return _type_key(value.function), _type_key(value.receiver)
    if isinstance(value, (ClassValue, FunctionValue, LambdaValue)):
        return id(value.node), id(value.scope)
    if isinstance(value, Instance):
        cls = id(value.cls.node) if isinstance(value.cls, ClassValue) else repr(value.cls)
        return cls, tuple(map(repr, value.args))
    return repr(value)
