"""What calls of Python's own functions and of libraries do in abstract evaluation."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING, Any

from fastapi_guardrails.knowledge.classes import BASES
from fastapi_guardrails.knowledge.names import canonical
from fastapi_guardrails.knowledge.returns import FUNCTIONS
from fastapi_guardrails.model import attributes, classes, route_objects, routing, types
from fastapi_guardrails.model.frames import Arguments
from fastapi_guardrails.model.operators import MAX_ITEMS, MAX_TEXT, any_of, beginning, beginning_with, grows
from fastapi_guardrails.model.values import (
    ENVIRONMENT,
    FALLBACK,
    NONE,
    UNKNOWN,
    Bound,
    ClassValue,
    Const,
    Coroutine,
    DependsValue,
    External,
    FunctionValue,
    Generic,
    Instance,
    LambdaValue,
    Lazy,
    Mapping,
    Method,
    ModuleValue,
    Native,
    Partial,
    Scalar,
    Sequence_,
    Signature,
    Union,
    Unknown,
    Value,
    is_none,
    is_soft,
    made_by,
    options,
    soften,
    softness,
    text_of,
    truth,
    union,
)

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator

#: Types of Pydantic whose objects are URLs.
_URLS = tuple(f"pydantic.{name}" for name in ("PostgresDsn", "MySQLDsn", "MariaDBDsn", "AnyUrl"))
_PLAIN_TYPES = frozenset(
    f"builtins.{name}" for name in ("str", "bytes", "int", "float", "bool", "list", "tuple", "dict", "set", "frozenset")
)
_STATUS_CODES = ("starlette.status.", "fastapi.status.")
_BOOL = Instance(External("builtins.bool"))


def external(name: str) -> Value:
    """A library's thing by qualified name: status codes as numbers, everything else as `External`."""
    full = canonical(name)
    if full.startswith(_STATUS_CODES):
        digits = next((p for p in full.split("_") if p.isdigit()), None)
        if digits is not None:
            return Const(int(digits))
    return External(full)


def construct(ev: Evaluator, cls: ClassValue, args: tuple[Value, ...], call: Arguments) -> Value:
    """A new object of a project class, before its `__init__`."""
    if routing.makes_one(cls):
        return routing.make(ev, cls, call)
    made = Instance(cls, args, call.frame.module, call.node.pos if call.node else 1)
    if classes.inherits(cls, "builtins.Exception") and call.args:
        made.attrs["args"] = Sequence_("tuple", list(call.args))
    if classes.inherits(cls, *route_objects.ALL):
        return _remember(made, call)
    return made


def call(ev: Evaluator, callee: External | Method, call: Arguments) -> Value:
    """The result of calling a library's function, class or method."""
    if isinstance(callee, Method):
        return _call_method(ev, callee, call)
    special = _SPECIAL.get(callee.name)
    if special is not None:
        return special(ev, call)
    spec = FUNCTIONS.get(callee.name)
    if spec is not None:
        made = types.from_spec(ev, spec, UNKNOWN, call) if spec != "?" else UNKNOWN
        return _remember(made, call)
    if _is_class(callee.name):
        return routing.make(ev, callee, call) if routing.makes_one(callee) else _new(callee, call)
    return made_by(callee.name)


def _is_class(name: str) -> bool:
    if name in BASES:
        return True
    last = name.rpartition(".")[2]
    return last[:1].isupper() and not last.isupper()


def _new(cls: External, call: Arguments) -> Value:
    made = Instance(cls, (), call.frame.module, call.node.pos if call.node else 1)
    return _remember(made, call)


def _remember(made: Value, call: Arguments) -> Value:
    """Keep the arguments of a construction as attributes: keywords by name, positional ones as "0", "1", …"""
    if isinstance(made, Instance) and not made.attrs:
        made = Instance(made.cls, made.args, call.frame.module, call.node.pos if call.node else 1)
        made.attrs.update(call.kwargs)
        made.attrs.update({str(i): v for i, v in enumerate(call.args)})
        if call.open:
            made.attrs["**"] = UNKNOWN
    return made


# --- methods -------------------------------------------------------------------------------------------------------


def _call_method(ev: Evaluator, callee: Method, call: Arguments) -> Value:
    receiver = callee.receiver
    if callee.name in ("unicode_string", "encoded_string"):
        return _as_string(receiver)
    if isinstance(receiver, Const) and isinstance(receiver.value, str):
        return _string_method(receiver, receiver.value, callee.name, call)
    if isinstance(receiver, Sequence_):
        is_filled = callee.name in ("append", "extend", "insert") and routing.registers(call.frame)
        if is_filled and isinstance(receiver, routing.RouteList):
            route_objects.filled(ev, receiver.router, callee.name, call)
        return _sequence_method(receiver, callee.name, call, ev)
    if isinstance(receiver, Mapping):
        return _mapping_method(receiver, callee.name, call, ev)
    if callee.qualified in _LOOP_METHODS:
        return _LOOP_METHODS[callee.qualified](ev, call)
    if callee.qualified in FUNCTIONS:
        return types.from_spec(ev, FUNCTIONS[callee.qualified], receiver, call)
    if isinstance(receiver, ClassValue):
        return _class_method(ev, receiver, callee, call)
    if callee.owner == "os.environ":
        return _environment(call)
    if callee.owner in ("contextlib.ExitStack", "contextlib.AsyncExitStack") and call.args:
        return _entered(ev, callee.name, call.args[0])
    if callee.qualified == "sqlalchemy.orm.registry.generate_base":
        return _declarative_base(ev, call)
    if callee.qualified == "starlette.config.Config.__call__":
        return _config(call, 2)
    if callee.name == "items" and isinstance(receiver, Instance) and len(receiver.args) == 2:
        return Instance(External("builtins.list"), (Generic(External("builtins.tuple"), receiver.args),))
    if callee.name in ("model_copy", "copy") and isinstance(receiver, Instance) and classes.is_pydantic(receiver.cls):
        return _copied(receiver, call)
    if callee.name in ("model_dump", "dict") and isinstance(receiver, Instance) and classes.is_pydantic(receiver.cls):
        return _dumped(receiver, call)
    spec = types.method_spec(callee.owner, callee.name)
    return types.from_spec(ev, spec, receiver, call) if spec is not None else made_by(callee.qualified)


def _copied(model: Instance, call: Arguments) -> Instance:
    """The copy of a model, with what `update=` says; nobody knows its fields where that is not known."""
    update = call.get(None, "update")
    if update is None or not call.frame.inline or not isinstance(model.cls, ClassValue):
        return model
    attrs = dict(model.attrs)
    if isinstance(update, Mapping) and not update.open:
        attrs.update({name: value for name, value in update.items.items() if isinstance(name, str)})
    else:
        attrs.update(dict.fromkeys(classes.field_names(model.cls), UNKNOWN))
    return Instance(model.cls, model.args, model.module, model.made, attrs)


def _dumped(model: Instance, call: Arguments) -> Value:
    """The dict of a model: known at start-up, of one all of whose fields are."""
    names = classes.field_names(model.cls) if isinstance(model.cls, ClassValue) else []
    if not call.frame.inline or call.args or call.kwargs or call.open or not model.attrs.keys() >= set(names):
        return Instance(External("builtins.dict"))
    return Mapping({name: model.attrs[name] for name in names}, call.frame.module, call.node.pos if call.node else 0)


def _entered(ev: Evaluator, method: str, context: Value) -> Value:
    """What `enter_context` and `enter_async_context` of an exit stack give."""
    if method == "enter_context":
        return types.entered(context, ev)
    return Coroutine(types.entered(context, ev)) if method == "enter_async_context" else UNKNOWN


def _class_method(ev: Evaluator, cls: ClassValue, callee: Method, call: Arguments) -> Value:
    if callee.name in (
        "model_validate",
        "model_validate_json",
        "model_construct",
        "parse_obj",
        "from_orm",
        "parse_raw",
        "construct",
    ):
        return Instance(cls, (), call.frame.module, call.node.pos if call.node else 1)
    spec = types.method_spec(callee.owner, callee.name) if callee.owner == "peewee.Model" else None
    return types.from_spec(ev, spec, cls, call) if spec is not None else made_by(callee.qualified)


_STRING_METHODS = frozenset(
    {
        "strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "replace", "removeprefix", "removesuffix",
        "format", "zfill", "casefold",
    }
)  # fmt: skip


def _string_method(receiver: Const, text: str, name: str, call: Arguments) -> Value:
    keys = [_scalar(a) for a in call.args]
    soft = max([receiver.soft, *map(softness, call.args)])
    if name == "join" and call.args:
        return _join(receiver, text, call.args[0])
    if name == "format" and (call.open or any(_scalar(a) is None for a in (*call.args, *call.kwargs.values()))):
        return beginning_with(text.partition("{")[0], receiver.module, receiver.pos)
    if any(k is None for k in keys) or (call.kwargs and name != "format") or call.open:
        return Instance(External("builtins.bool" if name in ("startswith", "endswith") else "builtins.str"))
    values = [k[0] for k in keys if k]
    if _grows(text, name, values):
        return Instance(External("builtins.str"))
    try:
        if name in _STRING_METHODS:
            named = {k: _scalar(v) for k, v in call.kwargs.items()}
            result = getattr(text, name)(*values, **{k: v[0] for k, v in named.items() if v})
            return Const(result, receiver.module, receiver.pos, soft)
        if name in ("startswith", "endswith"):
            return Const(getattr(text, name)(*values), soft=soft)
        if name in ("split", "rsplit"):
            parts = getattr(text, name)(*values)
            items: list[Value] = [Const(p, receiver.module, receiver.pos, soft) for p in parts]
            return Sequence_("list", items, receiver.module, receiver.pos, soft=soft)
    except (TypeError, ValueError, IndexError, KeyError, AttributeError):
        return UNKNOWN
    return UNKNOWN


def _grows(text: str, name: str, values: list[Scalar]) -> bool:
    """Whether a method may make something far longer of a text."""
    if name == "format":
        return grows(text)
    if name == "replace":
        return len(text) * max((len(v) for v in values if isinstance(v, str)), default=0) > MAX_TEXT
    return name == "zfill" and any(isinstance(v, int) and v > MAX_TEXT for v in values)


def _scalar(value: Value) -> tuple[str | int | float | bool | None] | None:
    if isinstance(value, Const):
        return (value.value,)
    text = text_of(value)
    return None if text is None else (text,)


def _join(receiver: Const, separator: str, items: Value) -> Value:
    if isinstance(items, Sequence_) and not items.open:
        texts = [text_of(i) for i in items.items]
        if all(t is not None for t in texts) and sum(len(t or "") + len(separator) for t in texts) <= MAX_TEXT:
            return Const(separator.join(t for t in texts if t is not None), receiver.module, receiver.pos, items.soft)
    return Instance(External("builtins.str"))


def _sequence_method(receiver: Sequence_, name: str, call: Arguments, ev: Evaluator) -> Value:
    if name in ("append", "add", "insert") and call.args:
        if call.frame.off or (call.frame.uncertain and isinstance(call.args[-1], Const)):
            receiver.open = True
        elif call.frame.inline or call.frame.recorder is not None:
            receiver.items.append(call.args[-1])
            receiver.open = receiver.open or bool(call.frame.uncertain) or call.frame.recorder is not None
        return NONE
    if name in ("extend", "update") and call.args:
        if call.frame.inline:
            more = ev.items_of(call.args[0])
            sure = [i for i in more or [] if not (call.frame.uncertain and isinstance(i, Const))]
            receiver.items += sure if not call.frame.off else []
            receiver.open = receiver.open or more is None or bool(call.frame.uncertain or call.frame.off)
        return NONE
    if name == "copy":
        return Sequence_(
            receiver.kind, list(receiver.items), receiver.module, receiver.pos, open=receiver.open, soft=receiver.soft
        )
    if name == "pop":
        return types.element(receiver, ev)
    if name in ("remove", "clear", "sort", "reverse", "discard"):
        receiver.open = True
        return NONE
    return UNKNOWN


def _mapping_method(receiver: Mapping, name: str, call: Arguments, ev: Evaluator) -> Value:
    if name in ("get", "pop", "setdefault"):
        key = _scalar(call.args[0]) if call.args else None
        if key is not None and key[0] in receiver.items:
            found = receiver.items[key[0]]
            return ev.resolve(found) if isinstance(found, Lazy) else found
        default = call.args[1] if len(call.args) > 1 else NONE
        if name == "get" and key is None and not call.frame.inline:
            chosen = any_of(ev, receiver)
            return UNKNOWN if isinstance(chosen, Unknown) else union([chosen, default])
        if name == "setdefault" and key is not None and call.frame.inline and not receiver.open:
            ev.registry.set_item(receiver, Const(key[0]), default, sure=not (call.frame.off or call.frame.uncertain))
            return default
        receiver.open = receiver.open or (name == "setdefault" and call.frame.inline)
        return default if key is not None and not receiver.open else UNKNOWN
    if name == "items":
        known = ev.registry.pairs(receiver)
        pairs = [(Const(k), v) for k, v in receiver.items.items()] if known is None else known
        return Sequence_("list", [Sequence_("tuple", [k, v]) for k, v in pairs], open=known is None)
    if name == "values":
        return Sequence_("list", list(receiver.items.values()), open=receiver.open)
    if name == "keys":
        keys = ev.items_of(receiver)
        return Sequence_("list", [Const(k) for k in receiver.items] if keys is None else keys, open=keys is None)
    if name == "copy":
        return Mapping(dict(receiver.items), receiver.module, receiver.pos, open=receiver.open)
    if name == "update":
        if call.frame.inline and call.args and isinstance(call.args[0], Mapping):
            _update(ev, receiver, call.args[0], call)
        else:
            receiver.open = True
        receiver.items.update(call.kwargs)
        return NONE
    if name == "clear":
        receiver.open = True
        return NONE
    return UNKNOWN


def _update(ev: Evaluator, mapping: Mapping, more: Mapping, call: Arguments) -> None:
    pairs = ev.registry.pairs(more)
    for key, value in pairs or ():
        routing.set_handler(ev, mapping, key, value, routing.place_of(call), call.frame)
        ev.registry.set_item(mapping, key, value)
    if pairs is None:
        mapping.items.update(more.items)
        mapping.open = True


# --- Python --------------------------------------------------------------------------------------------------------


def _isinstance(ev: Evaluator, call: Arguments) -> Value:
    if len(call.args) != 2:
        return _BOOL
    value, wanted = call.args
    choices = wanted.items if isinstance(wanted, Sequence_) else list(options(wanted))
    if isinstance(value, (ClassValue, FunctionValue)) and all(_is_plain_type(choice) for choice in choices):
        return Const(False)
    cls = value.cls if isinstance(value, Instance) else _class_of_literal(value)
    if cls is None:
        return _BOOL
    answers = [classes.is_subclass(cls, c) if isinstance(c, (ClassValue, External)) else None for c in choices]
    if any(a is True for a in answers):
        return Const(True, soft=is_soft(value))
    made = not isinstance(value, Instance) or bool(value.made)
    return Const(False, soft=is_soft(value)) if made and all(a is False for a in answers) else _BOOL


def _is_plain_type(value: Value) -> bool:
    """Whether a type is one of Python's, of which no class and no function is an instance."""
    return isinstance(value, External) and value.name in _PLAIN_TYPES


def _class_of_literal(value: Value) -> External | None:
    """The class of a constant or of a display that is written somewhere."""
    if isinstance(value, Const):
        return External(f"builtins.{type(value.value).__name__}")
    if isinstance(value, Sequence_) and value.module is not None:
        return External(f"builtins.{value.kind}")
    return External("builtins.dict") if isinstance(value, Mapping) and value.module is not None else None


def _issubclass(ev: Evaluator, call: Arguments) -> Value:
    if len(call.args) == 2 and all(isinstance(a, (ClassValue, External)) for a in call.args):
        answer = classes.is_subclass(call.args[0], call.args[1])
        return _BOOL if answer is None else Const(answer)
    return _BOOL


def _getattr(ev: Evaluator, call: Arguments) -> Value:
    name = text_of(call.args[1]) if len(call.args) > 1 else None
    if name is None:
        return UNKNOWN
    found = attributes.get(ev, call.args[0], name, call.frame, None)
    if isinstance(found, Unknown) and len(call.args) > 2:
        return found if not isinstance(call.args[0], (ModuleValue, ClassValue)) else call.args[2]
    return found


def _globals(ev: Evaluator, call: Arguments) -> Value:
    """`globals()`: the names of the module, which start-up code may also set."""
    names = call.frame.module.scope.vars
    return Mapping(names, open=True) if call.frame.inline else _names(names)  # type: ignore[arg-type]


def _vars(ev: Evaluator, call: Arguments) -> Value:
    """`vars(module)`; without an argument at module level, `globals()`."""
    if call.args and isinstance(call.args[0], ModuleValue):
        return _names(call.args[0].module.scope.vars)
    return _globals(ev, call) if not call.args and call.frame.scope.kind == "module" else UNKNOWN


def _names(found: dict[str, Value]) -> Mapping:
    items: dict[Scalar, Value] = {}
    items.update(found)
    return Mapping(items, open=True)


def _hasattr(ev: Evaluator, call: Arguments) -> Value:
    name = text_of(call.args[1]) if len(call.args) > 1 else None
    if name is not None and isinstance(call.args[0], (ModuleValue, ClassValue)):
        found = attributes.get(ev, call.args[0], name, call.frame, None)
        if not isinstance(found, (Unknown, Method)):
            return Const(True)
    return _BOOL


def _setattr(ev: Evaluator, call: Arguments) -> Value:
    name = text_of(call.args[1]) if len(call.args) == 3 else None
    if name is not None and call.frame.inline and isinstance(call.args[0], Instance):
        call.args[0].attrs[name] = call.args[2]
    return NONE


def _list(kind: str) -> Callable[[Evaluator, Arguments], Value]:
    def make(ev: Evaluator, call: Arguments) -> Value:
        if not call.args:
            return Sequence_(kind, [], call.frame.module, call.node.pos if call.node else 0)
        items = ev.items_of(call.args[0])
        if items is not None:
            return Sequence_(
                kind, list(items), call.frame.module, call.node.pos if call.node else 0, soft=is_soft(call.args[0])
            )
        return Sequence_(kind, [types.element(call.args[0], ev)], open=True)

    return make


def _dict(ev: Evaluator, call: Arguments) -> Value:
    given = call.args[0] if call.args else Mapping({})
    items = dict(given.items) if isinstance(given, Mapping) else {}
    items.update(call.kwargs)
    return Mapping(items, open=call.open or not isinstance(given, Mapping) or given.open)


def _enumerate(ev: Evaluator, call: Arguments) -> Value:
    items = ev.items_of(call.args[0]) if call.args else None
    if items is None:
        element = types.element(call.args[0], ev) if call.args else UNKNOWN
        return Sequence_("list", [Sequence_("tuple", [Instance(External("builtins.int")), element])], open=True)
    return Sequence_("list", [Sequence_("tuple", [Const(i), v]) for i, v in enumerate(items)])


def _zip(ev: Evaluator, call: Arguments) -> Value:
    columns = [ev.items_of(a) for a in call.args]
    if any(c is None for c in columns):
        return Sequence_("list", [Sequence_("tuple", [types.element(a, ev) for a in call.args])], open=True)
    return Sequence_("list", [Sequence_("tuple", list(row)) for row in zip(*(c for c in columns if c is not None))])


def _map(ev: Evaluator, call: Arguments) -> Value:
    if len(call.args) != 2:
        return UNKNOWN
    function, source = call.args
    items = ev.items_of(source)
    is_known = items is not None and len(items) <= MAX_ITEMS
    given = items if items is not None and is_known else [types.element(source, ev)]
    call.frame.uncertain += not is_known
    made = [ev.call(function, call.replaced([item], {})) for item in given]
    call.frame.uncertain -= not is_known
    return Sequence_("list", made, open=not is_known)


def _filter(ev: Evaluator, call: Arguments) -> Value:
    if len(call.args) != 2:
        return UNKNOWN
    function, source = call.args
    items = ev.items_of(source)
    if items is None:
        return Sequence_("list", [types.element(source, ev)], open=True)
    tests = [item if is_none(function) else ev.call(function, call.replaced([item], {})) for item in items]
    answers = [True if isinstance(test, routing.RouterObject) else truth(test) for test in tests]
    kept = [item for item, answer in zip(items, answers) if answer is not False]
    return Sequence_("list", kept, open=any(answer is None for answer in answers))


def _chain(ev: Evaluator, call: Arguments) -> Value:
    items: list[Value] = []
    is_known = not call.open
    for part in call.args:
        known = ev.items_of(part)
        is_known = is_known and known is not None
        items += [types.element(part, ev)] if known is None else known
    return Sequence_("list", items, open=not is_known)


def _range(ev: Evaluator, call: Arguments) -> Value:
    numbers = [a.value for a in call.args if isinstance(a, Const) and isinstance(a.value, int)]
    if len(numbers) == len(call.args) and numbers:
        made = range(*numbers) if len(numbers) < 3 or numbers[2] else range(0)
        if len(made) <= 256:
            return Sequence_("list", [Const(i) for i in made])
    return Sequence_("list", [Instance(External("builtins.int"))], open=True)


def _str(ev: Evaluator, call: Arguments) -> Value:
    if call.args:
        return _as_string(call.args[0])
    return Instance(External("builtins.str"))


def _as_string(value: Value) -> Value:
    """`str(value)`; of a URL type of Pydantic the text that it was made of, or as far as `build` says."""
    if isinstance(value, Const):
        return Const(str(value.value), value.module, value.pos, value.soft)
    text = text_of(value)
    if text is not None:
        return Const(text)
    attrs = value.attrs if isinstance(value, Instance) else {}
    whole, scheme = attrs.get("0"), attrs.get("scheme")
    if isinstance(whole, Const) and isinstance(value, Instance) and classes.inherits(value.cls, *_URLS):
        return Const(str(whole.value), whole.module, whole.pos, whole.soft)
    if isinstance(scheme, Const):
        return beginning_with(f"{scheme.value}://", scheme.module, scheme.pos)
    return beginning_with(beginning(value) or "")


def _bool(ev: Evaluator, call: Arguments) -> Value:
    answer = truth(call.args[0]) if call.args else False
    return _BOOL if answer is None else Const(answer, soft=bool(call.args) and is_soft(call.args[0]))


def _int(ev: Evaluator, call: Arguments) -> Value:
    if call.args and isinstance(call.args[0], Const):
        value = call.args[0]
        try:
            return Const(int(value.value or 0), value.module, value.pos, value.soft)
        except (TypeError, ValueError):
            return Instance(External("builtins.int"))
    return Instance(External("builtins.int"))


def _type(ev: Evaluator, call: Arguments) -> Value:
    if len(call.args) == 1 and isinstance(call.args[0], Instance):
        return call.args[0].cls
    return UNKNOWN


def _same(ev: Evaluator, call: Arguments) -> Value:
    return call.args[0] if call.args else UNKNOWN


def _max(ev: Evaluator, call: Arguments) -> Value:
    return types.element(call.args[0], ev) if len(call.args) == 1 else union(call.args)


# --- library functions that need more than a return type -----------------------------------------------------------


def _partial(ev: Evaluator, call: Arguments) -> Value:
    return Partial(call.args[0], list(call.args[1:]), dict(call.kwargs)) if call.args else UNKNOWN


def _wraps(ev: Evaluator, call: Arguments) -> Value:
    wrapped = call.args[0] if call.args else UNKNOWN

    known = [o for o in options(wrapped) if isinstance(o, (FunctionValue, Bound, LambdaValue, ClassValue))]

    def decorate(ev: Evaluator, inner: Arguments) -> Value:
        wrapper = inner.args[0] if inner.args else UNKNOWN
        if isinstance(wrapper, FunctionValue) and known:
            wrapper.wraps = known[0]
            wrapper.signed = wrapper.signed or len(options(wrapped)) > 1
        return wrapper

    return Native("functools.wraps", decorate)


def _signature(ev: Evaluator, call: Arguments) -> Value:
    function = call.args[0] if call.args else UNKNOWN
    return Signature(function) if isinstance(function, (FunctionValue, Bound)) else made_by("inspect.signature")


def _decorator_factory(ev: Evaluator, call: Arguments) -> Value:
    """`lru_cache(maxsize=…)`, or `lru_cache(function)` called by hand."""
    if call.args and isinstance(call.args[0], (FunctionValue, LambdaValue, ClassValue)):
        return call.args[0]
    return Native("cache", _same)


def _environment(call: Arguments) -> Value:
    default = call.args[1] if len(call.args) > 1 else call.kwargs.get("default")
    if default is None or is_none(default):
        return ENVIRONMENT
    return soften(default, FALLBACK)


def _config(call: Arguments, index: int) -> Value:
    """`config("NAME", default=…)` of Starlette and python-decouple: the environment, else the default."""
    default = call.get(index, "default")
    return soften(default, FALLBACK) if default is not None and not isinstance(default, Unknown) else ENVIRONMENT


def _type_hints(ev: Evaluator, call: Arguments) -> Value:
    """`typing.get_type_hints(function)`: its annotations by name."""
    target = call.args[0] if call.args else UNKNOWN
    if isinstance(target, FunctionValue) and isinstance(target.wraps, FunctionValue):
        target = target.wraps
    if not isinstance(target, FunctionValue):
        return Mapping({}, open=True)
    hints: dict[Scalar, Value] = {}
    hints.update(
        {p.name: types.annotation_type(ev, p.annotation, target.scope) for p in target.node.params if p.annotation}
    )
    if target.node.returns is not None:
        hints["return"] = types.annotation_type(ev, target.node.returns, target.scope)
    return Mapping(hints)


def _import_module(ev: Evaluator, call: Arguments) -> Value:
    name = _absolute(text_of(call.args[0]) if call.args else None, call.get(1, "package"))
    if name is not None:
        found = ev.symbols.find(call.frame.module, name)
        if found is not None and not isinstance(found, External):
            ev.registry.imported.setdefault(call.frame.module.path, set()).add(found.path)
            ev.execute(found)
            return ModuleValue(found)
        return found if found is not None else UNKNOWN
    ev.registry.dynamic_imports = True
    return Unknown("dynamic import")


def _absolute(name: str | None, package: Value | None) -> str | None:
    """The whole name of a module: `.users` in the package `app.routers` is `app.routers.users`."""
    if name is None or not name.startswith("."):
        return name
    around = text_of(package) if package is not None else None
    inner = name.lstrip(".")
    parts = around.split(".") if around else []
    above = len(name) - len(inner) - 1
    return ".".join([*parts[: len(parts) - above], inner]) if len(parts) > above and inner else None


def _cast(ev: Evaluator, call: Arguments) -> Value:
    if len(call.args) < 2:
        return UNKNOWN
    if not isinstance(call.args[1], (Unknown, Union)):
        return call.args[1]
    made = types.instance_of(ev, types.resolve(ev, call.args[0], call.frame.scope))
    return call.args[1] if isinstance(made, Unknown) else made


def _json_loads(ev: Evaluator, call: Arguments) -> Value:
    """What a known text says in JSON."""
    text = call.get(0, "s")
    if not isinstance(text, Const) or not isinstance(text.value, str):
        return UNKNOWN
    try:
        return _from_json(json.loads(text.value), text)
    except (ValueError, RecursionError):
        return UNKNOWN


def _from_json(data: Any, text: Const) -> Value:
    if isinstance(data, list):
        items = [_from_json(item, text) for item in data[:MAX_ITEMS]]
        return Sequence_("list", items, text.module, text.pos, open=len(data) > MAX_ITEMS, soft=text.soft)
    if isinstance(data, dict):
        return Mapping({k: _from_json(v, text) for k, v in data.items()}, text.module, text.pos)
    return Const(data, text.module, text.pos, text.soft)


def _pattern(ev: Evaluator, call: Arguments) -> Value:
    """`re.compile(…)`: an object that has its pattern."""
    pattern = call.get(0, "pattern")
    return Instance(External("re.Pattern"), attrs={} if pattern is None else {"pattern": pattern})


def _type_variable(ev: Evaluator, call: Arguments) -> Value:
    name = text_of(call.args[0]) if call.args else None
    either = Sequence_("tuple", list(call.args[1:])) if len(call.args) > 2 else None
    return types.type_variable(name or "T", call.kwargs.get("bound", either), call.frame.scope)


def _new_type(ev: Evaluator, call: Arguments) -> Value:
    return call.args[1] if len(call.args) > 1 else UNKNOWN


def _depends(security: bool) -> Callable[[Evaluator, Arguments], Value]:
    def make(ev: Evaluator, call: Arguments) -> Value:
        target = call.get(0, "dependency")
        rest = {k: v for k, v in call.kwargs.items() if k != "dependency"}
        pos = call.node.pos if call.node else 0
        return DependsValue(
            None if target is None or is_none(target) else target, security, rest, call.frame.module, pos
        )

    return make


def _sessionmaker(name: str, default: str) -> Callable[[Evaluator, Arguments], Value]:
    def make(ev: Evaluator, call: Arguments) -> Value:
        given = call.get(None, "class_")
        cls = given if isinstance(given, (ClassValue, External)) else External(default)
        if isinstance(given, Unknown) and not call.open:
            return UNKNOWN
        made = Instance(External(name), (cls,), call.frame.module, call.node.pos if call.node else 1)
        made.attrs.update(call.kwargs)
        made.attrs.update({str(i): v for i, v in enumerate(call.args)})
        if call.open:
            made.attrs["**"] = UNKNOWN
        return made

    return make


def _scoped_session(ev: Evaluator, call: Arguments) -> Value:
    made = Instance(External("sqlalchemy.orm.scoped_session"), (), call.frame.module, call.node.pos if call.node else 1)
    factory = call.get(0, "session_factory")
    if factory is not None:
        made.attrs["session_factory"] = factory
    return made


def _declarative_base(ev: Evaluator, call: Arguments) -> Value:
    given = call.kwargs.get("cls")
    if isinstance(given, ClassValue):
        given.bases.append(External("sqlalchemy.orm.DeclarativeBase"))
        given.mro_cache = None
        given.inherits_cache.clear()
        return given
    return External("sqlalchemy.orm.DeclarativeBase")


def _field(name: str) -> Callable[[Evaluator, Arguments], Value]:
    """The declaration of a field; its options are kept as attributes."""

    def make(ev: Evaluator, call: Arguments) -> Value:
        made = Instance(External(name))
        made.attrs.update(call.kwargs)
        return made

    return make


def _encoded(ev: Evaluator, call: Arguments) -> Value:
    """`jsonable_encoder(object)`: all that the object holds as plain data, kept as the attribute "(encoded)"."""
    given = call.get(0, "obj")
    if given is None or isinstance(given, Unknown) or "include" in call.kwargs or "exclude" in call.kwargs:
        return UNKNOWN
    made = Instance(External("fastapi.encoders.Encoded"))
    made.attrs["(encoded)"] = given
    return made


def _suppress(ev: Evaluator, call: Arguments) -> Value:
    made = Instance(External("contextlib.suppress"))
    made.attrs["(types)"] = Sequence_("tuple", list(call.args), open=call.open)
    return made


def _context_manager(ev: Evaluator, call: Arguments) -> Value:
    """`contextmanager(get_session)`, which is no decorator here: the generator stays what it is under its own name."""
    generator = call.args[0] if call.args else UNKNOWN
    if not isinstance(generator, FunctionValue):
        return made_by("contextlib.contextmanager")
    made = copy(generator)
    made.kind = "contextmanager"
    return made


def _closing(ev: Evaluator, call: Arguments) -> Value:
    inner = call.args[0] if call.args else UNKNOWN
    return Instance(External("contextlib.AbstractContextManager"), (UNKNOWN,), attrs={"entered": inner})


def _run_coroutine(ev: Evaluator, call: Arguments) -> Value:
    """`asyncio.run(coroutine)`."""
    value = call.args[0] if call.args else UNKNOWN
    return union(ev.finish(o) if isinstance(o, Coroutine) else UNKNOWN for o in options(value))


def _run_function(ev: Evaluator, call: Arguments) -> Value:
    """`anyio.run(function, …)`."""
    if not call.args:
        return UNKNOWN
    made = ev.call(call.args[0], call.replaced(call.args[1:], {}))
    return ev.finish(made) if isinstance(made, Coroutine) else UNKNOWN


def _awaits_first(ev: Evaluator, call: Arguments) -> Value:
    """`wait_for(coroutine, …)`."""
    value = call.args[0] if call.args else UNKNOWN
    return value if isinstance(value, Coroutine) else Coroutine(UNKNOWN)


def _shield(ev: Evaluator, call: Arguments) -> Value:
    """A future, which runs without being awaited."""
    value = call.args[0] if call.args else UNKNOWN
    return Coroutine(ev.finish(value) if isinstance(value, Coroutine) else UNKNOWN, False)


def _task(name: str) -> Callable[[Evaluator, Arguments], Value]:
    """`asyncio.create_task(coroutine)`: start-up code lets it run."""

    def make(ev: Evaluator, call: Arguments) -> Value:
        return _shield(ev, call) if call.frame.inline else made_by(name)

    return make


def _gather(ev: Evaluator, call: Arguments) -> Value:
    """A future, which runs without being awaited."""
    results = [ev.finish(a) if isinstance(a, Coroutine) else UNKNOWN for a in call.args]
    return Coroutine(Sequence_("list", results, open=call.open), False)


def _in_thread(index: int, *, certain: bool = True) -> Callable[[Evaluator, Arguments], Value]:
    """A call that hands a function to a thread: awaiting it gives the function's result; a future need not be."""

    def make(ev: Evaluator, call: Arguments) -> Value:
        function = call.get(index, "func")
        if call.frame.inline and function is not None:
            return Coroutine(ev.call(function, call.replaced(call.args[index + 1 :])), certain)
        if isinstance(function, (FunctionValue, Bound)):
            target = function.function if isinstance(function, Bound) else function
            receiver = function.receiver if isinstance(function, Bound) else None
            return Coroutine(ev.result_of(target, receiver), certain)
        return Coroutine(UNKNOWN, certain)

    return make


#: Methods that carry out a coroutine.
_LOOP_METHODS: dict[str, Callable[[Evaluator, Arguments], Value]] = {
    "asyncio.AbstractEventLoop.run_until_complete": _run_coroutine,
    "asyncio.Runner.run": _run_coroutine,
    "asyncio.AbstractEventLoop.run_in_executor": _in_thread(1, certain=False),
    "asyncio.AbstractEventLoop.create_task": _task("asyncio.AbstractEventLoop.create_task"),
    "asyncio.TaskGroup.create_task": _task("asyncio.TaskGroup.create_task"),
}


def _mount_gradio(ev: Evaluator, call: Arguments) -> Value:
    """`mount_gradio_app(app, blocks, path)` mounts an app of its own, and gives the one that it got."""
    app = call.get(0, "app") or UNKNOWN
    if isinstance(app, routing.RouterObject):
        routing.mount(ev, app, call.replaced([], {"path": call.get(2, "path") or UNKNOWN, "app": UNKNOWN}))
    return app


_SPECIAL: dict[str, Callable[[Evaluator, Arguments], Value]] = {
    "builtins.isinstance": _isinstance,
    "builtins.issubclass": _issubclass,
    "builtins.getattr": _getattr,
    "builtins.globals": _globals,
    "builtins.vars": _vars,
    "builtins.locals": _vars,
    "builtins.hasattr": _hasattr,
    "builtins.setattr": _setattr,
    "builtins.list": _list("list"),
    "builtins.tuple": _list("tuple"),
    "builtins.set": _list("set"),
    "builtins.frozenset": _list("set"),
    "builtins.sorted": _list("list"),
    "builtins.reversed": _list("list"),
    "builtins.iter": _same,
    "builtins.map": _map,
    "builtins.filter": _filter,
    "itertools.chain": _chain,
    "builtins.dict": _dict,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.range": _range,
    "builtins.str": _str,
    "builtins.bool": _bool,
    "builtins.int": _int,
    "builtins.type": _type,
    "builtins.max": _max,
    "builtins.min": _max,
    "builtins.next": lambda ev, call: types.element(call.args[0], ev) if call.args else UNKNOWN,
    "builtins.anext": lambda ev, call: Coroutine(types.element(call.args[0], ev) if call.args else UNKNOWN, False),
    "functools.partial": _partial,
    "functools.wraps": _wraps,
    "inspect.signature": _signature,
    "functools.lru_cache": _decorator_factory,
    "functools.cache": _decorator_factory,
    "json.loads": _json_loads,
    "re.compile": _pattern,
    "os.getenv": lambda ev, call: _environment(call),
    "os.environ.get": lambda ev, call: _environment(call),
    "importlib.import_module": _import_module,
    "typing.get_type_hints": _type_hints,
    "decouple.config": lambda ev, call: _config(call, 1),
    "dataclasses.field": _field("dataclasses.field"),
    "attr.field": _field("attr.field"),
    "attr.ib": _field("attr.ib"),
    "attr.attrib": _field("attr.ib"),
    "attrs.field": _field("attrs.field"),
    "typing.cast": _cast,
    "typing.TypeVar": _type_variable,
    "typing.ParamSpec": _type_variable,
    "typing.NewType": _new_type,
    "copy.copy": _same,
    "copy.deepcopy": _same,
    "fastapi.Depends": _depends(False),
    "fastapi.Security": _depends(True),
    "sqlalchemy.orm.sessionmaker": _sessionmaker("sqlalchemy.orm.sessionmaker", "sqlalchemy.orm.Session"),
    "sqlalchemy.ext.asyncio.async_sessionmaker": _sessionmaker(
        "sqlalchemy.ext.asyncio.async_sessionmaker", "sqlalchemy.ext.asyncio.AsyncSession"
    ),
    "sqlalchemy.orm.scoped_session": _scoped_session,
    "sqlalchemy.orm.declarative_base": _declarative_base,
    "fastapi.encoders.jsonable_encoder": _encoded,
    "contextlib.contextmanager": _context_manager,
    "contextlib.asynccontextmanager": _context_manager,
    "contextlib.suppress": _suppress,
    "contextlib.closing": _closing,
    "contextlib.nullcontext": _closing,
    "contextlib.aclosing": _closing,
    "asyncio.run": _run_coroutine,
    "uvloop.run": _run_coroutine,
    "anyio.run": _run_function,
    "asyncio.create_task": _task("asyncio.create_task"),
    "asyncio.ensure_future": _task("asyncio.ensure_future"),
    "asyncio.wait_for": _awaits_first,
    "asyncio.shield": _shield,
    "asyncio.gather": _gather,
    "starlette.concurrency.run_in_threadpool": _in_thread(0),
    "asyncio.to_thread": _in_thread(0),
    "anyio.to_thread.run_sync": _in_thread(0),
    "gradio.mount_gradio_app": _mount_gradio,
    "gradio.routes.mount_gradio_app": _mount_gradio,
}
