"""Attributes of abstract values."""

from __future__ import annotations

import http
import re
from typing import TYPE_CHECKING

from fastapi_guardrails.knowledge.classes import ancestors
from fastapi_guardrails.knowledge.returns import ATTRIBUTES, METHODS, OBJECTS, STATE
from fastapi_guardrails.model import classes, types
from fastapi_guardrails.model.given import Given, is_followed, untyped
from fastapi_guardrails.model.values import (
    NONE,
    PROPERTIES,
    UNKNOWN,
    Annotated,
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
    Mapping,
    Method,
    ModuleValue,
    Native,
    Sequence_,
    Super,
    TypeVariable,
    Union,
    Unknown,
    Value,
    foreign,
    is_none,
    is_unknown,
    made_by,
    options,
    soften,
    text_of,
    union,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator
    from fastapi_guardrails.model.frames import Frame

_STATUS = re.compile(r"(?:starlette\.status|fastapi\.status)\.(?:HTTP|WS)_(\d{3,4})_\w+")

_APPLICATION = "starlette.applications.Starlette"

#: Library descriptors that say nothing of the value that an instance has.
_DESCRIPTORS = frozenset({"sqlalchemy.Column", "sqlalchemy.orm.relationship", "sqlalchemy.orm.mapped_column"})


def get(ev: Evaluator, value: Value, name: str, frame: Frame, node: f.Attr | None) -> Value:
    """`value.name`."""
    if isinstance(value, Instance):
        return _of_instance(ev, value, name, frame, node)
    if isinstance(value, ModuleValue):
        member = ev.module_member(value.module, name)
        return member if frame.recorder is None else ev.later(value.module, name, member)
    if isinstance(value, External):
        return _of_external(value, name)
    if isinstance(value, ClassValue):
        return _of_class(ev, value, name, frame)
    if isinstance(value, Union):
        return union(get(ev, o, name, frame, node) for o in value.options if not is_none(o))
    if isinstance(value, Super):
        return _of_super(ev, value, name, frame)
    if isinstance(value, (Const, Sequence_, Mapping)):
        return Method(_builtin_class(value), name, value)
    if isinstance(value, Generic):
        return get(ev, value.origin, name, frame, node)
    if isinstance(value, Annotated):
        return get(ev, value.type, name, frame, node)
    if isinstance(value, (FunctionValue, LambdaValue, Bound)):
        return _of_function(value, name)
    return _of_other(ev, value, name, frame)


def _of_other(ev: Evaluator, value: Value, name: str, frame: Frame) -> Value:
    from fastapi_guardrails.model.evaluate import Namespace

    if isinstance(value, Namespace):
        found = ev.symbols.submodule(value.module, value.dotted, 0, name)
        if found is not None:
            ev.execute(found)
            return ModuleValue(found)
        return Namespace(value.module, f"{value.dotted}.{name}")
    if isinstance(value, Coroutine):
        return Unknown("attribute of a coroutine")
    if isinstance(value, Method):
        return made_by(f"{value.qualified}.{name}")
    if isinstance(value, TypeVariable) and value.bound is not None:
        return _of_variable(ev, value.bound, name, frame)
    return foreign(value)


def _of_variable(ev: Evaluator, bound: Value, name: str, frame: Frame) -> Value:
    """A method that a library gives to what bounds a type variable; all else a subclass may have otherwise."""
    cls = types.resolve_reference(ev, bound)
    if isinstance(cls, External):
        return UNKNOWN if name.startswith("__") else Method(cls.name, name, cls)
    found = get(ev, cls, name, frame, None)
    return found if all(isinstance(option, Method) for option in options(found)) else UNKNOWN


def _builtin_class(value: Const | Sequence_ | Mapping) -> str:
    if isinstance(value, Sequence_):
        return f"builtins.{value.kind}"
    if isinstance(value, Mapping):
        return "builtins.dict"
    return f"builtins.{type(value.value).__name__}"


def _of_function(value: FunctionValue | LambdaValue | Bound, name: str) -> Value:
    function = value.function if isinstance(value, Bound) else value
    if isinstance(function, FunctionValue):
        if name == "__name__":
            return Const(function.name)
        if name == "__qualname__":
            return Const(function.qualname)
        if name == "__wrapped__" and function.wraps is not None:
            return function.wraps
        if name == "cache_clear":
            return External("functools.cache_clear")
    return UNKNOWN


def _of_external(value: External, name: str) -> Value:
    from fastapi_guardrails.model.natives import external

    full = f"{value.name}.{name}"
    status = _STATUS.fullmatch(full)
    if status:
        return Const(int(status.group(1)))
    if value.name == "http.HTTPStatus" and name in http.HTTPStatus.__members__:
        return Const(int(http.HTTPStatus[name]))
    if full in OBJECTS:
        return Instance(External(OBJECTS[full]))
    return external(full)


# --- classes -------------------------------------------------------------------------------------------------------


def enum_members(cls: ClassValue) -> list[Value]:
    """The members of an enumeration, in order."""
    return [enum_member(cls, name, value) for name, value in cls.scope.vars.items() if _is_member(name, value)]


def _is_member(name: str, value: Value) -> bool:
    return not name.startswith("_") and not isinstance(value, (FunctionValue, ClassValue, Native))


def enum_member(cls: ClassValue, name: str, value: Value) -> Value:
    """One member: an instance of the enumeration with its name and value."""
    if isinstance(value, Instance) and isinstance(value.cls, External) and value.cls.name == "enum.auto":
        value = Const(name.lower())
    return Instance(cls, module=cls.module, attrs={"name": Const(name), "value": value})


def _of_class(ev: Evaluator, cls: ClassValue, name: str, frame: Frame) -> Value:
    found = classes.member(cls, name)
    if found is not None:
        value, owner = found
        if is_none(value) and frame.recorder is not None and _holds_objects(cls):
            return _empty_member(ev, Instance(cls), cls, name, classes.annotation(cls, name), frame)
        if _is_empty(value, frame) and _holds_objects(cls):
            return _as_declared(ev, Instance(cls), cls, name, value, frame)
        if isinstance(value, FunctionValue):
            return Bound(value, cls) if value.kind == "classmethod" else value
        if classes.is_enum(cls) and _is_member(name, value):
            return enum_member(owner, name, value)
        return soften(value) if classes.is_settings(cls) else value
    if name == "__name__":
        return Const(cls.name)
    if name == "__members__" and classes.is_enum(cls):
        return Mapping({k: v for k, v in cls.scope.vars.items() if _is_member(k, v)})
    if name in ("__dict__", "__annotations__", "__mro__", "__bases__", "__doc__", "__module__"):
        return UNKNOWN
    declared = classes.annotation(cls, name)
    if declared is not None:
        return _declared_field(ev, Instance(cls), cls, declared) if _holds_objects(cls) else UNKNOWN
    return _given_to_library(ev, cls, name) or _library_method(cls, cls, name)


def _holds_objects(cls: ClassValue) -> bool:
    """Whether attributes of a class itself are what its annotations say: no library makes anything else of them."""
    above = {base.name for base in classes.externals(cls)}
    is_decorated = any(base.decorators for base in classes.mro(cls) if isinstance(base, ClassValue))
    return classes.is_complete(cls) and above <= {"abc.ABC"} and not is_decorated


def _given_to_library(ev: Evaluator, cls: ClassValue, name: str) -> Value | None:
    """What the project has put under a name into a class of a library above: `Base.query = …` of a declarative base."""
    if not ev.given:
        return None
    return next((found for base in classes.externals(cls) if (found := ev.given.get((base.name, name)))), None)


def _library_method(cls: ClassValue, receiver: Value, name: str, after: ClassValue | None = None) -> Value:
    chain = classes.mro(cls)
    if after is not None:
        chain = chain[next((i for i, c in enumerate(chain) if c is after), 0) :]
    bases = [b for b in chain if isinstance(b, External) and b.name not in ("typing.Generic", "typing.Protocol")]
    if any(isinstance(b, Unknown) for b in chain):
        return UNKNOWN
    for base in bases:
        if any(name in METHODS.get(a, {}) for a in ancestors(base.name)[0]):
            return Method(base.name, name, receiver)
    named = [b for b in bases if b.name != "builtins.object"]
    return Method(named[0].name, name, receiver) if named else Unknown(f"{cls.name}.{name}")


def _of_super(ev: Evaluator, value: Super, name: str, frame: Frame) -> Value:
    from fastapi_guardrails.model.routing import RouterObject, native_method

    receiver = value.receiver
    cls = receiver.cls if isinstance(receiver, Instance) else receiver
    if not isinstance(cls, ClassValue):
        return UNKNOWN
    found = classes.member(cls, name, after=value.after)
    if found is not None:
        member = found[0]
        if isinstance(member, FunctionValue):
            return member if member.kind == "staticmethod" else Bound(member, receiver)
        return member
    if isinstance(receiver, RouterObject):
        return native_method(receiver, name)
    return _library_method(cls, receiver, name, value.after)


# --- instances -----------------------------------------------------------------------------------------------------


def _of_instance(ev: Evaluator, value: Instance, name: str, frame: Frame, node: f.Attr | None) -> Value:
    from fastapi_guardrails.model.routing import RouterObject, native_attribute

    known = value.attrs.get(name)
    if known is not None:
        if frame.recorder is not None and is_none(known):
            return _filled_later(ev, value, name, known)
        return _with_what_it_holds(ev, value.cls, name, known, frame)
    if isinstance(value.cls, External):
        if isinstance(value, RouterObject):
            return native_attribute(value, name)
        return _of_library_instance(ev, value, value.cls, name)
    cls = value.cls
    found = classes.member(cls, name)
    if found is not None:
        return _member_of_instance(ev, value, cls, name, found, frame, node)
    declared = classes.annotation(cls, name)
    if declared is not None:
        return _declared_field(ev, value, cls, declared)
    if isinstance(value, RouterObject):
        return native_attribute(value, name)
    inferred = _assigned(ev, value, cls, name)
    if inferred is not None:
        return _with_what_it_holds(ev, cls, name, inferred, frame)
    if name == "__class__":
        return cls
    fallback = classes.method(cls, "__getattr__")
    if fallback is not None and not _is_special(name):
        return _call_fallback(ev, value, fallback, name, frame)
    return _library_method(cls, value, name)


def _is_special(name: str) -> bool:
    """Whether Python looks for a method on the class alone, as for `__call__`."""
    return name.startswith("__") and name.endswith("__")


def _filled_later(ev: Evaluator, value: Instance, name: str, known: Value) -> Value:
    """An attribute that is None at import: a method of its class may fill it before it is read."""
    if is_state(value) and ev.states is not None:
        return ev.states.read(value, name)
    if not isinstance(value.cls, ClassValue):
        return known
    assigned = _assigned(ev, value, value.cls, name)
    return known if assigned is None else union([known, assigned])


def _call_fallback(ev: Evaluator, value: Instance, fallback: FunctionValue, name: str, frame: Frame) -> Value:
    from fastapi_guardrails.model.frames import Arguments

    return ev.call_function(fallback, value, Arguments([Const(name)], {}, frame=frame))


def _member_of_instance(
    ev: Evaluator,
    value: Instance,
    cls: ClassValue,
    name: str,
    found: tuple[Value, ClassValue],
    frame: Frame,
    node: f.Attr | None,
) -> Value:
    member = found[0]
    if isinstance(member, FunctionValue):
        return _function_of_instance(ev, value, member, frame, node)
    declared = classes.annotation(cls, name)
    if isinstance(member, DependsValue):
        typed = _declared_or_unknown(ev, value, cls, declared)
        return ev.provided(member) if isinstance(typed, Unknown) else typed
    if isinstance(member, Instance) and isinstance(member.cls, External) and member.cls.name in _DESCRIPTORS:
        return _declared_field(ev, value, cls, declared) if declared else _related(ev, member, found[1])
    if classes.is_settings(cls):
        default = _validated_default(ev, cls, name, member)
        return _by_default(default) if default is not None else _declared_or_unknown(ev, value, cls, declared)
    if classes.is_enum(cls):
        return UNKNOWN
    if classes.is_pydantic(cls) or classes.is_dataclass(cls) or classes.is_declarative(cls):
        return _declared_or_unknown(ev, value, cls, declared)
    if is_none(member):
        return _empty_member(ev, value, cls, name, declared, frame)
    if _is_empty(member, frame):
        return _as_declared(ev, value, cls, name, member, frame)
    if isinstance(member, (Const, Sequence_, Mapping)) and name in _assigned_names(ev, cls):
        return UNKNOWN
    return member


def _is_empty(value: Value, frame: Frame) -> bool:
    """Whether a function sees a list or a dict that is empty at start."""
    return isinstance(value, (Sequence_, Mapping)) and not value.items and frame.recorder is not None


def _as_declared(ev: Evaluator, value: Instance, cls: ClassValue, name: str, member: Value, frame: Frame) -> Value:
    declared = classes.annotation(cls, name)
    made = UNKNOWN if declared is None else _declared_field(ev, value, cls, declared)
    return _with_what_it_holds(ev, cls, name, member if isinstance(made, Unknown) else made, frame)


def _with_what_it_holds(ev: Evaluator, cls: ClassValue | External, name: str, value: Value, frame: Frame) -> Value:
    """A container of an object that is empty as declared, else with what methods of its class put into it."""
    if frame.recorder is None or ev.fills is None or isinstance(cls, External):
        return value
    value = types.as_declared(ev, value)
    held = ev.fills.held_by(cls, name) if types.says_not_what_it_holds(value) else None
    return value if held is None else types.container(value, held)


def _empty_member(
    ev: Evaluator, value: Instance, cls: ClassValue, name: str, declared: tuple[f.Expr, ClassValue] | None, frame: Frame
) -> Value:
    """A `name = None` of a class: as declared, else what a method fills it with."""
    if declared is not None:
        return _declared_field(ev, value, cls, declared)
    assigned = _assigned(ev, value, cls, name) if frame.recorder is not None else None
    return UNKNOWN if assigned is None else union([NONE, assigned])


def _related(ev: Evaluator, member: Instance, owner: ClassValue) -> Value:
    """What a `relationship("Post")` without an annotation gives: one object, or a list of them."""
    if not isinstance(member.cls, External) or member.cls.name != "sqlalchemy.orm.relationship":
        return UNKNOWN
    target = member.attrs.get("0", member.attrs.get("argument", UNKNOWN))
    name = text_of(target)
    if name is not None:
        target = types.resolve_text(ev, name, owner.scope)
        target = target if isinstance(target, ClassValue) else ev.registry.mapped_class(name) or UNKNOWN
    elif isinstance(target, LambdaValue):
        target = ev.evaluate(target.node.body, ev.frame_for(target.scope))
    if not isinstance(target, ClassValue):
        return UNKNOWN
    return union([Instance(target), Instance(External("builtins.list"), (target,))])


def _declared_or_unknown(
    ev: Evaluator, value: Instance, cls: ClassValue, declared: tuple[f.Expr, ClassValue] | None
) -> Value:
    return _declared_field(ev, value, cls, declared) if declared else UNKNOWN


def _field_default(ev: Evaluator, member: Value) -> Value | None:
    """The default of a settings field: as written, or in `Field(default=…)`; None where it is required."""
    from fastapi_guardrails.model.frames import Arguments

    if isinstance(member, Instance) and isinstance(member.cls, External) and member.cls.name == "pydantic.Field":
        default = member.attrs.get("default", member.attrs.get("0"))
        if isinstance(default, External) and default.name == "builtins.Ellipsis":
            return None
        if default is None and "default_factory" in member.attrs:
            factory = member.attrs["default_factory"]
            if isinstance(factory, LambdaValue):
                return ev.evaluate(factory.node.body, ev.frame_for(factory.scope))
            if isinstance(factory, ClassValue):
                return ev.call(factory, Arguments([], {}, frame=ev.definition_frame(factory.scope)))
            return UNKNOWN
        return default
    return member


def _validated_default(ev: Evaluator, cls: ClassValue, name: str, member: Value) -> Value | None:
    """The default of a settings field as the validators leave it; None where it is required."""
    from fastapi_guardrails.model.validators import validated

    key = (cls, name)
    if key not in ev.defaults:
        default = _field_default(ev, member)
        ev.defaults[key] = default  # what a validator sees that asks for the field
        if default is not None and not isinstance(default, Unknown):
            ev.defaults[key] = validated(ev, cls, name, default)
    return ev.defaults[key]


def _by_default(value: Value, depth: int = 0) -> Value:
    """A default of settings; that of a nested group holds for each of its fields."""
    if type(value) is not Instance or not isinstance(value.cls, ClassValue) or depth > 4:
        return soften(value)
    attrs = {name: _by_default(inner, depth + 1) for name, inner in value.attrs.items()}
    return Instance(value.cls, value.args, value.module, value.made, attrs)


def _function_of_instance(
    ev: Evaluator, value: Instance, member: FunctionValue, frame: Frame, node: f.Attr | None
) -> Value:
    if member.kind in PROPERTIES:
        return _read_property(ev, value, member, frame, node)
    if member.kind == "staticmethod":
        return member
    if frame.recorder is not None and member.kind == "function" and classes.is_interface(value.cls):
        return _implemented(ev, value, member)
    return Bound(member, value.cls if member.kind == "classmethod" else value)


def _implemented(ev: Evaluator, value: Instance, member: FunctionValue) -> Bound:
    """The method of an interface, of the class behind it where there is only one."""
    found = ev.interfaces.implementation(value.cls) if isinstance(value.cls, ClassValue) else None
    method = None if found is None else classes.method(found, member.name)
    if found is None or method is None or method.node is member.node or method.kind != "function":
        return Bound(member, value)
    return Bound(method, Instance(found, value.args))


def _read_property(ev: Evaluator, value: Instance, member: FunctionValue, frame: Frame, node: f.Attr | None) -> Value:
    from fastapi_guardrails.model.frames import Arguments, Frame

    if frame.recorder is not None and node is not None:
        frame.recorder.property_read(node, member, value, frame)
    if frame.inline or classes.is_settings(value.cls):
        inner = frame if frame.inline else Frame(frame.module, frame.scope, inline=True, caller=frame)
        call = Arguments([], {}, frame=inner)
        result = ev.call_function(member, value, call)
        return soften(result) if classes.is_settings(value.cls) else result
    return ev.result_of(member, value)


def _declared_field(ev: Evaluator, value: Instance, cls: ClassValue, declared: tuple[f.Expr, ClassValue]) -> Value:
    node, owner = declared
    bindings = types.bindings_for(cls, value.args, owner)
    return types.instance_of(ev, types.annotation_type(ev, node, owner.scope), bindings)


def _assigned(ev: Evaluator, value: Instance, cls: ClassValue, name: str) -> Value | None:
    """What a method of the class puts into `self.name`, `__init__` first; all that do, where that leaves it empty.

    They are not all asked on behalf of one of them: that one would be kept without what it needs itself.
    """
    found: list[Value] = []
    for base in classes.mro(cls):
        if not isinstance(base, ClassValue):
            continue
        for function in _assigners(base, name, ev):
            assigned = ev.self_attributes(function, value).get(name)
            if isinstance(assigned, Unknown) and assigned.why.startswith("parameter "):
                assigned = value.attrs.get(f"({assigned.why[10:]})", assigned)
            if assigned is not None and is_unknown(assigned) and function.name == "__init__":
                given = _made_with(ev, function, value, cls)
                assigned = ev.self_attributes(function, value, given).get(name) if given else assigned
            if assigned is None:
                continue
            if ev.filling or not (found or is_none(assigned)):
                return assigned
            found.append(assigned)
    return union(found) if found else None


def _made_with(ev: Evaluator, function: FunctionValue, value: Instance, cls: ClassValue) -> Given:
    """What an object was made with, for the parameters of its `__init__` that do not say it."""
    found: list[tuple[str, Value]] = []
    for _, param in untyped(function):
        brought = value.attrs.get(f"({param.name})")
        if brought is None and ev.makers is not None:
            brought = ev.makers.bring(cls, function).get(param.name)
        if brought is not None and is_followed(brought):
            found.append((param.name, brought))
    return tuple(found)


def _assigners(cls: ClassValue, name: str, ev: Evaluator) -> list[FunctionValue]:
    """The methods of the class that assign `self.name`."""
    found = []
    for function in cls.scope.vars.values():
        if not isinstance(function, FunctionValue) or name not in function.node.assigned:
            continue
        if name in ev.assigned_attributes(function):
            found.append(function)
    found.sort(key=lambda function: function.name != "__init__")
    return found


def _assigned_names(ev: Evaluator, cls: ClassValue) -> set[str]:
    return {
        name
        for base in classes.mro(cls)
        if isinstance(base, ClassValue)
        for function in base.scope.vars.values()
        if isinstance(function, FunctionValue)
        for name in ev.assigned_attributes(function)
    }


def is_state(value: Value) -> bool:
    """Whether a value is the state of an app or of a request."""
    return isinstance(value, Instance) and isinstance(value.cls, External) and value.cls.name == STATE


def _of_library_instance(ev: Evaluator, value: Instance, cls: External, name: str) -> Value:
    if cls.name == STATE:
        return UNKNOWN if ev.states is None else ev.states.read(value, name)
    if cls.name == "sqlalchemy.Row":
        for entity in value.args:
            if isinstance(entity, ClassValue) and entity.name == name:
                return Instance(entity)  # `select(User)` gives rows with an attribute `User`
    for ancestor in (cls.name, *ancestors(cls.name)[0]):
        spec = ATTRIBUTES.get(ancestor, {}).get(name)
        if spec is not None:
            return types.from_spec(ev, spec, value, None)
    spec = METHODS.get(cls.name, {}).get("__getattr__")
    if spec is not None and name not in METHODS[cls.name]:
        return types.from_spec(ev, spec, value, None)
    if ev.states is not None and _APPLICATION in ancestors(cls.name)[0]:
        kept = ev.states.attribute(name)
        if kept is not None:
            return kept
    return Method(cls.name, name, value)
