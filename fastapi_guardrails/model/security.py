"""Who may call a route: which dependencies and middlewares identify the caller.

A dependency is one of security if its tree holds a scheme of `fastapi.security`, `Security(...)`, or a callable that
reads the `Authorization` header or what a session cookie carries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.model import classes
from fastapi_guardrails.model.calls import Analysis, targets
from fastapi_guardrails.model.tree import dotted, walk
from fastapi_guardrails.model.values import (
    Bound,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Partial,
    Unknown,
    Value,
    options,
    text_of,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.dependencies import Dependency, Parameter
    from fastapi_guardrails.model.elements import Route
    from fastapi_guardrails.model.project import Project
    from fastapi_guardrails.model.routing import RouterObject

_CONNECTION = "starlette.requests.HTTPConnection"
#: Headers that carry what proves who asks.
_HEADERS = frozenset({"authorization", "x-api-key", "api-key", "x-token", "x-auth-token", "x-access-token"})
_HINTS = (b"uthorization", b"AUTHORIZATION", b"session", b"cookies", b"oken", b"pi-", b"PI-")
_AUTH_WORD = re.compile(r"auth|jwt|login|permission|credential|require|role|secure|protect|access", re.IGNORECASE)
_MAX_DEPTH = 4


class Security:
    """Answers for one project; what a function reads is worked out once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._reads: dict[int, bool] = {}
        self._used: bool | None = None

    def secures(self, dependency: Dependency) -> bool:
        """Whether a dependency is one of security, by itself or by what it depends on."""
        return any(self._is_security(node) for node in dependency.walk())

    def route_is_secured(self, route: Route) -> bool | None:
        """Whether something identifies the caller of a route: yes, no, or None where that cannot be said."""
        if any(self.secures(child) for child in route.tree.children) or self._endpoint_reads(route):
            return True
        if not route.dependencies_known or _may_be_guarded(route.flat.entry.endpoint):
            return None
        answers = [self._middleware(e.middleware) for app in _apps(route) for e in app.middlewares]
        answers += [self._middleware(e.call.kwargs["dispatch"]) for app in _apps(route) for e in app.middlewares
                    if "dispatch" in e.call.kwargs]  # fmt: skip
        return True if True in answers else None if None in answers else False

    @property
    def is_used(self) -> bool:
        """Whether some route of the project has a dependency of security."""
        if self._used is None:
            routes = self._project.routes
            self._used = any(self.secures(child) for route in routes for child in route.tree.children)
        return self._used

    # --- dependencies --------------------------------------------------------------------------------------------

    def _is_security(self, node: Dependency) -> bool:
        if node.is_scheme or (node.depends is not None and node.depends.security):
            return True
        if any(_is_credential(parameter) for parameter in node.parameters):
            return True
        return any(self._reads_credentials(function, 0) for function, _ in targets(node.target))

    def _endpoint_reads(self, route: Route) -> bool:
        """Whether the endpoint itself reads credentials: that is another defect than having no authentication."""
        if any(_is_credential(parameter) for parameter in route.tree.parameters):
            return True
        return any(self._reads_credentials(fn, 0) for fn, _ in targets(route.flat.entry.endpoint))

    def _reads_credentials(self, function: FunctionValue, depth: int) -> bool:
        known = self._reads.get(id(function.node))
        if known is not None:
            return known
        if depth > _MAX_DEPTH:
            return False
        self._reads[id(function.node)] = False
        analysis = self._project.evaluator.analysis(function)
        found = any(hint in function.node.code for hint in _HINTS) and _reads_directly(analysis)
        if not found and _takes_connection(analysis):
            found = any(
                self._reads_credentials(target, depth + 1)
                for site in analysis.calls
                if any(_is_connection(o) for v in (*site.call.args, *site.call.kwargs.values()) for o in options(v))
                for target, _ in site.targets
            )
        self._reads[id(function.node)] = found
        return found

    # --- middleware ----------------------------------------------------------------------------------------------

    def _middleware(self, middleware: Value) -> bool | None:
        """Whether a middleware identifies the caller: yes, no, unknown."""
        if isinstance(middleware, External):
            return _AUTH_WORD.search(middleware.name) is not None
        functions = list(_functions_of(middleware))
        if not functions:
            return None if isinstance(middleware, Unknown) else False
        if isinstance(middleware, ClassValue) and _AUTH_WORD.search(middleware.name):
            return True
        if any(_AUTH_WORD.search(fn.name) or self._reads_credentials(fn, 0) for fn in functions):
            return True
        return any(b"uthorization" in fn.node.code for fn in functions)


def _apps(route: Route) -> list[RouterObject]:
    return [route.flat.app] if route.flat.owner is route.flat.app else [route.flat.app, route.flat.owner]


def _functions_of(middleware: Value) -> Iterator[FunctionValue]:
    if isinstance(middleware, ClassValue):
        for cls in classes.mro(middleware):
            if isinstance(cls, ClassValue):
                yield from (m for m in cls.scope.vars.values() if isinstance(m, FunctionValue))
    else:
        yield from (function for function, _ in targets(middleware))


def _may_be_guarded(endpoint: Value) -> bool:
    """Whether a decorator that could not be followed may check who calls."""
    while isinstance(endpoint, (Bound, Partial)):
        endpoint = endpoint.function if isinstance(endpoint, Bound) else endpoint.target
    if not isinstance(endpoint, FunctionValue):
        return False
    node: FunctionValue = endpoint.wraps if isinstance(endpoint.wraps, FunctionValue) else endpoint
    names = [dotted(d.func if isinstance(d, f.Call) else d) or "" for d in node.node.decorators]
    return any(_AUTH_WORD.search(name.rpartition(".")[2]) for name in names)


def _is_credential(parameter: Parameter) -> bool:
    """A header that proves who asks, or a cookie."""
    if parameter.marker_name == "Cookie":
        return True
    return parameter.marker_name == "Header" and parameter.alias.lower().replace("_", "-") in _HEADERS


def _is_connection(value: Value) -> bool:
    return isinstance(value, Instance) and classes.inherits(value.cls, _CONNECTION) is True


def _takes_connection(analysis: Analysis) -> bool:
    scope = analysis.scope
    return scope is not None and any(_is_connection(o) for v in scope.vars.values() for o in options(v))


def _reads_directly(analysis: Analysis) -> bool:
    """Whether a body reads `request.session`, `request.cookies` or a header of credentials."""
    return any(_is_read(analysis, node) for node in walk(analysis.body))


def _is_read(analysis: Analysis, node: f.Node) -> bool:
    if isinstance(node, f.Attr) and node.attr in ("session", "cookies"):
        return any(_is_connection(o) for o in options(analysis.value(node.value)))
    if isinstance(node, f.Sub):
        return _is_headers(analysis, node.value) and _names_credential(analysis, node.index)
    if isinstance(node, f.Call) and isinstance(node.func, f.Attr) and node.func.attr in ("get", "getlist"):
        key = node.args[0] if node.args else None
        return key is not None and _is_headers(analysis, node.func.value) and _names_credential(analysis, key)
    return False


def _is_headers(analysis: Analysis, node: f.Expr) -> bool:
    if not isinstance(node, f.Attr) or node.attr != "headers":
        value = analysis.value(node)
        return isinstance(value, Instance) and isinstance(value.cls, External) and value.cls.name.endswith(".Headers")
    return any(_is_connection(o) for o in options(analysis.value(node.value)))


def _names_credential(analysis: Analysis, node: f.Expr) -> bool:
    return any((text_of(value) or "").lower() in _HEADERS for value in options(analysis.value(node)))
