"""The elements of a project that rules are called with."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import zip_longest
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Mark
from fastapi_guardrails.knowledge.classes import ancestors
from fastapi_guardrails.model import classes, naming, routing, types
from fastapi_guardrails.model.calls import Analysis, CallSite
from fastapi_guardrails.model.dependencies import Dependency, Parameter, name_of, signature
from fastapi_guardrails.model.values import (
    UNKNOWN,
    Bound,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Instance,
    LambdaValue,
    Partial,
    Sequence_,
    Union,
    Value,
    is_none,
    text_of,
    truth,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.project import Project
    from fastapi_guardrails.model.symbols import Module as Source


def mark_at(module: Source, pos: int, kind: str = "expr") -> Mark:
    """The mark of a position in a module."""
    return Mark(module.path, f.line_of(pos), f.offset_of(pos), kind)


class Element:
    """Something of a project with a place in its source."""

    def __init__(self, project: Project, source: Source, pos: int, kind: str) -> None:
        self.project = project
        self.source = source
        self.pos = pos
        self.kind = kind

    @property
    def mark(self) -> Mark:
        """Where it starts."""
        return mark_at(self.source, self.pos, self.kind)

    @property
    def path(self) -> str:
        """Its file, relative to the project root."""
        return self.source.path

    def at(self, node: f.Node, kind: str = "expr") -> Mark:
        """The mark of a node of the same file."""
        return mark_at(self.source, node.pos, kind)


class Module(Element):
    """A file of the application."""

    def __init__(self, project: Project, source: Source) -> None:
        super().__init__(project, source, 1 << 16, "file")

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def body(self) -> list[f.Stmt]:
        """Its statements."""
        return self.source.facts.body


class Function(Element):
    """A function or method of the application (`value` is it as the evaluator knows it)."""

    def __init__(self, project: Project, value: FunctionValue) -> None:
        super().__init__(project, value.module, value.node.pos, "def")
        self.value = value

    @property
    def name(self) -> str:
        return self.value.name

    @property
    def qualname(self) -> str:
        return self.value.qualname

    @property
    def full_name(self) -> str:
        """`module.qualname`."""
        return f"{self.value.module.name}.{self.value.qualname}"

    @property
    def node(self) -> f.Function:
        return self.value.node

    @property
    def is_async(self) -> bool:
        return self.value.node.is_async

    @property
    def is_generator(self) -> bool:
        return self.value.node.is_generator

    @cached_property
    def body(self) -> list[f.Stmt]:
        """Its statements."""
        return self.project.evaluator.body(self.value)

    @cached_property
    def analysis(self) -> Analysis:
        """What happens in it, with its parameters as declared."""
        return self.project.evaluator.analysis(self.value)

    @property
    def calls(self) -> list[Call]:
        """Its calls, in source order."""
        return [Call(self.project, site) for site in self.analysis.calls]

    @property
    def is_endpoint(self) -> bool:
        """Whether some route is served by it."""
        return self.value.node in self.project.roles.endpoints

    @property
    def is_dependency(self) -> bool:
        """Whether some route depends on it."""
        return self.value.node in self.project.roles.dependencies

    @property
    def is_lifespan(self) -> bool:
        """Whether an app runs it at start-up."""
        return self.value.node in self.project.roles.lifespans

    @property
    def is_reached(self) -> bool:
        """Whether a request may run it: an endpoint, a dependency, a background task, or called by one."""
        return self.value.node in self.project.reached


class Call(Element):
    """One call in a function of the application."""

    def __init__(self, project: Project, site: CallSite) -> None:
        super().__init__(project, site.function.module, site.node.pos, "expr")
        self.site = site

    @property
    def name(self) -> str:
        """Qualified name of the library function or method that is called, else ''."""
        return self.site.name

    @property
    def function(self) -> Function:
        """The function in whose body it stands."""
        return self.project.function(self.site.function)


class Class(Element):
    """A class of the application."""

    def __init__(self, project: Project, value: ClassValue) -> None:
        super().__init__(project, value.module, value.node.pos, "class")
        self.value = value

    @property
    def name(self) -> str:
        return self.value.name

    @property
    def node(self) -> f.Class:
        return self.value.node

    @cached_property
    def is_orm(self) -> bool:
        """A mapped SQLAlchemy class, or SQLModel with `table=True`."""
        return classes.is_orm(self.value)

    @cached_property
    def is_pydantic(self) -> bool | None:
        """A Pydantic model: yes, no, unknown."""
        return classes.is_pydantic(self.value)

    @cached_property
    def is_exception(self) -> bool | None:
        return classes.is_exception(self.value)

    def inherits(self, *names: str) -> bool | None:
        """Whether it is or inherits one of the library classes: yes, no, unknown."""
        return classes.inherits(self.value, *names)

    @cached_property
    def fields(self) -> list[Parameter]:
        """Its annotated fields, inherited ones first."""
        return self.project.trees.fields(self.value)


class Router(Element):
    """An `APIRouter`."""

    def __init__(self, project: Project, value: routing.RouterObject) -> None:
        super().__init__(project, value.place.module, value.place.pos, "expr")
        self.value = value

    @property
    def name(self) -> str:
        """The variable that holds it, or ''."""
        return self.value.name


class App(Router):
    """A `FastAPI` application."""

    @cached_property
    def routes(self) -> list[Route]:
        """All its routes in the order of matching, those of mounted apps included."""
        return [Route(self.project, flat, self) for flat in self.project.flatten(self.value)]

    @property
    def own_routes(self) -> list[Route]:
        """The routes that it serves itself: those of mounted apps left out."""
        return [r for r in self.routes if r.flat.owner is self.value]

    @property
    def is_mounted(self) -> bool:
        """Whether another app surely mounts it."""
        mounts = [p for p in self.value.parents if isinstance(p, routing.MountEntry)]
        return any(not p.off and self.value.doubts.issuperset(p.doubts) for p in mounts) or len(mounts) > 1

    @property
    def handlers(self) -> list[routing.HandlerEntry]:
        """Its exception handlers."""
        return self.value.handlers

    @property
    def middlewares(self) -> list[routing.MiddlewareEntry]:
        """Its middlewares."""
        return self.value.middlewares


class Route(Element):
    """A path operation as an app serves it."""

    def __init__(self, project: Project, flat: routing.FlatRoute, app: App) -> None:
        place = flat.entry.place
        super().__init__(project, place.module, place.pos, place.kind)
        self.flat = flat
        self.app = app

    @property
    def route_path(self) -> str:
        """The full path, `{?}` for an unknown part."""
        return self.flat.path

    @property
    def methods(self) -> list[str]:
        """Its HTTP methods, upper-case; empty for WebSockets and where they are unknown."""
        return self.flat.entry.methods or []

    @property
    def websocket(self) -> bool:
        return self.flat.entry.websocket

    @property
    def is_operation(self) -> bool:
        """Whether it is a path operation of FastAPI, and no plain Starlette route."""
        return not self.flat.entry.plain

    @property
    def certain(self) -> bool:
        """Whether it surely exists, with this path and these methods."""
        return not (self.flat.uncertain or self.flat.off)

    @cached_property
    def endpoint(self) -> Function | None:
        """The project function that serves it, under its decorators; None for anything else."""
        function = self._signature
        return None if function is None else self.project.function(function)

    @cached_property
    def _signature(self) -> FunctionValue | None:
        return signature(self.flat.entry.endpoint)[0]

    @property
    def endpoint_name(self) -> str:
        """`module.qualname` of what serves it."""
        return name_of(self.flat.entry.endpoint)

    @property
    def is_async(self) -> bool:
        """Whether the endpoint runs on the event loop."""
        return _is_async(self.flat.entry.endpoint)

    # --- options -----------------------------------------------------------------------------------------------

    def option(self, name: str) -> Value | None:
        """An argument of the decorator; None where it is absent, Unknown where `**kwargs` may bring it."""
        value = self.flat.entry.options.get(name)
        if value is None and self.flat.entry.open:
            return UNKNOWN
        return value

    @cached_property
    def status_code(self) -> int | None:
        """The declared status code, None where none is declared or it is unknown."""
        value = self.option("status_code")
        return int(value.value) if isinstance(value, Const) and isinstance(value.value, (int, float)) else None

    @cached_property
    def include_in_schema(self) -> bool:
        """Whether the OpenAPI schema shows it: neither the route nor anything around it hides it."""
        if self.websocket:
            return False
        values = [self.flat.entry.options.get("include_in_schema")]
        values += [r.options.get("include_in_schema") for r in self.flat.routers if not r.is_app]
        values += [e.options.get("include_in_schema") for e in self.own_includes]
        return not any(v is not None and truth(v) is False for v in values)

    @cached_property
    def tags(self) -> list[str]:
        """Tags of the includes, routers and the route."""
        found: list[str] = []
        includes = self.own_includes
        for index, router in enumerate(self.flat.routers):
            if index and index <= len(includes):
                found += _texts(includes[index - 1].options.get("tags"))
            if not router.is_app:
                found += _texts(router.options.get("tags"))
        return found + _texts(self.flat.entry.options.get("tags"))

    @cached_property
    def response_class(self) -> Value | None:
        """The class of its responses: its own, or the nearest default around it; None where nothing is said."""
        given = [self.option("response_class")]
        for around in zip_longest(reversed(self.flat.routers), reversed(self.own_includes)):
            given += [a.options.get("default_response_class") for a in around if a is not None]
        return next((classes.plain(v) for v in given if v is not None and not is_none(v)), None)

    # --- response model ------------------------------------------------------------------------------------------

    @cached_property
    def response_model(self) -> Value | None:
        """The model of the response as a type: explicit, or from the annotation; None where there is none.

        An endpoint that yields streams its items: its annotation is no model of the whole response.
        """
        explicit = self.option("response_model")
        if explicit is not None:
            return None if is_none(explicit) or self._is_response(explicit) else explicit
        return self._annotated_model

    @cached_property
    def response_model_source(self) -> str | None:
        """`explicit`, `annotation`, or None without a response model."""
        if self.response_model is None:
            return None
        return "explicit" if self.option("response_model") is not None else "annotation"

    @cached_property
    def _annotated_model(self) -> Value | None:
        function = self._signature
        if function is None or function.node.returns is None or self.websocket or self.flat.entry.plain:
            return None
        if function.node.is_generator:
            return None
        type_ = types.annotation_type(self.project.evaluator, function.node.returns, function.scope)
        if is_none(type_) or self._is_response(type_):
            return None
        return type_

    def _is_response(self, type_: Value) -> bool:
        plain = classes.plain(type_)
        if isinstance(plain, External):
            return "starlette.responses.Response" in ancestors(plain.name)[0] or (
                plain.name.endswith("Response") and (plain.name.startswith("starlette."))
            )
        return classes.inherits(plain, "starlette.responses.Response") is True

    @cached_property
    def response_model_name(self) -> str | None:
        """The response model as text, with qualified names."""
        model = self.response_model
        if model is None:
            return None
        node = self._response_model_node
        return naming.type_name(self.project.evaluator, model, node)

    @property
    def _response_model_node(self) -> f.Expr | None:
        function = self._signature
        if self.option("response_model") is not None or function is None:
            return None
        return function.node.returns

    # --- dependencies --------------------------------------------------------------------------------------------

    @cached_property
    def tree(self) -> Dependency:
        """The endpoint with its dependency tree; those of decorator, routers, includes and app come after its own."""
        trees = self.project.trees
        entry = self.flat.entry
        node = trees.tree(entry.endpoint) if not entry.plain else Dependency(entry.endpoint, None, None)
        made = Dependency(node.target, None, None)
        made.function, made.resolved = node.function, node.resolved
        made.parameters = list(node.parameters)
        made.children = list(node.children)
        if entry.view is not None:
            made.children.append(trees.view(entry.view))
        lists = [entry.options.get("dependencies")] + [r.options.get("dependencies") for r in self.flat.routers]
        lists += [e.options.get("dependencies") for e in self.own_includes]
        open_ = entry.open or any(r.open for r in self.flat.routers)
        open_ = open_ or any(e.open for e in self.own_includes)
        for value in lists:
            found, complete = routing.depends_in(value)
            open_ = open_ or not complete or self.project.evaluator.choices.holds(value)
            made.children += [trees.from_depends(d) for d in found]
        if open_:
            made.resolved = False
        return made

    @property
    def dependencies(self) -> list[Dependency]:
        """All dependencies of the tree, the endpoint itself left out."""
        return list(self.tree.walk())[1:]

    @cached_property
    def parameters(self) -> list[Parameter]:
        """The endpoint's own parameters that are read from the request."""
        return self.tree.parameters

    @cached_property
    def is_secured(self) -> bool:
        """Whether one of `fastapi.security`'s schemes is in its tree."""
        return any(d.is_scheme for d in self.dependencies)

    @property
    def dependencies_known(self) -> bool:
        """Whether its whole dependency tree could be followed."""
        return self.tree.is_complete

    # --- places --------------------------------------------------------------------------------------------------

    @property
    def includes(self) -> list[routing.IncludeEntry]:
        """The includes on the way, outermost first."""
        return [e for e in self.flat.chain if isinstance(e, routing.IncludeEntry)]

    @property
    def own_includes(self) -> list[routing.IncludeEntry]:
        """The includes below the last mount on the way: those above it do not reach into the mounted app."""
        found: list[routing.IncludeEntry] = []
        for entry in self.flat.chain:
            if isinstance(entry, routing.IncludeEntry):
                found.append(entry)
            elif isinstance(entry, routing.MountEntry):
                found.clear()
        return found

    def place_mark(self, place: routing.Place) -> Mark:
        """The mark of an include, mount, handler or other registered place."""
        return mark_at(place.module, place.pos, place.kind)


def _texts(value: Value | None) -> list[str]:
    if not isinstance(value, Sequence_):
        return []
    return [t for t in (text_of(i) for i in value.items) if t is not None]


def _is_async(endpoint: Value) -> bool:
    if isinstance(endpoint, FunctionValue):
        return endpoint.node.is_async
    if isinstance(endpoint, Bound):
        return endpoint.function.node.is_async
    if isinstance(endpoint, Partial):
        return _is_async(endpoint.target)
    if isinstance(endpoint, Instance) and isinstance(endpoint.cls, ClassValue):
        method = classes.method(endpoint.cls, "__call__")
        return method is not None and method.node.is_async
    return isinstance(endpoint, Union) and all(map(_is_async, endpoint.options))


def is_function_like(value: Value) -> bool:
    """Whether a value is a callable of the project."""
    return isinstance(value, (FunctionValue, Bound, Partial, LambdaValue))


def iterate_calls(functions: Iterator[Function]) -> Iterator[Call]:
    """The calls of several functions."""
    for function in functions:
        yield from function.calls
