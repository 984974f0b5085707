"""FastAPI's apps and routers as the evaluator meets them: what is registered on them, in order.

Facts of FastAPI: a route's path is the router's own prefix plus the decorator's path; `include_router` puts its prefix
before that; a mount puts its path before everything of the mounted app. Before 0.137 an include copies the routes that
the router has at that moment; since then it refers to the router (release notes of 0.137).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import copy
from typing import TYPE_CHECKING, NamedTuple

from fastapi_guardrails.knowledge.adding_nothing import adds_no_handlers
from fastapi_guardrails.model import classes
from fastapi_guardrails.model.frames import Arguments, Frame
from fastapi_guardrails.model.values import (
    NONE,
    UNKNOWN,
    Bound,
    ClassValue,
    Const,
    DependsValue,
    External,
    FunctionValue,
    Instance,
    LambdaValue,
    Mapping,
    Method,
    Native,
    Partial,
    Sequence_,
    Union,
    Unknown,
    Value,
    is_none,
    maker,
    options,
    soften,
    text_of,
    union,
)

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator
    from fastapi_guardrails.model.symbols import Module

_METHODS = ("get", "post", "put", "patch", "delete", "options", "head", "trace")
APP_CLASSES = ("fastapi.FastAPI", "starlette.applications.Starlette")
ROUTER_CLASSES = ("fastapi.APIRouter", "starlette.routing.Router")

#: Packages whose functions may find a router of the project, and words in the names of others that may.
_LOOKING_UP = frozenset({"builtins", "functools", "importlib", "inspect", "operator", "pkgutil", "pydoc", "sys"})
_LOADING = re.compile(r"import|load|locate|lookup|hook|plugin|resolve|entry_?point|container|registry", re.IGNORECASE)

#: Attributes of an app that were given no argument: the defaults of `FastAPI.__init__`.
_DEFAULTS: dict[str, str | bool] = {
    "title": "FastAPI",
    "version": "0.1.0",
    "docs_url": "/docs",
    "redoc_url": "/redoc",
    "openapi_url": "/openapi.json",
    "swagger_ui_oauth2_redirect_url": "/docs/oauth2-redirect",
    "root_path": "",
    "debug": False,
}


class Place(NamedTuple):
    """Where something is written."""

    module: Module
    pos: int
    kind: str = "expr"


class Entry:
    """Something registered on a router: base of routes, includes and mounts.

    Attributes:
        place: the decorator or call that registers it.
        uncertain: nobody can say whether it is registered where its router exists.
        doubts: numbers of the undecided branches in which it is registered.
        guessed: it may be another one that is registered.
        off: the defaults do not register it.
        seq: order of registration in the whole program.
    """

    __slots__ = ("doubts", "guessed", "off", "place", "seq", "uncertain")

    def __init__(self, place: Place, frame: Frame, seq: int) -> None:
        self.place = place
        self.doubts = frame.doubts
        self.guessed = False
        self.uncertain = bool(self.doubts)
        self.off = bool(frame.off)
        self.seq = seq

    def settle(self, router: RouterObject) -> None:
        """It is registered on a router: it is as sure as it is where that router is there."""
        self.uncertain = self.guessed or not router.doubts.issuperset(self.doubts)


class RouteEntry(Entry):
    """A path operation (or WebSocket route), before prefixes.

    Attributes:
        path: its path value; methods: upper-case, None where unknown; endpoint: what serves it.
        options: arguments of the decorator by name; open: more may come from `**kwargs`.
        prefix: the router's own prefix when it was registered.
        view: the class that it is a method of, in a class-based view.
        plain: a Starlette route (`app.route`), no path operation.
    """

    __slots__ = ("endpoint", "methods", "open", "options", "path", "plain", "prefix", "view", "websocket")

    def __init__(
        self,
        place: Place,
        frame: Frame,
        seq: int,
        *,
        path: Value,
        methods: list[str] | None,
        endpoint: Value,
        options: dict[str, Value],
        open: bool,
        prefix: Value,
        websocket: bool = False,
        plain: bool = False,
    ) -> None:
        super().__init__(place, frame, seq)
        self.path = path
        self.methods = methods
        self.endpoint = endpoint
        self.options = options
        self.open = open
        self.prefix = prefix
        self.websocket = websocket
        self.plain = plain
        self.view: ClassValue | None = None


class IncludeEntry(Entry):
    """`include_router(router, …)`."""

    __slots__ = ("open", "options", "prefix", "prefix_place", "router")

    def __init__(
        self, place: Place, frame: Frame, seq: int, router: Value, prefix: Value, options: dict[str, Value], open: bool
    ) -> None:
        super().__init__(place, frame, seq)
        self.router = router
        self.prefix = prefix
        self.options = options
        self.open = open
        self.prefix_place = place

    def of(self, router: Value) -> IncludeEntry:
        """The same include of another router, as a guess."""
        made = copy(self)
        made.router = router
        made.guessed = made.uncertain = True
        return made


class MountEntry(Entry):
    """`mount(path, app)`."""

    __slots__ = ("app", "path")

    def __init__(self, place: Place, frame: Frame, seq: int, path: Value, app: Value) -> None:
        super().__init__(place, frame, seq)
        self.path = path
        self.app = app


class HandlerEntry(Entry):
    """An exception handler: `exception` is a class, a status code or unknown."""

    __slots__ = ("exception", "handler")

    def __init__(self, place: Place, frame: Frame, seq: int, exception: Value, handler: Value) -> None:
        super().__init__(place, frame, seq)
        self.exception = exception
        self.handler = handler


class MiddlewareEntry(Entry):
    """A middleware: its class or function, and its options."""

    __slots__ = ("call", "middleware")

    def __init__(self, place: Place, frame: Frame, seq: int, middleware: Value, call: Arguments) -> None:
        super().__init__(place, frame, seq)
        self.middleware = middleware
        self.call = call


class HandlerTable(Mapping):
    """`app.exception_handlers`: what is put there is registered."""

    __slots__ = ("router",)

    def __init__(self, router: RouterObject) -> None:
        super().__init__({}, open=True)
        self.router = router


def set_handler(ev: Evaluator, table: Mapping, exception: Value, handler: Value, place: Place, frame: Frame) -> None:
    """`table[exception] = handler`, which registers a handler where the table is that of an app."""
    if isinstance(table, HandlerTable) and registers(frame):
        table.router.handlers.append(HandlerEntry(place, frame, ev.registry.next(), exception, handler))


class RouterObject(Instance):
    """A `FastAPI`, `Starlette` or `APIRouter` object.

    Attributes:
        is_app: whether it is an app.
        place: the call that makes it.
        options: arguments of its constructor by name; open: more may come from `**kwargs`.
        prefix: its own prefix.
        entries: what is registered, in order.
        handlers, middlewares: of an app.
        startups: functions that run at start-up (lifespan, `on_event`), as values.
        events: `on_event` registrations, as places.
        name: the variable that it is first assigned to.
        parents: includes and mounts that lead to it.
        assigned: the assignment of that variable, else `place`.
        local: its first name in the function that makes it, with the assignment.
        escaped: it was handed to something that cannot be followed, which may serve it.
        presumed: only the name of its class, which is of an unknown library, says that it is a router.
        conditions: the frames in which functions of `startups` were given to it later, by their identity.
        doubts: numbers of the undecided branches in which it was made: what is registered there is as sure as itself.
    """

    __slots__ = (
        "assigned", "conditions", "doubts", "entries", "escaped", "events", "handlers", "is_app", "lifespan", "local",
        "middlewares", "name", "off", "open", "options", "owner", "parents", "place", "prefix", "presumed", "startups",
    )  # fmt: skip

    def __init__(self, cls: ClassValue | External, is_app: bool, place: Place) -> None:
        super().__init__(cls, (), place.module, place.pos)
        self.is_app = is_app
        self.place = place
        self.options: dict[str, Value] = {}
        self.open = False
        self.prefix: Value = Const("")
        self.entries: list[Entry] = []
        self.handlers: list[HandlerEntry] = []
        self.middlewares: list[MiddlewareEntry] = []
        self.startups: list[Value] = []
        self.events: list[Place] = []
        self.name = ""
        self.parents: list[Entry] = []
        self.doubts: frozenset[int] = frozenset()
        self.conditions: dict[int, Frame] = {}
        self.off = False
        self.owner: FunctionValue | None = None
        self.assigned = place
        self.local: tuple[str, Place] | None = None
        self.escaped = False
        self.presumed = False

    def __repr__(self) -> str:
        return f"{'App' if self.is_app else 'Router'}({self.name} {self.place.module.path}:{self.place.pos >> 16})"


class RouteList(Sequence_):
    """`app.routes`: what is put into it is not followed."""

    __slots__ = ("router",)

    def __init__(self, router: RouterObject) -> None:
        super().__init__("list", [], open=True)
        self.router = router


# --- making --------------------------------------------------------------------------------------------------------


def makes_one(cls: ClassValue | External) -> bool:
    """Whether a class is one of apps or routers; of an unknown class of a library the name decides."""
    known = classes.inherits(cls, *APP_CLASSES, *ROUTER_CLASSES)
    if known is not None:
        return known
    bases = classes.mro(cls) if isinstance(cls, ClassValue) else [cls]
    return any(isinstance(base, External) and base.name.endswith("Router") for base in bases)


def make(ev: Evaluator, cls: ClassValue | External, call: Arguments) -> RouterObject:
    """A new app or router; of a project class with its own `__init__` the options come by `super().__init__`."""
    is_app = bool(classes.inherits(cls, *APP_CLASSES))
    made = RouterObject(cls, is_app, place_of(call))
    made.owner = call.frame.function
    made.doubts = call.frame.doubts
    made.off = bool(call.frame.off)
    made.presumed = not classes.inherits(cls, *APP_CLASSES, *ROUTER_CLASSES)
    if registers(call.frame):
        ev.registry.router_made(made)
    if isinstance(cls, External) or classes.method(cls, "__init__") is None:
        initialise(ev, made, call)
    return made


def initialise(ev: Evaluator, router: RouterObject, call: Arguments) -> Value:
    """Carry out `FastAPI.__init__` or `APIRouter.__init__`."""
    from fastapi_guardrails.model import route_objects

    router.options.update(call.kwargs)
    router.open = router.open or call.open
    prefix = call.kwargs.get("prefix")
    if prefix is not None and not router.is_app:
        router.prefix = prefix
    for name, value in call.kwargs.items():
        router.attrs.setdefault(name, value)
    if router.is_app and registers(call.frame):
        _initial_handlers(ev, router, call)
        _initial_middleware(ev, router, call)
    route_objects.given_at_start(ev, router, call)
    lifespan = call.kwargs.get("lifespan")
    if lifespan is not None and not is_none(lifespan):
        router.startups.append(lifespan)
    for name in ("on_startup",):
        functions = call.kwargs.get(name)
        if isinstance(functions, Sequence_):
            router.startups += functions.items
    return NONE


def _initial_handlers(ev: Evaluator, router: RouterObject, call: Arguments) -> None:
    handlers = call.kwargs.get("exception_handlers")
    if handlers is None or is_none(handlers):
        return
    router.attrs["exception_handlers"] = HandlerTable(router)
    pairs = ev.registry.pairs(handlers)
    for exception, handler in pairs if pairs is not None else [(UNKNOWN, UNKNOWN)]:
        router.handlers.append(HandlerEntry(place_of(call), call.frame, ev.registry.next(), exception, handler))


def _initial_middleware(ev: Evaluator, router: RouterObject, call: Arguments) -> None:
    given = call.kwargs.get("middleware")
    if isinstance(given, Sequence_):
        for item in given.items:
            inner = item.attrs.get("0", UNKNOWN) if isinstance(item, Instance) else UNKNOWN
            made = Arguments([], dict(item.attrs) if isinstance(item, Instance) else {}, frame=call.frame)
            router.middlewares.append(MiddlewareEntry(place_of(call), call.frame, ev.registry.next(), inner, made))
    elif given is not None and not is_none(given):
        router.middlewares.append(MiddlewareEntry(place_of(call), call.frame, ev.registry.next(), UNKNOWN, call))


def registers(frame: Frame) -> bool:
    """Whether effects of this frame are real: it runs at import or start-up."""
    return frame.inline and frame.recorder is None


def place_of(call: Arguments) -> Place:
    """Where a call is written; the first line of its module for one that the evaluator makes."""
    return Place(call.frame.module, call.node.pos if call.node else 1 << 16)


# --- methods -------------------------------------------------------------------------------------------------------


def native_attribute(router: RouterObject, name: str) -> Value:
    """An attribute of FastAPI's own classes."""
    if name in _NATIVE or name in _METHODS:
        return native_method(router, name)
    if name == "router" and router.is_app:
        return router
    if name == "prefix":
        return router.prefix
    if name == "routes":
        router.escaped = True
        return RouteList(router)
    if name == "state":
        return router.attrs.setdefault("state", Instance(External("starlette.datastructures.State")))
    if router.is_app and name in _DEFAULTS:
        return soften(Const(_DEFAULTS[name]))
    if name == "exception_handlers":
        return HandlerTable(router)
    if name == "dependency_overrides":
        return Mapping({}, open=True)
    return Method("fastapi.FastAPI" if router.is_app else "fastapi.APIRouter", name, router)


def native_method(router: RouterObject, name: str) -> Value:
    """A method of FastAPI's own classes, bound to a router."""
    if name in _METHODS:
        return Native(f"router.{name}", lambda ev, call: _verb(ev, router, name, call))
    handler = _NATIVE.get(name)
    if handler is None:
        return Method("fastapi.FastAPI" if router.is_app else "fastapi.APIRouter", name, router)
    return Native(f"router.{name}", lambda ev, call: handler(ev, router, call))


def set_router_attribute(ev: Evaluator, router: RouterObject, name: str, value: Value, frame: Frame) -> None:
    """`router.prefix = …`, `app.debug = …`, `app.router.lifespan_context = …`, `app.router.routes = …`."""
    if name == "prefix":
        router.prefix = value if not frame.uncertain else union([router.prefix, value])
    elif name == "lifespan_context":
        router.startups.append(value)
        router.conditions[id(value)] = Frame(frame.module, frame.scope, caller=frame)
    elif name == "routes":
        _set_routes(ev, router, value, frame)
    else:
        router.options[name] = value


def _set_routes(ev: Evaluator, router: RouterObject, value: Value, frame: Frame) -> None:
    """`app.router.routes = other.routes`; of a list that somebody put together nobody knows what it holds."""
    if not registers(frame):
        return
    place = Place(frame.module, frame.function.node.pos if frame.function else router.place.pos)
    if not isinstance(value, RouteList):
        expect_route(router, place)
    elif value.router is not router:
        if not (frame.uncertain or frame.off):
            router.entries.clear()
        take_routes(ev, router, value.router, place, frame)


def take_routes(ev: Evaluator, router: RouterObject, other: RouterObject, place: Place, frame: Frame) -> None:
    """A router serves the routes of another one as they are."""
    entry = IncludeEntry(place, frame, ev.registry.next(), other, Const(""), {}, False)
    router.entries.append(entry)
    other.parents.append(entry)


def _overridden(router: RouterObject, name: str) -> FunctionValue | None:
    return classes.method(router.cls, name) if isinstance(router.cls, ClassValue) else None


def _verb(ev: Evaluator, router: RouterObject, verb: str, call: Arguments) -> Value:
    """`router.get(path, …)` is `router.api_route(path, methods=["GET"], …)`, in subclasses too."""
    methods = Sequence_("list", [Const(verb.upper())])
    override = _overridden(router, "api_route")
    if override is not None and ev.stack.count(id(override.node)) == 0:
        merged = call.replaced(call.args, {**call.kwargs, "methods": methods})
        return ev.call_function(override, router, merged)
    return _route_decorator(ev, router, call, methods=[verb.upper()])


def _api_route(ev: Evaluator, router: RouterObject, call: Arguments) -> Value:
    return _route_decorator(ev, router, call, methods=methods_of(call.get(None, "methods"), ["GET"]))


def methods_of(value: Value | None, default: list[str]) -> list[str] | None:
    """A `methods` argument, sorted; None where it is unknown."""
    if value is None or is_none(value):
        return default
    if not isinstance(value, Sequence_) or value.open:
        return None
    names = [text_of(i) for i in value.items]
    return sorted(n.upper() for n in names if n) if all(names) else None


def _route_decorator(
    ev: Evaluator,
    router: RouterObject,
    call: Arguments,
    *,
    methods: list[str] | None,
    websocket: bool = False,
    plain: bool = False,
) -> Value:
    def decorate(ev: Evaluator, inner: Arguments) -> Value:
        endpoint = inner.get(0, "func")
        if endpoint is None:
            return UNKNOWN
        override = None if websocket or plain else _overridden(router, "add_api_route")
        if override is not None and ev.stack.count(id(override.node)) == 0:
            options = {k: v for k, v in call.kwargs.items() if k != "methods"}
            named = Sequence_("list", [Const(m) for m in methods or []], open=methods is None)
            path = call.get(0, "path")
            merged = call.replaced([path or UNKNOWN, endpoint], {**options, "methods": named})
            ev.call_function(override, router, merged)
        else:
            _register(ev, router, call, call.get(0, "path"), endpoint, methods, websocket=websocket, plain=plain)
        return endpoint

    return Native("route decorator", decorate)


def _add_api_route(ev: Evaluator, router: RouterObject, call: Arguments) -> Value:
    endpoint = call.get(1, "endpoint")
    methods = methods_of(call.get(None, "methods"), ["GET"])
    _register(ev, router, call, call.get(0, "path"), endpoint or UNKNOWN, methods)
    return NONE


def _add_route(ev: Evaluator, router: RouterObject, call: Arguments) -> Value:
    endpoint = call.get(1, "route") or call.get(1, "endpoint") or UNKNOWN
    methods = methods_of(call.get(2, "methods"), ["GET"])
    _register(ev, router, call, call.get(0, "path"), endpoint, methods, plain=True)
    return NONE


def _add_websocket(ev: Evaluator, router: RouterObject, call: Arguments) -> Value:
    endpoint = call.get(1, "endpoint") or call.get(1, "route") or UNKNOWN
    _register(ev, router, call, call.get(0, "path"), endpoint, [], websocket=True)
    return NONE


def _websocket(ev: Evaluator, router: RouterObject, call: Arguments) -> Value:
    return _route_decorator(ev, router, call, methods=[], websocket=True)


def _route(ev: Evaluator, router: RouterObject, call: Arguments) -> Value:
    methods = methods_of(call.get(1, "methods"), ["GET"])
    return _route_decorator(ev, router, call, methods=methods, plain=True)


def _register(
    ev: Evaluator,
    router: RouterObject,
    call: Arguments,
    path: Value | None,
    endpoint: Value,
    methods: list[str] | None,
    *,
    websocket: bool = False,
    plain: bool = False,
) -> None:
    if not registers(call.frame):
        return
    router.entries.append(
        RouteEntry(
            _decorator_place(ev, call),
            call.frame,
            ev.registry.next(),
            path=path if path is not None else UNKNOWN,
            methods=methods,
            endpoint=endpoint,
            options=dict(call.kwargs),
            open=call.open,
            prefix=router.prefix,
            websocket=websocket,
            plain=plain,
        )
    )


def _decorator_place(ev: Evaluator, call: Arguments) -> Place:
    if ev.decorating:
        module, pos = ev.decorating[-1]
        return Place(module, pos, "decorator")
    return place_of(call)


def _include(ev: Evaluator, router: RouterObject, call: Arguments) -> Value:
    if not registers(call.frame):
        return NONE
    included = call.get(0, "router")
    prefix = call.get(1, "prefix")
    for option in options(included if included is not None else UNKNOWN):
        if is_none(option):
            continue
        entry = IncludeEntry(
            place_of(call),
            call.frame,
            ev.registry.next(),
            option,
            prefix if prefix is not None else Const(""),
            {k: v for k, v in call.kwargs.items() if k not in ("router", "prefix")},
            call.open,
        )
        is_presumed = isinstance(option, RouterObject) and option.presumed
        entry.guessed = isinstance(included, Union) or is_presumed
        if call.node is not None:
            keyword = call.node.keyword("prefix")
            if keyword is not None:
                entry.prefix_place = Place(call.frame.module, keyword.pos, "keyword")
        router.entries.append(entry)
        if isinstance(option, RouterObject):
            option.parents.append(entry)
        elif _is_of_library(option):
            ev.registry.library_includes.append((router, entry))
        elif _may_be_router(option):
            ev.registry.unknown_includes.append((router, entry))
    return NONE


def _is_of_library(value: Value) -> bool:
    """Whether a function of a library made it, which knows no router of the project that nobody has handed over."""
    name = maker(value)
    return bool(name) and name.partition(".")[0] not in _LOOKING_UP and _LOADING.search(name) is None


def _may_be_router(value: Value) -> bool:
    """A router that cannot be told: unknown, or only known by its class, which an annotation may misstate."""
    if isinstance(value, Instance):
        is_declared = isinstance(value.cls, ClassValue) and not value.made
        return is_declared or classes.inherits(value.cls, *ROUTER_CLASSES) is True
    return isinstance(value, Unknown)


def hand_over(ev: Evaluator, callee: Value, call: Arguments) -> None:
    """Note the routers that something gets which cannot be followed: it may include one in an app that it knows."""
    values = [*call.args, *call.kwargs.values()]
    values += [item for value in values if isinstance(value, Sequence_) for item in value.items]
    given = [value for value in values if isinstance(value, RouterObject)]
    for router in given:
        router.escaped = True
    if not given or not registers(call.frame) or (isinstance(callee, External) and callee.name.startswith("builtins.")):
        return
    # When an app starts, Starlette has put its middlewares and handlers together already.
    if not call.frame.startup and not adds_no_handlers(_name_of(callee)):
        for router in given:
            if router.is_app:
                expect_handlers(router, place_of(call))
    receiver = callee.receiver if isinstance(callee, Method) else None
    app = next((v for v in (receiver, *given) if isinstance(v, RouterObject) and v.is_app), None)
    if app is None:
        return
    prefix = call.kwargs.get("prefix", Const(""))
    for router in (router for router in given if not router.is_app):
        entry = IncludeEntry(place_of(call), call.frame, ev.registry.next(), router, prefix, {}, True)
        ev.registry.handed_over.append((app, router, entry.of(router)))


def mount(ev: Evaluator, router: RouterObject, call: Arguments) -> Value:
    """`router.mount(path, app)`."""
    if not registers(call.frame):
        return NONE
    path, app = call.get(0, "path"), call.get(1, "app")
    entry = MountEntry(place_of(call), call.frame, ev.registry.next(), path or UNKNOWN, app or UNKNOWN)
    router.entries.append(entry)
    inner = unwrap(entry.app)
    if inner is not None:
        inner.parents.append(entry)
    return NONE


def unwrap(value: Value) -> RouterObject | None:
    """The app inside ASGI wrappers (`SomeMiddleware(app)`), or None."""
    for _ in range(6):
        if isinstance(value, RouterObject):
            return value
        if isinstance(value, Union):
            value = next((o for o in value.options if unwrap(o) is not None), UNKNOWN)
            continue
        if not isinstance(value, Instance):
            return None
        value = value.attrs.get("app", value.attrs.get("0", UNKNOWN))
    return None


def _name_of(callee: Value) -> str:
    """Qualified name of what cannot be followed, or of what made it; '' where nothing is known of it."""
    if isinstance(callee, Method):
        return callee.qualified
    return callee.name if isinstance(callee, External) else maker(callee)


def expect_anything(router: RouterObject, place: Place) -> None:
    """A call that was not followed got a router: it may register any route, handler or middleware on it."""
    expect_route(router, place)
    router.escaped = True
    if router.is_app:
        expect_handlers(router, place)


def expect_handlers(app: RouterObject, place: Place) -> None:
    """An app may have exception handlers and middlewares that nobody can tell."""
    frame = _unknown_frame(place)
    app.handlers.append(HandlerEntry(place, frame, 0, UNKNOWN, UNKNOWN))
    app.middlewares.append(MiddlewareEntry(place, frame, 0, UNKNOWN, Arguments([], {}, open=True, frame=frame)))


def _unknown_frame(place: Place) -> Frame:
    frame = Frame(place.module, place.module.scope)
    frame.uncertain = 1
    return frame


def expect_route(router: RouterObject, place: Place) -> Frame:
    """A router may have routes that nobody can tell; the frame in which they would be registered."""
    frame = _unknown_frame(place)
    unknown = RouteEntry(
        place, frame, 0, path=UNKNOWN, methods=None, endpoint=UNKNOWN, options={}, open=True, prefix=router.prefix
    )
    router.entries.append(unknown)
    return frame


def _exception_handler(ev: Evaluator, router: RouterObject, call: Arguments) -> Value:
    exception = call.get(0, "exc_class_or_status_code") or UNKNOWN

    def decorate(ev: Evaluator, inner: Arguments) -> Value:
        handler = inner.get(0, "func") or UNKNOWN
        if registers(inner.frame):
            for choice in options(exception):
                router.handlers.append(
                    HandlerEntry(_decorator_place(ev, inner), inner.frame, ev.registry.next(), choice, handler)
                )
        return handler

    return Native("exception handler", decorate)


def _add_exception_handler(ev: Evaluator, router: RouterObject, call: Arguments) -> Value:
    if registers(call.frame):
        exception = call.get(0, "exc_class_or_status_code") or UNKNOWN
        handler = call.get(1, "handler") or UNKNOWN
        router.handlers.append(HandlerEntry(place_of(call), call.frame, ev.registry.next(), exception, handler))
    return NONE


def _add_middleware(ev: Evaluator, router: RouterObject, call: Arguments) -> Value:
    if registers(call.frame):
        middleware = call.get(0, "middleware_class") or UNKNOWN
        router.middlewares.append(MiddlewareEntry(place_of(call), call.frame, ev.registry.next(), middleware, call))
    return NONE


def _middleware(ev: Evaluator, router: RouterObject, call: Arguments) -> Value:
    def decorate(ev: Evaluator, inner: Arguments) -> Value:
        function = inner.get(0, "func") or UNKNOWN
        if registers(inner.frame):
            place = _decorator_place(ev, inner)
            router.middlewares.append(MiddlewareEntry(place, inner.frame, ev.registry.next(), function, inner))
        return function

    return Native("middleware", decorate)


def _on_event(ev: Evaluator, router: RouterObject, call: Arguments) -> Value:
    startup = text_of(call.get(0, "event_type") or UNKNOWN) == "startup"

    def decorate(ev: Evaluator, inner: Arguments) -> Value:
        function = inner.get(0, "func") or UNKNOWN
        if registers(inner.frame):
            router.events.append(_decorator_place(ev, inner))
            if startup:
                router.startups.append(function)
        return function

    return Native("event", decorate)


def _add_event_handler(ev: Evaluator, router: RouterObject, call: Arguments) -> Value:
    if registers(call.frame):
        router.events.append(place_of(call))
        if text_of(call.get(0, "event_type") or UNKNOWN) == "startup":
            router.startups.append(call.get(1, "func") or UNKNOWN)
    return NONE


_NATIVE: dict[str, Callable[[Evaluator, RouterObject, Arguments], Value]] = {
    "__init__": initialise,
    "api_route": _api_route,
    "add_api_route": _add_api_route,
    "route": _route,
    "add_route": _add_route,
    "websocket": _websocket,
    "websocket_route": _websocket,
    "add_api_websocket_route": _add_websocket,
    "add_websocket_route": _add_websocket,
    "include_router": _include,
    "mount": mount,
    "exception_handler": _exception_handler,
    "add_exception_handler": _add_exception_handler,
    "add_middleware": _add_middleware,
    "middleware": _middleware,
    "on_event": _on_event,
    "add_event_handler": _add_event_handler,
}


# --- flattening ----------------------------------------------------------------------------------------------------


class FlatRoute:
    """A route as an app serves it.

    Attributes:
        entry: its registration.
        app: the app on which it is asked for; owner: the (possibly mounted) app that serves it.
        path: full path, `{?}` for what is unknown.
        chain: routers, includes and mounts on the way, outermost first.
        uncertain, off: as for entries, along the whole chain.
        routers: the routers whose options it inherits, outermost first.
    """

    __slots__ = ("app", "chain", "entry", "off", "owner", "path", "routers", "uncertain")

    def __init__(
        self, entry: RouteEntry, app: RouterObject, owner: RouterObject, path: str, chain: tuple[Entry, ...]
    ) -> None:
        self.entry = entry
        self.app = app
        self.owner = owner
        self.path = path
        self.chain = chain
        self.uncertain = entry.uncertain or "{?}" in path or entry.methods is None or any(e.uncertain for e in chain)
        self.off = entry.off or any(e.off for e in chain)
        self.routers: tuple[RouterObject, ...] = ()

    def parts(self) -> Iterator[Value]:
        """What its path is made of: prefixes of includes and routers, paths of mounts, its own."""
        for step in self.chain:
            if isinstance(step, IncludeEntry):
                yield step.prefix
            elif isinstance(step, MountEntry):
                yield step.path
        yield from (router.prefix for router in self.routers[1:])
        yield self.entry.path


def path_text(value: Value) -> str:
    """A path value as text, `{?}` where it is unknown."""
    if is_none(value):
        return ""
    text = text_of(value)
    return "{?}" if text is None else text


def flatten(app: RouterObject, lazy_includes: bool) -> Iterator[FlatRoute]:
    """All routes of an app in the order in which they are matched.

    `lazy_includes`: routes added to a router after it was included are served (FastAPI 0.137 and later).
    """
    yield from _flatten(app, app, app, "", (), (app,), lazy_includes, None, 0)


def _included_until(entry: IncludeEntry, limit: int | None) -> int | None:
    """What the router has by then is included; a guess is of one whose module the app itself loads before."""
    if entry.guessed:
        return limit
    return entry.seq if limit is None else min(limit, entry.seq)


def _flatten(
    router: RouterObject,
    app: RouterObject,
    owner: RouterObject,
    before: str,
    chain: tuple[Entry, ...],
    routers: tuple[RouterObject, ...],
    lazy_includes: bool,
    limit: int | None,
    depth: int,
) -> Iterator[FlatRoute]:
    if depth > 30:
        return
    for entry in router.entries:
        if limit is not None and entry.seq > limit:
            continue
        if isinstance(entry, RouteEntry):
            path = before + path_text(entry.prefix) + path_text(entry.path)
            flat = FlatRoute(entry, app, owner, path, chain)
            flat.routers = routers
            yield flat
        elif isinstance(entry, IncludeEntry) and isinstance(entry.router, RouterObject):
            if entry.router in routers:
                continue
            inner_limit = None if lazy_includes else _included_until(entry, limit)
            prefix = path_text(router.prefix) if router is not owner else ""
            path = before + prefix + path_text(entry.prefix)
            inner = entry.router
            yield from _flatten(
                inner, app, owner, path, (*chain, entry), (*routers, inner), lazy_includes, inner_limit, depth + 1
            )
        elif isinstance(entry, MountEntry):
            mounted = unwrap(entry.app)
            if mounted is None or mounted in routers:
                continue
            prefix = path_text(router.prefix) if router is not owner else ""
            path = before + prefix + path_text(entry.path).rstrip("/")
            yield from _flatten(
                mounted, app, mounted, path, (*chain, entry), (mounted,), lazy_includes, limit, depth + 1
            )


def depends_in(value: Value | None) -> tuple[list[DependsValue], bool]:
    """The dependencies of a `dependencies=[…]` argument, and whether these are all."""
    if value is None or is_none(value):
        return [], True
    if not isinstance(value, Sequence_):
        return [], False
    found = [i for i in value.items if isinstance(i, DependsValue)]
    return found, not value.open and len(found) == len(value.items)


def is_endpoint_like(value: Value) -> bool:
    """Whether a value can serve a route."""
    return isinstance(value, (FunctionValue, Bound, LambdaValue, Partial, Instance, ClassValue))
