"""Dependency trees: what FastAPI calls before an endpoint, all the way down.

Source: FastAPI's `get_dependant`: the parameters of a callable (a class's `__init__`, an instance's `__call__`, what
`functools.wraps` points to) that have `Depends` in their default or in `Annotated`; `Depends()` depends on the type.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from fastapi_guardrails.knowledge.classes import INJECTED, is_security_scheme
from fastapi_guardrails.model import classes, types
from fastapi_guardrails.model.calls import depends_of
from fastapi_guardrails.model.values import (
    UNKNOWN,
    Annotated,
    Bound,
    ClassValue,
    DependsValue,
    External,
    FunctionValue,
    Generic,
    Instance,
    LambdaValue,
    Partial,
    Union,
    Unknown,
    Value,
    options,
    text_of,
    truth,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator
    from fastapi_guardrails.model.symbols import Module

#: How many classes are looked at in one response model.
_MAX_MODELS = 200


class Parameter(NamedTuple):
    """A parameter as FastAPI sees it.

    Attributes:
        name: its name; module, pos: where it is written.
        type: its annotated type without `Annotated`; metadata: what `Annotated` adds.
        default: the value of its default, None without one.
        depends: its dependency, None for a parameter that is read from the request.
        node: the facts of it, or None for the field of a class.
        function: the function that it belongs to, or None.
    """

    name: str
    module: Module
    pos: int
    type: Value
    metadata: tuple[Value, ...]
    default: Value | None
    depends: DependsValue | None
    node: f.Param | None
    function: FunctionValue | None
    kind: str = "any"

    @property
    def marker(self) -> Instance | None:
        """The `Query(...)`, `Body(...)`, `Path(...)`, … of the parameter, or None."""
        for value in (*reversed(self.metadata), self.default):
            if isinstance(value, Instance) and isinstance(value.cls, External) and value.cls.name in MARKERS:
                return value
        return None

    @property
    def marker_name(self) -> str:
        """`Query`, `Path`, `Header`, `Cookie`, `Body`, `Form`, `File`, or ''."""
        marker = self.marker
        return marker.cls.name.rpartition(".")[2] if marker and isinstance(marker.cls, External) else ""

    @property
    def alias(self) -> str:
        """The name under which it is read from the request."""
        for value in (*reversed(self.metadata), self.default):
            if not isinstance(value, Instance) or not isinstance(value.cls, External):
                continue
            if value.cls.name in MARKERS or value.cls.name == "pydantic.Field":
                names = (text_of(value.attrs.get(n, UNKNOWN)) for n in ("validation_alias", "alias"))
                alias = next((n for n in names if n), None)
                if alias:
                    return alias
        return self.name


MARKERS = frozenset(
    f"fastapi.{prefix}{name}"
    for prefix in ("", "params.", "param_functions.")
    for name in ("Query", "Path", "Header", "Cookie", "Body", "Form", "File")
)


class Dependency:
    """A node of a dependency tree.

    Attributes:
        target: the callable; name: its qualified name.
        depends: the `Depends(...)` that leads to it, None for the endpoint itself.
        parameter: the parameter that asks for it, None for one of a `dependencies=[…]` list.
        children: its own dependencies.
        parameters: its other parameters, read from the request.
        resolved: False where the callable is unknown, so that nothing can be said of its tree.
        function: the project function whose signature counts, or None.
    """

    __slots__ = ("children", "depends", "function", "name", "parameter", "parameters", "resolved", "target")

    def __init__(self, target: Value, depends: DependsValue | None, parameter: Parameter | None) -> None:
        self.target = target
        self.depends = depends
        self.parameter = parameter
        self.children: list[Dependency] = []
        self.parameters: list[Parameter] = []
        self.resolved = True
        self.function: FunctionValue | None = None
        self.name = name_of(target)

    def walk(self) -> Iterator[Dependency]:
        """The node and everything below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def is_scheme(self) -> bool:
        """Whether it is one of `fastapi.security`'s schemes (or of a project class that inherits one)."""
        cls = self.target.cls if isinstance(self.target, Instance) else None
        if isinstance(cls, External):
            return is_security_scheme(cls.name)
        return isinstance(cls, ClassValue) and any(is_security_scheme(b.name) for b in classes.externals(cls))

    @property
    def is_complete(self) -> bool:
        """Whether everything below it is resolved."""
        return all(node.resolved for node in self.walk())


def name_of(target: Value) -> str:
    """Qualified name of a callable: `app.deps.get_db`; '?' where it is unknown."""
    if isinstance(target, FunctionValue):
        if isinstance(target.wraps, (FunctionValue, ClassValue, Bound)):
            return name_of(target.wraps)
        return f"{target.module.name}.{target.qualname}"
    if isinstance(target, Bound):
        return name_of(target.function)
    if isinstance(target, ClassValue):
        return f"{target.module.name}.{target.qualname}"
    if isinstance(target, Instance):
        return name_of(target.cls)
    if isinstance(target, Generic):
        return name_of(target.origin)
    if isinstance(target, External):
        return target.name
    if isinstance(target, LambdaValue):
        return f"{target.module.name}.{target.qualname}"
    if isinstance(target, Partial):
        return name_of(target.target)
    names = {name_of(option) for option in options(target)} if isinstance(target, Union) else set()
    return names.pop() if len(names) == 1 else "?"


def signature(target: Value) -> tuple[FunctionValue | None, bool]:
    """The function whose parameters FastAPI reads, and whether its first one is bound."""
    if isinstance(target, FunctionValue):
        if target.wraps is not None:
            return signature(target.wraps)
        return target, False
    if isinstance(target, Bound):
        if target.function.wraps is not None:
            inner = signature(target.function.wraps)[0]
            return inner, True
        return target.function, True
    if isinstance(target, Instance) and isinstance(target.cls, ClassValue):
        return classes.method(target.cls, "__call__"), True
    if isinstance(target, ClassValue):
        return classes.method(target, "__init__"), True
    if isinstance(target, Generic):
        return signature(target.origin)
    if isinstance(target, Partial):
        return signature(target.target)
    if isinstance(target, Union) and name_of(target) != "?":
        return signature(target.options[0])  # each branch has defined it anew
    return None, False


def _is_signed(target: Value | None) -> bool:
    """Whether FastAPI reads a `__signature__` that nobody can tell."""
    while isinstance(target, (FunctionValue, Bound)):
        function = target.function if isinstance(target, Bound) else target
        if function.signed:
            return True
        target = function.wraps
    return False


def _sends_fields(cls: ClassValue) -> bool:
    """Whether FastAPI sends the fields of a class: of a Pydantic model, a dataclass, a typed dict or tuple."""
    if classes.is_pydantic(cls) or classes.is_dataclass(cls):
        return True
    return classes.inherits(cls, "typing.TypedDict", "typing.NamedTuple") is True


class Trees:
    """Builds dependency trees; the tree below a callable is built once."""

    def __init__(self, ev: Evaluator) -> None:
        self._ev = ev
        self._known: dict[int, tuple[Value, list[Parameter], bool]] = {}
        self._fields: dict[int, tuple[ClassValue, list[Parameter]]] = {}
        self._sent: dict[int, tuple[ClassValue, list[ClassValue]]] = {}
        self._without_orm: set[int] = set()

    def tree(
        self, target: Value, depends: DependsValue | None = None, parameter: Parameter | None = None
    ) -> Dependency:
        """The dependency tree below a callable."""
        return self._build(target, depends, parameter, ())

    def from_depends(self, depends: DependsValue, parameter: Parameter | None = None) -> Dependency:
        """The tree of one `Depends(...)`."""
        target = depends.target
        if target is None:
            target = UNKNOWN
        choices = [o for o in options(target) if not isinstance(o, Unknown)]
        if len(choices) > 1:
            made = self._build(choices[0], depends, parameter, ())
            made.resolved = False
            return made
        return self._build(target, depends, parameter, ())

    def _build(
        self, target: Value, depends: DependsValue | None, parameter: Parameter | None, above: tuple[int, ...]
    ) -> Dependency:
        if isinstance(target, Annotated):
            target = classes.plain(target)
        if isinstance(target, Union) and name_of(target) != "?":
            node = self._build(target.options[0], depends, parameter, above)
            node.resolved = False
            return node
        node = Dependency(target, depends, parameter)
        if id(target) in above or len(above) > 40:
            return node
        parameters, resolved = self.parameters(target)
        chosen = self._ev.choices.holds(target) or self._ev.choices.holds(depends)
        node.resolved = resolved and not chosen
        node.function = signature(target)[0]
        for found in parameters:
            if found.depends is None:
                node.parameters.append(found)
                continue
            inner = found.depends.target if found.depends.target is not None else UNKNOWN
            node.children.append(self._build(inner, found.depends, found, (*above, id(target))))
        return node

    def parameters(self, target: Value) -> tuple[list[Parameter], bool]:
        """The parameters of a callable, and whether they could be told."""
        known = self._known.get(id(target))
        if known is None:
            found, resolved = self._parameters(target)
            known = self._known[id(target)] = (target, found, resolved)
        return known[1], known[2]

    def _parameters(self, target: Value) -> tuple[list[Parameter], bool]:
        function, bound = signature(target)
        if function is not None:
            found = self._of_function(function, bound)
            if isinstance(target, Partial):
                given = set(target.kwargs)
                found = [p for p in found[len(target.args) :] if p.name not in given]
            return found, not _is_signed(target)
        if isinstance(target, Generic):
            target = target.origin
        if isinstance(target, ClassValue):
            return self._of_class(target), classes.is_complete(target)
        if isinstance(target, Instance):
            return [], isinstance(target.cls, External) and is_security_scheme(target.cls.name)
        if isinstance(target, External):
            return [], target.name in INJECTED or target.name.startswith(("fastapi.", "starlette.", "builtins."))
        if isinstance(target, LambdaValue):
            return self._of_lambda(target)
        return [], False

    def _of_lambda(self, target: LambdaValue) -> tuple[list[Parameter], bool]:
        found: list[Parameter] = []
        for p in target.node.params:
            default = self._ev.at_definition(p.default, target.scope) if p.default is not None else None
            depends = default if isinstance(default, DependsValue) else None
            found.append(Parameter(p.name, target.module, p.pos, UNKNOWN, (), default, depends, p, None, p.kind))
        return found, not any(p.kind in ("args", "kwargs") for p in target.node.params)

    def _of_function(self, function: FunctionValue, bound: bool) -> list[Parameter]:
        params = function.node.params
        is_method = bound or (function.owner is not None and function.kind != "staticmethod")
        if is_method and params and params[0].kind in ("pos", "any"):
            params = params[1:]
        return [self.of_param(function, p) for p in params if p.kind not in ("args", "kwargs")]

    def of_param(self, function: FunctionValue, param: f.Param) -> Parameter:
        """One parameter of a function."""
        ev = self._ev
        annotation = types.annotation_type(ev, param.annotation, function.scope)
        default = ev.at_definition(param.default, function.scope) if param.default is not None else None
        plain, metadata = _split(ev, annotation)
        depends = depends_of(ev, function, param)
        return Parameter(
            param.name, function.module, param.pos, plain, metadata, default, depends, param, function, param.kind
        )

    def _of_class(self, cls: ClassValue) -> list[Parameter]:
        """Fields that become parameters of a class without `__init__` of its own (dataclasses, models, views)."""
        if classes.is_pydantic(cls) or classes.is_dataclass(cls):
            return self.fields(cls)
        return []

    def fields(self, cls: ClassValue) -> list[Parameter]:
        """The annotated fields of a class and its bases, in the order of declaration."""
        known = self._fields.get(id(cls))
        if known is None:
            known = self._fields[id(cls)] = (cls, self._fields_of(cls))
        return known[1]

    def _fields_of(self, cls: ClassValue) -> list[Parameter]:
        ev = self._ev
        found: dict[str, Parameter] = {}
        for base in reversed(classes.mro(cls)):
            if not isinstance(base, ClassValue):
                continue
            for name, node in base.annotations.items():
                annotation = types.annotation_type(ev, node, base.scope)
                plain, metadata = _split(ev, annotation)
                if (
                    isinstance(plain, Generic)
                    and isinstance(plain.origin, External)
                    and plain.origin.name == "typing.ClassVar"
                ):
                    continue
                default = base.scope.vars.get(name)
                depends = default if isinstance(default, DependsValue) else _first_depends(metadata)
                if depends is not None and depends.target is None:
                    depends = DependsValue(plain, depends.security, depends.options, depends.module, depends.pos)
                found[name] = Parameter(
                    name,
                    base.module,
                    base.positions.get(name, base.node.pos),
                    plain,
                    metadata,
                    default,
                    depends,
                    None,
                    None,
                )
        return list(found.values())

    def classes_in(self, type_: Value) -> list[ClassValue]:
        """The project's classes that a type is made of, forward references looked up."""
        found = classes.flat_classes(_looked_up(self._ev, type_))
        return [cls for cls in found if isinstance(cls, ClassValue)]

    def classes_sent(self, model: ClassValue) -> list[ClassValue]:
        """The project's classes in those fields of a Pydantic model that a response holds: neither private nor left
        out by `Field(exclude=True)`. What a generic base is given stands in its fields."""
        known = self._sent.get(id(model))
        if known is None:
            fields = [field.type for field in self.fields(model) if not _is_left_out(field)]
            bases = [base for cls in classes.mro(model) if isinstance(cls, ClassValue) for base in cls.bases]
            fields += [arg for base in bases if isinstance(base, Generic) for arg in base.args]
            sent = dict.fromkeys(cls for type_ in fields for cls in self.classes_in(type_))
            known = self._sent[id(model)] = (model, list(sent))
        return known[1]

    def orm_class_sent(self, model: Value) -> ClassValue | None:
        """The first ORM class that a type is or holds, in the fields of its models too."""
        seen: dict[int, ClassValue] = {}
        waiting = deque(self.classes_in(model))
        while waiting:
            cls = waiting.popleft()
            if id(cls) in seen or id(cls) in self._without_orm:
                continue
            if classes.is_orm(cls):
                return cls
            seen[id(cls)] = cls
            if len(seen) >= _MAX_MODELS:
                return None
            if _sends_fields(cls):
                waiting += self.classes_sent(cls)
        self._without_orm.update(seen)
        return None

    def view(self, cls: ClassValue) -> Dependency:
        """The dependency that a class-based view is: its annotated class attributes and its `__init__`."""
        node = Dependency(cls, None, None)
        initializer = classes.method(cls, "__init__")
        found = [p for p in self.fields(cls) if p.depends is not None]
        if initializer is not None:
            found += self._of_function(initializer, True)
        for parameter in found:
            if parameter.depends is None:
                node.parameters.append(parameter)
            else:
                inner = parameter.depends.target if parameter.depends.target is not None else UNKNOWN
                node.children.append(self._build(inner, parameter.depends, parameter, (id(cls),)))
        node.function = initializer
        return node


def _split(ev: Evaluator, annotation: Value) -> tuple[Value, tuple[Value, ...]]:
    metadata: tuple[Value, ...] = ()
    for option in options(annotation):
        while isinstance(option, Annotated):
            metadata = (*option.metadata, *metadata)
            option = option.type
            if len(options(annotation)) == 1:
                annotation = types.resolve_reference(ev, option)
    return annotation, metadata


def _first_depends(metadata: tuple[Value, ...]) -> DependsValue | None:
    return next((m for m in metadata if isinstance(m, DependsValue)), None)


def is_marker_default(value: Value | None) -> bool:
    """Whether a default is one of FastAPI's parameter markers or a dependency."""
    return isinstance(value, DependsValue) or (
        isinstance(value, Instance) and isinstance(value.cls, External) and value.cls.name in MARKERS
    )


def required(parameter: Parameter) -> bool | None:
    """Whether a request must bring the parameter: yes, no, unknown."""
    marker = parameter.marker
    default = parameter.default
    if marker is not None and marker is default:
        given = marker.attrs.get("default", marker.attrs.get("0"))
        if given is None:
            return "default_factory" not in marker.attrs
        return isinstance(given, External) and given.name == "builtins.Ellipsis"
    if default is None:
        return True
    if isinstance(default, External) and default.name == "builtins.Ellipsis":
        return True
    return None if isinstance(default, Unknown) else False


def _is_left_out(field: Parameter) -> bool:
    given = (v.attrs.get("exclude") for v in (*field.metadata, field.default) if isinstance(v, Instance))
    return field.name.startswith("_") or any(v is not None and truth(v) is not False for v in given)


def _looked_up(ev: Evaluator, type_: Value) -> Value:
    if isinstance(type_, Generic):
        return Generic(type_.origin, tuple(_looked_up(ev, a) for a in type_.args))
    return types.resolve_reference(ev, type_)
