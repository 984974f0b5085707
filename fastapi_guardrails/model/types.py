"""Types: from annotations to the values that they promise, and what library calls give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_guardrails.knowledge.classes import ancestors
from fastapi_guardrails.knowledge.returns import ITERABLES, MAPPINGS, METHODS
from fastapi_guardrails.model import classes
from fastapi_guardrails.model.values import (
    NONE,
    UNKNOWN,
    Annotated,
    ClassValue,
    Const,
    Coroutine,
    External,
    ForwardReference,
    FunctionValue,
    Generic,
    Instance,
    Mapping,
    Promised,
    Scope,
    Sequence_,
    TypeVariable,
    Union,
    Unknown,
    Value,
    foreign,
    options,
    text_of,
    union,
    without_none,
)
from fastapi_guardrails.source import facts as f
from fastapi_guardrails.source.extract import parse_expression

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator
    from fastapi_guardrails.model.frames import Arguments

Bindings = dict[str, Value]

#: Wrappers of a type that do not change what a value of it is.
_TRANSPARENT = frozenset(
    {
        "typing.Final", "typing.ClassVar", "typing.Required", "typing.NotRequired", "typing.ReadOnly",
        "sqlalchemy.orm.Mapped", "sqlalchemy.orm.WriteOnlyMapped", "dataclasses.InitVar",
    }
)  # fmt: skip

#: Stands in annotations, and among bindings, for the class of the object.
_SELF = "typing.Self"

#: Containers that functions fill, and how many type arguments they take.
_CONTAINERS = {
    "builtins.dict": 2, "collections.OrderedDict": 2, "collections.defaultdict": 2, "builtins.list": 1,
    "builtins.set": 1, "collections.deque": 1,
}  # fmt: skip
_CONTEXTS = frozenset({"contextlib.AbstractContextManager", "contextlib.AbstractAsyncContextManager"})
_CALLABLES = frozenset({"typing.Callable", "collections.abc.Callable"})
_NOTHING = frozenset({"typing.Any", "builtins.object", *_CALLABLES, _SELF})


def annotation_type(ev: Evaluator, node: f.Expr | None, scope: Scope) -> Value:
    """The type that an annotation names, evaluated where it stands."""
    if node is None:
        return UNKNOWN
    key = (id(node), id(scope))
    known = ev.annotations.get(key)
    if known is not None:
        return known[0]
    if key in ev.annotating:
        return UNKNOWN  # an annotation that asks for itself
    ev.annotating.add(key)
    try:
        type_ = resolve(ev, ev.at_definition(node, scope), scope)
    finally:
        ev.annotating.discard(key)
    if scope.module.state == "done" and not isinstance(type_, Unknown):
        ev.annotations[key] = (type_, node, scope)
    return type_


def resolve(ev: Evaluator, value: Value, scope: Scope) -> Value:
    """A type value with strings read as forward references."""
    if isinstance(value, Const) and isinstance(value.value, str):
        return resolve_text(ev, value.value, scope)
    if isinstance(value, ForwardReference):
        return resolve_text(ev, value.text, value.scope)
    if isinstance(value, Union):
        return union(resolve(ev, o, scope) for o in value.options)
    if isinstance(value, Annotated):
        return Annotated(resolve(ev, value.type, scope), value.metadata)
    return value


def resolve_text(ev: Evaluator, text: str, scope: Scope) -> Value:
    """The type that a string names in a scope."""
    key = (text, id(scope))
    if key in ev.forward:
        return ev.forward[key]
    ev.forward[key] = UNKNOWN
    node = parse_expression(text)
    value = UNKNOWN if node is None else annotation_type(ev, node, scope)
    if isinstance(value, Unknown) and scope.module.state != "done":
        del ev.forward[key]  # what it names may come later in the module
    else:
        ev.forward[key] = value
    return value


def instance_of(ev: Evaluator, type_: Value, bindings: Bindings | None = None) -> Value:
    """A value of a type: `User` → an instance of it, `X | None` → either, `list[User]` → a list of users."""
    if isinstance(type_, ClassValue):
        return Instance(type_)
    if isinstance(type_, External):
        if type_.name == _SELF and bindings and _SELF in bindings:
            return instance_of(ev, bindings[_SELF])
        return UNKNOWN if type_.name in _NOTHING else Instance(type_)
    if isinstance(type_, Annotated):
        return instance_of(ev, type_.type, bindings)
    if isinstance(type_, Union):
        return union(instance_of(ev, o, bindings) for o in type_.options)
    if isinstance(type_, Const):
        if type_.value is None:
            return NONE
        return (
            instance_of(ev, resolve_text(ev, type_.value, ev.anywhere), bindings)
            if isinstance(type_.value, str)
            else UNKNOWN
        )
    if isinstance(type_, ForwardReference):
        return instance_of(ev, resolve_text(ev, type_.text, type_.scope), bindings)
    if isinstance(type_, TypeVariable):
        return _instance_of_variable(ev, type_, bindings)
    if isinstance(type_, Generic):
        return _instance_of_generic(ev, type_, bindings)
    return UNKNOWN


def _instance_of_variable(ev: Evaluator, variable: TypeVariable, bindings: Bindings | None) -> Value:
    if bindings and variable.name in bindings:
        return instance_of(ev, bindings[variable.name])
    return UNKNOWN if variable.bound is None else instance_of(ev, variable.bound)


def type_variable(name: str, bound: Value | None, scope: Scope) -> TypeVariable:
    """A type variable whose bound is a class, a text that names one, or several classes of which it is one."""
    if isinstance(bound, Sequence_):
        bound = union(bound.items)
    text = None if bound is None else text_of(bound)
    return TypeVariable(name, bound if text is None else ForwardReference(text, scope))


def _instance_of_generic(ev: Evaluator, type_: Generic, bindings: Bindings | None) -> Value:
    origin = type_.origin
    if isinstance(origin, External):
        if origin.name in _TRANSPARENT and type_.args:
            return instance_of(ev, type_.args[0], bindings)
        if origin.name == "builtins.type" and type_.args:
            return substitute(type_.args[0], bindings)
        if origin.name == "typing.Literal":
            return union(
                Instance(External(f"builtins.{type(a.value).__name__}")) for a in type_.args if isinstance(a, Const)
            )
        if origin.name in ("collections.abc.Awaitable", "collections.abc.Coroutine") and type_.args:
            return Coroutine(instance_of(ev, type_.args[-1], bindings))
        if origin.name in ("typing.TypeGuard", "typing.TypeIs"):
            return Instance(External("builtins.bool"))
        if origin.name in _CALLABLES and len(type_.args) == 2:
            return _promised(instance_of(ev, type_.args[1], bindings))
        if origin.name in _NOTHING:
            return UNKNOWN
    if isinstance(origin, (External, ClassValue)):
        return Instance(origin, tuple(substitute(resolve_reference(ev, a), bindings) for a in type_.args))
    return UNKNOWN


def _promised(result: Value) -> Value:
    """What is called for such results; they must say something."""
    return UNKNOWN if isinstance(result, Unknown) and not isinstance(result, Promised) else Promised(result)


def resolve_reference(ev: Evaluator, value: Value) -> Value:
    """A forward reference looked up; anything else as it is."""
    return resolve_text(ev, value.text, value.scope) if isinstance(value, ForwardReference) else value


def substitute(type_: Value, bindings: Bindings | None) -> Value:
    """The type with its type variables replaced."""
    if not bindings:
        return type_
    if isinstance(type_, TypeVariable):
        return bindings.get(type_.name, type_)
    if isinstance(type_, External) and type_.name == _SELF:
        return bindings.get(_SELF, type_)
    if isinstance(type_, Generic):
        return Generic(type_.origin, tuple(substitute(a, bindings) for a in type_.args))
    if isinstance(type_, Union):
        return union(substitute(o, bindings) for o in type_.options)
    if isinstance(type_, Annotated):
        return Annotated(substitute(type_.type, bindings), type_.metadata)
    return type_


def type_parameters(cls: ClassValue) -> list[str]:
    """Names of a generic class's type parameters, in order."""
    found: list[str] = []
    for base in cls.bases:
        if isinstance(base, Generic):
            explicit = isinstance(base.origin, External) and base.origin.name in ("typing.Generic", "typing.Protocol")
            names = [a.name for a in base.args if isinstance(a, TypeVariable)]
            if explicit:
                return names
            found += [n for n in names if n not in found]
    return found


def bindings_of(receiver: Value | None, owner: ClassValue) -> Bindings:
    """What the type variables of `owner` and `Self` stand for in a method of a class or of an object."""
    cls = receiver.cls if isinstance(receiver, Instance) else receiver
    if not isinstance(cls, ClassValue):
        return {}
    args = receiver.args if isinstance(receiver, Instance) else ()
    return {**bindings_for(cls, args, owner), _SELF: Generic(cls, args) if args else cls}


def bindings_for(cls: ClassValue, args: tuple[Value, ...], owner: ClassValue) -> Bindings:
    """What the type variables of `owner`, an ancestor of `cls[args]`, stand for."""
    bindings = dict(zip(type_parameters(cls), args))
    if cls is owner or cls.node is owner.node:
        return bindings
    for base in cls.bases:
        origin = classes.plain(base)
        if not isinstance(origin, ClassValue) or not any(c is owner for c in classes.mro(origin)):
            continue
        inner = tuple(substitute(a, bindings) for a in base.args) if isinstance(base, Generic) else ()
        return bindings_for(origin, inner, owner)
    return bindings


def as_declared(ev: Evaluator, value: Value) -> Value:
    """An empty container as the variable declares that it was made for; any other value as it is."""
    if not isinstance(value, (Sequence_, Mapping)) or value.items or value.annotation is None:
        return value
    declared = instance_of(ev, annotation_type(ev, *value.annotation))
    return value if isinstance(declared, Unknown) else declared


def says_not_what_it_holds(value: Value) -> bool:
    """Whether a container is empty, or declared without saying what it holds: `{}`, `dict`, `dict[str, Any]`."""
    if isinstance(value, (Sequence_, Mapping)):
        return not value.items
    if not isinstance(value, Instance) or not isinstance(value.cls, External) or value.cls.name not in _CONTAINERS:
        return False
    return not value.args or isinstance(value.args[-1], Unknown) or _is_any(value.args[-1])


def _is_any(type_: Value) -> bool:
    return isinstance(type_, External) and type_.name in _NOTHING


def container(value: Value, item: Value) -> Instance:
    """A container that `says_not_what_it_holds` as one of such items."""
    held = type_of(item)
    if isinstance(value, Instance) and isinstance(value.cls, External):
        return Instance(value.cls, (*(value.args or (UNKNOWN,) * _CONTAINERS[value.cls.name])[:-1], held))
    if isinstance(value, Sequence_):
        return Instance(External(f"builtins.{value.kind}"), (held,))
    return Instance(External("builtins.dict"), (UNKNOWN, held))


def element(value: Value, ev: Evaluator) -> Value:
    """What iterating over a value gives."""
    found: list[Value] = []
    for option in options(without_none(value)):
        if isinstance(option, Sequence_):
            found += option.items or ([UNKNOWN] if option.open else [])
        elif isinstance(option, Mapping):
            found += [Const(k) for k in option.items]
        elif isinstance(option, Instance):
            found.append(_element_of_instance(option, ev))
        else:
            found.append(UNKNOWN)
    return union(found)


def _element_of_instance(value: Instance, ev: Evaluator) -> Value:
    if isinstance(value.cls, ClassValue):
        return _element_of_project_instance(value, value.cls, ev)
    if value.cls.name in ITERABLES and value.args:
        return instance_of(ev, value.args[0])
    if value.cls.name in MAPPINGS and value.args:
        return instance_of(ev, value.args[0])
    spec = METHODS.get(value.cls.name, {}).get("__iter__")
    return from_spec(ev, spec, value, None) if spec else UNKNOWN


def _element_of_project_instance(value: Instance, cls: ClassValue, ev: Evaluator) -> Value:
    for name in ("__iter__", "__aiter__"):
        method = classes.method(cls, name)
        if method is None:
            continue
        result = ev.result_of(method, value)
        if any(isinstance(o, Instance) and o.cls is cls for o in options(result)):
            return _element_of_iterator(value, cls, ev)
        return element(result, ev)
    return UNKNOWN


def _element_of_iterator(value: Instance, cls: ClassValue, ev: Evaluator) -> Value:
    for name in ("__next__", "__anext__"):
        method = classes.method(cls, name)
        if method is not None:
            result = ev.result_of(method, value)
            return result.result if isinstance(result, Coroutine) else result
    return UNKNOWN


def awaited(value: Value, ev: Evaluator) -> Value:
    """What `await` gives for a value that is no coroutine."""
    library = value.cls.name if isinstance(value, Instance) and isinstance(value.cls, External) else ""
    spec = METHODS.get(library, {}).get("__await__")
    return foreign(value) if spec is None else from_spec(ev, spec, value, None)


def entered(value: Value, ev: Evaluator) -> Value:
    """What `with value as target` binds."""
    return union(_entered(option, ev) for option in options(value))


def _entered(value: Value, ev: Evaluator) -> Value:
    if not isinstance(value, Instance):
        return UNKNOWN
    itself = value
    if isinstance(value.cls, ClassValue):
        for name in ("__enter__", "__aenter__"):
            method = classes.method(value.cls, name)
            if method is not None:
                result = ev.result_of(method, value)
                result = result.result if isinstance(result, Coroutine) else result
                return value if isinstance(result, Unknown) else result
        value = _library_side(value, value.cls)
    if not isinstance(value.cls, External):
        return value
    if value.cls.name in _CONTEXTS and value.args:
        return value.attrs.get("entered") or instance_of(ev, value.args[0])
    for name in ("__enter__", "__aenter__"):
        spec = method_spec(value.cls.name, name)
        if spec:
            return itself if spec == "self" else from_spec(ev, spec, value, None)
    known = METHODS.get(value.cls.name)
    return itself if known is not None else Instance(value.cls, value.args)


def _library_side(value: Instance, cls: ClassValue) -> Instance:
    """The same object seen as its first library class."""
    for base in classes.externals(cls):
        return Instance(base, value.args)
    return value


def method_spec(cls: str, name: str) -> str | None:
    """The type expression of a library method, looked up through the ancestors."""
    own = METHODS.get(cls, {}).get(name)
    if own is not None:
        return own
    for ancestor in ancestors(cls)[0]:
        spec = METHODS.get(ancestor, {}).get(name)
        if spec is not None:
            return spec
    return None


def from_spec(ev: Evaluator, spec: str, receiver: Value, call: Arguments | None) -> Value:
    """The value that a type expression of `knowledge.returns` promises."""
    if spec.startswith("await "):
        return Coroutine(from_spec(ev, spec[6:], receiver, call))
    if spec == "self":
        return receiver
    if spec == "none":
        return NONE
    if spec == "same0":
        return call.args[0] if call and call.args else UNKNOWN
    type_ = _spec_type(ev, spec, receiver, call)
    return instance_of(ev, type_)


def _spec_type(ev: Evaluator, spec: str, receiver: Value, call: Arguments | None) -> Value:
    if spec.endswith("?"):
        return union([_spec_type(ev, spec[:-1], receiver, call), NONE]) if len(spec) > 1 else UNKNOWN
    if spec.endswith("]"):
        name, _, inner = spec[:-1].partition("[")
        several = _spec_types(inner, receiver, call)
        return Generic(External(name), (_spec_type(ev, inner, receiver, call),) if several is None else several)
    if spec == "made":
        return receiver if isinstance(receiver, ClassValue) else UNKNOWN
    if spec == "elem":
        return _argument_of(receiver, 0)
    if spec == "value":
        return _argument_of(receiver, 1)
    if spec == "arg0":
        return as_type(call.args[0]) if call and call.args else UNKNOWN
    if spec == "entity":
        return entity(call.args[0]) if call and call.args else UNKNOWN
    return External(spec)


def _spec_types(spec: str, receiver: Value, call: Arguments | None) -> tuple[Value, ...] | None:
    """The type arguments that one word stands for, None where it is a type of its own."""
    if spec == "args":
        return receiver.args if isinstance(receiver, Instance) else (UNKNOWN,)
    if spec == "given":
        return tuple(map(as_type, call.args)) if call else (UNKNOWN,)
    if spec == "entities":
        return _entities(call.args[0]) if call and call.args else (UNKNOWN,)
    return None


def _argument_of(receiver: Value, index: int) -> Value:
    if isinstance(receiver, Instance) and len(receiver.args) > index:
        return receiver.args[index]
    return UNKNOWN


def type_of(value: Value) -> Value:
    """The type of a value, for use as a type argument."""
    if isinstance(value, Instance):
        return Generic(value.cls, value.args) if value.args else value.cls
    if isinstance(value, Const):
        return NONE if value.value is None else External(f"builtins.{type(value.value).__name__}")
    if isinstance(value, Union):
        return union(type_of(o) for o in value.options)
    if isinstance(value, Sequence_):
        return Generic(External(f"builtins.{value.kind}"), (union(type_of(i) for i in value.items),))
    return UNKNOWN


def as_type(value: Value) -> Value:
    """A class given as a value, as a type; anything that is no class is unknown."""
    if isinstance(value, (ClassValue, Generic, TypeVariable)):
        return value
    return UNKNOWN


def entity(statement: Value) -> Value:
    """The ORM class that a statement selects, where it says so."""
    found = [
        o.args[0] for o in options(statement) if isinstance(o, Instance) and o.args and isinstance(o.cls, External)
    ]
    return union(found) if found and len(found) == len(options(statement)) else UNKNOWN


def _entities(statement: Value) -> tuple[Value, ...]:
    """The ORM classes that a statement selects, one for each column that is one."""
    if isinstance(statement, Instance) and isinstance(statement.cls, External) and statement.args:
        return statement.args
    return (entity(statement),)


def bind_call(ev: Evaluator, function: FunctionValue, receiver: Value | None, call: Arguments) -> Bindings:
    """Type variables of a generic function, from the arguments of one call."""
    bindings: Bindings = {}
    params = [p for p in function.node.params if p.kind in ("pos", "any")]
    itself = params[: 0 if receiver is None else 1]
    given = [(param, receiver) for param in itself]
    given += [(param, call.get(index, param.name)) for index, param in enumerate(params[len(itself) :])]
    for param, value in given:
        if value is None or param.annotation is None:
            continue
        _unify(ev, annotation_type(ev, param.annotation, function.scope), value, bindings)
    return bindings


def inferred_arguments(
    ev: Evaluator, cls: ClassValue, initializer: FunctionValue, call: Arguments
) -> tuple[Value, ...]:
    """The type arguments of a generic class that the arguments of its `__init__` tell; none where they do not."""
    names = type_parameters(cls)
    bindings = bind_call(ev, initializer, Instance(cls), call) if names else {}
    return tuple(bindings.get(name, UNKNOWN) for name in names) if bindings else ()


def _unify(ev: Evaluator, type_: Value, value: Value, bindings: Bindings) -> None:
    """Note what the type variables of a parameter's type stand for, going by an argument."""
    if isinstance(type_, TypeVariable):
        if isinstance(value, Instance):
            bindings[type_.name] = Generic(value.cls, value.args) if value.args else value.cls
    elif isinstance(type_, Union):
        for option in type_.options:
            _unify(ev, option, without_none(value), bindings)
    elif isinstance(type_, Generic) and isinstance(type_.origin, External) and type_.args:
        inner = type_.args[0]
        if type_.origin.name in ITERABLES:
            _unify(ev, inner, element(value, ev), bindings)
        elif isinstance(inner, TypeVariable) and isinstance(value, (ClassValue, Generic)):
            bindings[inner.name] = value  # `type[T]`
