"""The project as rules see it: apps, routes, functions, classes, and who calls whom."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fastapi_guardrails.finding import Mark
from fastapi_guardrails.model import routing, unserved
from fastapi_guardrails.model.callers import Callers
from fastapi_guardrails.model.calls import targets
from fastapi_guardrails.model.coroutines import Coroutines
from fastapi_guardrails.model.dependencies import Dependency, Trees, signature
from fastapi_guardrails.model.elements import App, Call, Class, Function, Module, Route, Router, mark_at
from fastapi_guardrails.model.evaluate import Evaluator
from fastapi_guardrails.model.fills import Fills
from fastapi_guardrails.model.frames import Arguments, Frame
from fastapi_guardrails.model.imports import Imports
from fastapi_guardrails.model.launch import launch
from fastapi_guardrails.model.mains import run_main
from fastapi_guardrails.model.makers import Makers
from fastapi_guardrails.model.reach import Reach
from fastapi_guardrails.model.registry import LibraryCall, Registry
from fastapi_guardrails.model.states import States
from fastapi_guardrails.model.suspects import Names
from fastapi_guardrails.model.symbols import Symbols
from fastapi_guardrails.model.values import Bound, ClassValue, FunctionValue, Value, options
from fastapi_guardrails.model.versions import Versions, imports_old_pydantic, read_versions
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.config import Config
    from fastapi_guardrails.model.exceptions import Exceptions
    from fastapi_guardrails.model.processes import Processes
    from fastapi_guardrails.model.security import Security
    from fastapi_guardrails.source.loader import Sources


class NodeSet:
    """A set of definitions, by identity."""

    def __init__(self) -> None:
        self._ids: set[int] = set()
        self._kept: list[f.Node] = []

    def add(self, node: f.Node) -> bool:
        """Add a node; whether it is new."""
        if id(node) in self._ids:
            return False
        self._ids.add(id(node))
        self._kept.append(node)
        return True

    def __contains__(self, node: object) -> bool:
        return id(node) in self._ids


class Roles:
    """What functions are used for: endpoints, dependencies, lifespans, background tasks."""

    def __init__(self) -> None:
        self.endpoints = NodeSet()
        self.dependencies = NodeSet()
        self.lifespans = NodeSet()
        self.handlers = NodeSet()
        self.middlewares = NodeSet()


class Project:
    """A whole project, linked.

    Attributes:
        config: the configuration.
        evaluator: answers what names, expressions and calls mean.
        versions: of the libraries that it targets.
    """

    def __init__(self, sources: Sources, config: Config) -> None:
        enabled = gc.isenabled()
        gc.disable()
        try:
            self._link(sources, config)
        finally:
            if enabled:
                gc.enable()

    def _link(self, sources: Sources, config: Config) -> None:
        self.sources = sources
        self.config = config
        target = config.target
        overrides = {"fastapi": target.fastapi, "pydantic": target.pydantic, "sqlalchemy": target.sqlalchemy}
        overrides["python"] = target.python
        self.versions: Versions = read_versions(sources.root, overrides, sources.modules)
        self.symbols = Symbols(sources.modules, sources.import_roots)
        if self.versions.at_least("pydantic", "2") is None:
            modules = self.symbols.modules.values()
            if any(m.is_application and imports_old_pydantic(m.facts.body) for m in modules):
                self.versions.limit("pydantic", "2")
        self.registry = Registry()
        self.evaluator = Evaluator(self.symbols, self.registry)
        self.trees = Trees(self.evaluator)
        self._functions: dict[int, Function] = {}
        self._apps: dict[int, App] = {}
        self._run()
        self.evaluator.states = States(self.evaluator)
        self.evaluator.makers = Makers(self.evaluator)
        self.evaluator.fills = Fills(self.evaluator)

    # --- start-up ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        for module in self.symbols.modules.values():
            if module.is_application:
                self.evaluator.execute(module)
        for module, block in self.registry.mains:
            if module.is_application:
                run_main(self.evaluator, module, block)
        launch(self.evaluator)
        for app in list(self.registry.apps):
            self._start(app)
        unserved.fill(self.evaluator)
        self._guess_includes()
        self._expect_unfollowed()
        self._settle()

    def _start(self, app: routing.RouterObject) -> None:
        """Run what an app runs at start-up: routes may be registered there."""
        for startup in app.startups:
            for option in options(startup):
                function = signature(option)[0]
                if function is None or id(function.node) in self.evaluator.executed:
                    continue
                if not function.module.is_application:
                    continue
                receiver = option.receiver if isinstance(option, Bound) else None
                frame = Frame(function.module, function.scope, caller=app.conditions.get(id(startup)))
                frame.startup = True
                call = Arguments([app] if function.node.params else [], {}, frame=frame)
                self.evaluator.start(function, receiver, call)

    def _guess_includes(self) -> None:
        """Where an unknown router is included, it may be any that nobody includes: their routes are uncertain.

        One that a library made may be one that the library was given.
        """
        for app, router, entry in self.registry.handed_over:
            if not router.parents:
                app.entries.append(entry)
                router.parents.append(entry)
        orphans = [r for r in self.registry.routers if not r.parents and r.entries and r.place.module.is_application]
        escaped = [r for r in orphans if r.escaped]
        includes = [(*include, orphans) for include in self.registry.unknown_includes]
        includes += [(*include, escaped) for include in self.registry.library_includes]
        expected: set[tuple[int, routing.Place]] = set()
        for including, entry, choices in includes:
            if not isinstance(entry, routing.IncludeEntry):
                continue
            if choices is orphans and not orphans and (id(including), entry.place) not in expected:
                expected.add((id(including), entry.place))
                routing.expect_route(including, entry.place)
            for orphan in choices:
                if any(isinstance(e, routing.IncludeEntry) and e.router is orphan for e in including.entries):
                    continue
                guess = entry.of(orphan)
                including.entries.append(guess)
                orphan.parents.append(guess)

    def _expect_unfollowed(self) -> None:
        """What calls register that were not followed is uncertain: on the routers that they got, else on any app."""
        apps = [app for app in self.registry.apps if app.place.module.is_application]
        for place, routers in self.registry.given_up.items():
            for router in {id(r): r for r in routers or apps}.values():
                routing.expect_anything(router, place)

    def _settle(self) -> None:
        for router in (*self.registry.apps, *self.registry.routers):
            for entry in (*router.entries, *router.handlers, *router.middlewares):
                entry.settle(router)

    # --- elements ------------------------------------------------------------------------------------------------

    @cached_property
    def apps(self) -> list[App]:
        """The apps of the application, in order of file and line; mounted ones too."""
        made = [self._app(a) for a in self.registry.apps if a.place.module.is_application]
        return sorted(made, key=lambda a: (a.path, a.pos))

    def _app(self, value: routing.RouterObject) -> App:
        found = self._apps.get(id(value))
        if found is None:
            found = self._apps[id(value)] = App(self, value)
        return found

    @cached_property
    def routers(self) -> list[Router]:
        """The routers of the application."""
        return [Router(self, r) for r in self.registry.routers if r.place.module.is_application]

    @cached_property
    def routes(self) -> list[Route]:
        """The routes of all apps that no other app mounts (those of mounted apps come with their mount)."""
        return [r for app in self.root_apps for r in app.routes]

    @property
    def root_apps(self) -> list[App]:
        """The apps that no other app of the application mounts."""
        return [a for a in self.apps if not a.is_mounted]

    def flatten(self, app: routing.RouterObject) -> list[routing.FlatRoute]:
        """The routes of an app in order, by the includes of the target version."""
        lazy = self.versions.at_least("fastapi", "0.137")
        return list(routing.flatten(app, lazy is not False))

    @cached_property
    def functions(self) -> list[Function]:
        """All functions and methods of the application, nested ones of functions that were looked at included."""
        found: dict[int, FunctionValue] = {}
        queue = [v for v in self.registry.functions.values() if v.module.is_application]
        while queue:
            value = queue.pop()
            if id(value.node) in found:
                continue
            found[id(value.node)] = value
            if f.NESTED_FUNCTION in value.node.code:
                queue += [n for n in self.evaluator.analysis(value).nested if id(n.node) not in found]
        made = [self.function(v) for v in found.values()]
        return sorted(made, key=lambda x: (x.path, x.pos))

    def mark(self, place: routing.Place) -> Mark:
        """The mark of a place."""
        return mark_at(place.module, place.pos, place.kind)

    def function(self, value: FunctionValue) -> Function:
        """The element of a function."""
        found = self._functions.get(id(value.node))
        if found is None:
            found = self._functions[id(value.node)] = Function(self, value)
        return found

    @cached_property
    def classes(self) -> list[Class]:
        """All classes of the application's modules and executed functions."""
        made = [Class(self, c) for c in self.registry.classes.values() if c.module.is_application]
        return sorted(made, key=lambda x: (x.path, x.pos))

    @cached_property
    def modules(self) -> list[Module]:
        """The files of the application."""
        return [Module(self, m) for m in self.symbols.modules.values() if m.is_application and not m.facts.error]

    @cached_property
    def dependencies(self) -> list[Dependency]:
        """Every dependency that some route has, once."""
        seen = set()
        found = []
        for route in self.routes:
            for node in route.dependencies:
                key = id(node.target)
                if key not in seen:
                    seen.add(key)
                    found.append(node)
        return found

    def elements(self, subject: str) -> Iterable[Any]:
        """What rules of a subject (`App`, `Route`, …) are called with, one by one.

        Raises:
            KeyError: there is no such subject.
        """
        return _SUBJECTS[subject](self)

    def _calls(self) -> Iterator[Call]:
        for function in self.functions:
            yield from function.calls

    @cached_property
    def imports(self) -> Imports:
        """What imports lead to."""
        return Imports(self)

    @cached_property
    def names(self) -> Names:
        """What functions call, and by which names."""
        return Names(self)

    @cached_property
    def coroutines(self) -> Coroutines:
        """Which functions may make coroutines."""
        return Coroutines(self)

    # --- roles and reach -----------------------------------------------------------------------------------------

    @cached_property
    def roles(self) -> Roles:
        """What functions are used for."""
        roles = Roles()
        for app in self.apps:
            for route in app.routes:
                _add(roles.endpoints, route.flat.entry.endpoint)
                for dependency in route.dependencies:
                    _add(roles.dependencies, dependency.target)
            for startup in app.value.startups:
                _add(roles.lifespans, startup)
            for handler in app.handlers:
                _add(roles.handlers, handler.handler)
            for middleware in app.middlewares:
                _add(roles.middlewares, middleware.middleware)
        for router in self.routers:
            for startup in router.value.startups:
                _add(roles.lifespans, startup)
        return roles

    @cached_property
    def reached(self) -> Reach:
        """Definitions of functions that a request may run, however deep."""
        return Reach(self)

    @cached_property
    def callers(self) -> Callers:
        """What calls bring for parameters that do not say what they are."""
        return Callers(self)

    @cached_property
    def processes(self) -> Processes:
        """When functions run: while an app serves, before it does, or in scripts."""
        from fastapi_guardrails.model.processes import Processes

        return Processes(self)

    @cached_property
    def security(self) -> Security:
        """Who may call a route."""
        from fastapi_guardrails.model.security import Security

        return Security(self)

    @cached_property
    def exceptions(self) -> Exceptions:
        """Which exceptions leave a function, and what catches them."""
        from fastapi_guardrails.model.exceptions import Exceptions

        return Exceptions(self)

    # --- calls ---------------------------------------------------------------------------------------------------

    def startup_calls(self, *names: str) -> list[LibraryCall]:
        """Calls of library functions or classes at import and start-up, with the arguments that they were given."""
        return [c for name in names for c in self.registry.calls.get(name, []) if c.call.frame.module.is_application]

    def library_calls(self, *names: str) -> list[tuple[Arguments, bool]]:
        """Calls of library functions or classes anywhere: arguments, and whether the defaults take that branch.

        A call in a function that start-up runs comes with the arguments of that run; any other with what the types
        of its function's parameters say.
        """
        found: list[tuple[Arguments, bool]] = []
        seen: set[int] = set()
        for call in self.startup_calls(*names):
            if call.call.node is not None:
                seen.add(id(call.call.node))
            found.append((call.call, not call.off))
        words = [name.rpartition(".")[2].encode() for name in names]
        for function in self.functions:
            if any(w in function.node.code for w in words):
                for site in function.analysis.calls:
                    if site.name in names and id(site.node) not in seen:
                        found.append((site.call, True))
        return found

    # --- output --------------------------------------------------------------------------------------------------

    def route_table(self, *, schemes: bool = False) -> list[dict[str, Any]]:
        """The apps with their routes, as the `routes` command prints them.

        `schemes` adds to each route the names of the security schemes in its dependency tree.
        """
        return [
            {
                "name": app.name,
                "path": app.path,
                "line": app.mark.line,
                "routes": [
                    {**route_row(r), "schemes": _schemes(r)} if schemes else route_row(r)
                    for r in app.routes
                    if r.is_operation or r.websocket
                ],
            }
            for app in self.root_apps
        ]


def _schemes(route: Route) -> list[str]:
    return list(dict.fromkeys(d.name.rpartition(".")[2] for d in route.dependencies if d.is_scheme))


def route_row(route: Route) -> dict[str, Any]:
    """One route as JSON-ready data."""
    endpoint = route.endpoint
    mark = endpoint.mark if endpoint is not None else route.mark
    return {
        "path": route.route_path,
        "methods": sorted(route.methods),
        "endpoint": route.endpoint_name,
        "file": mark.path,
        "line": mark.line,
        "is_async": route.is_async,
        "status_code": route.status_code,
        "response_model": route.response_model_name,
        "response_model_source": route.response_model_source,
        "tags": route.tags,
        "dependencies": list(dict.fromkeys(d.name for d in route.dependencies)),
        "secured": route.is_secured,
        "websocket": route.websocket,
        "include_in_schema": route.include_in_schema,
        "certain": route.certain,
    }


def _add(place: NodeSet, value: Value) -> None:
    for option in options(value):
        for function, _ in targets(option):
            place.add(function.node)
        if isinstance(option, ClassValue):
            for method in option.scope.vars.values():
                if isinstance(method, FunctionValue):
                    place.add(method.node)


_SUBJECTS: dict[str, Callable[[Project], Iterable[Any]]] = {
    "Project": lambda p: [p],
    "App": lambda p: p.apps,
    "Router": lambda p: p.routers,
    "Route": lambda p: p.routes,
    "Dependency": lambda p: p.dependencies,
    "Function": lambda p: p.functions,
    "Class": lambda p: p.classes,
    "Call": lambda p: p._calls(),
    "Module": lambda p: p.modules,
}
