"""Who may call a route: which dependencies and middlewares identify the caller.

A dependency is one of security if its tree holds a scheme of `fastapi.security`, `Security(...)`, or a callable that
reads the `Authorization` header or what a session cookie carries. Other things may identify the caller as well: a
header with a key, a middleware, a route class, a decorator. Where one of them may, the answer is unknown.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi_guardrails.knowledge.classes import is_security_scheme
from fastapi_guardrails.knowledge.credentials import carries_key, guards, identifies, is_principal, names_caller, proves
from fastapi_guardrails.model import classes
from fastapi_guardrails.model.calls import Analysis, CallSite, callee_name, targets
from fastapi_guardrails.model.routing import MountEntry, RouterObject, unwrap
from fastapi_guardrails.model.tree import dotted, walk, walk_with_parent
from fastapi_guardrails.model.values import (
    UNKNOWN,
    Bound,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Generic,
    Instance,
    Partial,
    Unknown,
    Value,
    options,
    text_of,
)
from fastapi_guardrails.source import facts as f
from fastapi_guardrails.source.files import part_of
from fastapi_guardrails.source.text import split_lines

if TYPE_CHECKING:
    from fastapi_guardrails.model.dependencies import Dependency, Parameter
    from fastapi_guardrails.model.elements import Route
    from fastapi_guardrails.model.project import Project

_HTTP_EXCEPTION = "starlette.exceptions.HTTPException"
_CONNECTION = "starlette.requests.HTTPConnection"
_AUTHENTICATION = "starlette.middleware.authentication.AuthenticationMiddleware"
#: What the code of a function holds that reads credentials.
_HINTS = (b"uthorization", b"AUTHORIZATION", b"session", b"cookies", b"headers", b"scheme", b"earer", b"auth")
#: What it holds besides where it may read what proves the caller in another way.
_OTHER_HINTS = (b"user", b"state", b"scope")
#: The header as raw ASGI code names it; facts keep no bytes.
_RAW_HEADER = re.compile(r"""^[^#\n]*\bb["']authorization["']""", re.IGNORECASE | re.MULTILINE)
#: Libraries whose classes are no aliases of dependencies.
_PLAIN_LIBRARIES = frozenset(
    {
        "fastapi", "jinja2", "loguru", "opentelemetry", "pydantic", "pydantic_core", "pydantic_settings", "sentry_sdk",
        "slowapi", "sqlalchemy", "sqlmodel", "starlette", "structlog", "typing_extensions",
    }
)  # fmt: skip
#: What a scope holds of the caller.
_SCOPE_KEYS = ("auth", "headers", "session", "state", "user")
#: Types of parameters that FastAPI reads from the path or the query.
_SCALARS = ("builtins.str", "uuid.UUID", "pydantic.SecretStr", "pydantic.types.SecretStr")
#: Decorators that register a route: `auth_router.post` guards nothing.
_REGISTERING = frozenset({"api_route", "delete", "get", "head", "options", "patch", "post", "put", "route", "trace"})
_MAX_DEPTH = 4


class Security:
    """Answers for one project; what a function reads is worked out once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._reads: dict[tuple[int, bool], bool] = {}
        self._gates: dict[int, tuple[Value, bool | None]] = {}
        self._parts: dict[str, str] = {}

    def secures(self, dependency: Dependency) -> bool:
        """Whether a dependency is one of security, by itself or by what it depends on."""
        return any(self._is_security(node) for node in dependency.walk())

    def route_is_secured(self, route: Route) -> bool | None:
        """Whether something identifies the caller of a route: yes, no, or None where that cannot be said."""
        if any(self.secures(child) for child in route.tree.children) or self._endpoint_reads(route):
            return True
        if not route.dependencies_known or any(self._takes_unknown(node, route) for node in route.tree.walk()):
            return None
        if _may_be_guarded(route.flat.entry.endpoint):
            return None
        answers = [self._gate(value) for value in _gates_of(route)]
        return True if True in answers else None if None in answers else False

    def is_used_beside(self, route: Route) -> bool:
        """Whether some route of the same project has a dependency of security; a monorepo holds several projects."""
        return not self._used_in.isdisjoint(self._parts_of(route))

    @cached_property
    def _used_in(self) -> set[str]:
        secured = (r for r in self._project.routes if any(self.secures(child) for child in r.tree.children))
        return {part for route in secured for part in self._parts_of(route)}

    def _parts_of(self, route: Route) -> set[str]:
        """The projects that a route belongs to: that of its decorator and that of its app."""
        return {self._part_of(path) for path in (route.mark.path, route.flat.app.place.module.path)}

    def _part_of(self, path: str) -> str:
        if path not in self._parts:
            self._parts[path] = part_of(self._project.sources.root, path)
        return self._parts[path]

    # --- dependencies --------------------------------------------------------------------------------------------

    def _is_security(self, node: Dependency) -> bool:
        if node.is_scheme or (node.depends is not None and node.depends.security):
            return True
        if any(_is_credential(parameter) for parameter in node.parameters):
            return True
        return any(self._reads_credentials(function) for function, _ in targets(node.target))

    def _endpoint_reads(self, route: Route) -> bool:
        """Whether the endpoint itself reads credentials: that is another defect than having no authentication."""
        if any(_is_credential(parameter) for parameter in route.tree.parameters):
            return True
        endpoint = route.flat.entry.endpoint
        return any(self._reads_credentials(fn) for fn, _ in targets(endpoint)) or (
            _is_wrapped(endpoint) and any(self._mentions(fn) for fn, _ in targets(endpoint))
        )

    def _takes_unknown(self, node: Dependency, route: Route) -> bool:
        """Whether a dependency (or the endpoint) reads another key, or takes what may be a dependency."""
        if any(_is_key(p) or (_may_depend(p) and f"{{{p.name}" not in route.route_path) for p in node.parameters):
            return True
        if node.depends is not None and any(self._refuses(fn) for fn, _ in targets(node.target)):
            return True
        return any(self._reads_within(fn, True, 0) for fn, _ in targets(node.target))

    def _refuses(self, function: FunctionValue) -> bool:
        """Whether a dependency answers 401 or 403: it lets only some callers through, whatever it knows them by."""
        raises = self._project.evaluator.analysis(function).raises
        return any(_is_refusal(option) for site in raises for option in options(site.value or UNKNOWN))

    def _reads_credentials(self, function: FunctionValue) -> bool:
        """Whether a function, or one that it gives the request, reads the header of credentials or a session."""
        return self._reads_within(function, False, 0)

    def _reads_within(self, function: FunctionValue, others: bool, depth: int) -> bool:
        """The same; with `others`, whether it may prove the caller in another way: by the key of another header, by
        what a middleware found out, in code that cannot be followed."""
        key = (id(function.node), others)
        known = self._reads.get(key)
        if known is not None:
            return known
        if depth > _MAX_DEPTH:
            return False
        self._reads[key] = False
        analysis = self._project.evaluator.analysis(function)
        hints = _HINTS + _OTHER_HINTS if others else _HINTS
        found = any(hint in function.node.code for hint in hints) and _reads_directly(analysis, others)
        for site in analysis.calls:
            if found or not _hands_over_connection(site):
                continue
            found = others and isinstance(site.node, f.Call) and _is_foreign(site.callee)
            found = found or any(
                self._reads_within(target, others, depth + 1) or self._mentions(target) for target, _ in site.targets
            )
        self._reads[key] = found
        return found

    def _mentions(self, function: FunctionValue) -> bool:
        """Whether a function names the `Authorization` header: what reads it may have no type there."""
        code = function.node.code
        if b"uthorization" in code or b"AUTHORIZATION" in code:
            return True
        if b"headers" not in code and b"scope" not in code:
            return False
        lines = split_lines(self._project.sources.text(function.module.path))
        return (
            _RAW_HEADER.search("\n".join(lines[f.line_of(function.node.pos) - 1 : function.node.end_line])) is not None
        )

    # --- what stands before the endpoint -------------------------------------------------------------------------

    def _gate(self, gate: Value) -> bool | None:
        """Whether a middleware, an ASGI wrapper or a route class identifies the caller: yes, no, unknown."""
        known = self._gates.get(id(gate))
        if known is None:
            known = self._gates[id(gate)] = (gate, self._judge(gate))
        return known[1]

    def _judge(self, gate: Value) -> bool | None:
        if isinstance(gate, External):
            return True if gate.name == _AUTHENTICATION else None if identifies(gate.name) else False
        if isinstance(gate, ClassValue):
            if classes.inherits(gate, _AUTHENTICATION) is True:
                return True
            if any(isinstance(base, Unknown) or _is_foreign_guard(base) for base in classes.mro(gate)):
                return None
        functions = list(self._all_of(_functions_of(gate)))
        if not functions:
            return None if isinstance(gate, Unknown) else False
        analyses = [self._project.evaluator.analysis(fn) for fn in functions]
        if any(self._mentions(fn) for fn in functions) or any(_reads_header(analysis) for analysis in analyses):
            return True
        named = any(identifies(name) for name in (getattr(gate, "name", ""), *(fn.name for fn in functions)))
        unclear = any(_reads_session(analysis) or _reads_key(analysis) for analysis in analyses)
        return None if unclear or (named and any(_goes_on(analysis) for analysis in analyses)) else False

    def _all_of(self, functions: Iterable[FunctionValue]) -> Iterator[FunctionValue]:
        """Functions with those that they call or hold, some levels deep."""
        seen: set[int] = set()
        queue = [(function, 0) for function in functions]
        while queue:
            function, depth = queue.pop()
            if id(function.node) in seen or depth > _MAX_DEPTH:
                continue
            seen.add(id(function.node))
            yield function
            analysis = self._project.evaluator.analysis(function)
            queue += [(inner, depth) for inner in analysis.nested]
            queue += [(target, depth + 1) for site in analysis.calls for target, _ in site.targets]


def _goes_on(analysis: Analysis) -> bool:
    """Whether a function of a middleware calls something that cannot be followed, other than the app behind it."""
    names = {p.name for p in analysis.function.node.params}
    return any(
        isinstance(site.node, f.Call) and _is_foreign(site.callee) and not _is_next(site.node.func, names)
        for site in analysis.calls
    )


def _is_foreign(value: Value) -> bool:
    """Whether a value is unknown, or of a library of which little is known."""
    name = callee_name(value)
    library = name.partition(".")[0]
    return isinstance(value, Unknown) or (
        bool(name) and library not in _PLAIN_LIBRARIES and library not in sys.stdlib_module_names
    )


def _is_next(func: f.Expr, parameters: set[str]) -> bool:
    """Whether a call goes to the app behind a middleware: `call_next(request)`, `self.app(scope, receive, send)`."""
    if isinstance(func, f.Name):
        return func.id in parameters
    return isinstance(func, f.Attr) and func.attr in ("app", "_app")


def _gates_of(route: Route) -> Iterator[Value]:
    """Middlewares of the apps on the way, what is wrapped around mounted apps, and the route class."""
    apps = [route.flat.app, route.flat.owner]
    for entry in route.flat.chain:
        if isinstance(entry, MountEntry):
            yield from _wrappers(entry.app)
            mounted = unwrap(entry.app)
            if mounted is not None:
                apps.append(mounted)
    for app in {id(app): app for app in apps}.values():
        for found in app.middlewares:
            yield found.middleware
            if "dispatch" in found.call.kwargs:
                yield found.call.kwargs["dispatch"]
        yield from _wrappers_in_module(app)
    route_class = route.flat.routers[-1].options.get("route_class")
    if route_class is not None:
        yield route_class


def _wrappers(value: Value) -> Iterator[Value]:
    """The classes of ASGI wrappers around an app: of `Guard(app)`."""
    for _ in range(6):
        if not isinstance(value, Instance) or isinstance(value, RouterObject):
            return
        yield value.cls
        value = value.attrs.get("app", value.attrs.get("0", Unknown("")))


def _wrappers_in_module(app: RouterObject) -> Iterator[Value]:
    """The same for `app = Guard(app)` in the module of the app."""
    for value in app.place.module.scope.vars.values():
        if isinstance(value, Instance) and not isinstance(value, RouterObject) and unwrap(value) is app:
            yield from _wrappers(value)


def _functions_of(gate: Value) -> Iterator[FunctionValue]:
    if isinstance(gate, ClassValue):
        for cls in classes.mro(gate):
            if isinstance(cls, ClassValue):
                yield from (m for m in cls.scope.vars.values() if isinstance(m, FunctionValue))
    else:
        yield from (function for function, _ in targets(gate))


def _is_foreign_guard(base: Value) -> bool:
    return isinstance(base, External) and identifies(base.name)


def _is_wrapped(endpoint: Value) -> bool:
    return isinstance(endpoint, FunctionValue) and endpoint.wraps is not None


def _may_be_guarded(endpoint: Value) -> bool:
    """Whether a decorator may check who calls."""
    while isinstance(endpoint, (Bound, Partial)):
        endpoint = endpoint.function if isinstance(endpoint, Bound) else endpoint.target
    if not isinstance(endpoint, FunctionValue):
        return False
    node: FunctionValue = endpoint.wraps if isinstance(endpoint.wraps, FunctionValue) else endpoint
    names = [dotted(d.func if isinstance(d, f.Call) else d) or "" for d in node.node.decorators]
    return any(guards(name) for name in names if name.rpartition(".")[2] not in _REGISTERING)


def _is_refusal(raised: Value) -> bool:
    if not isinstance(raised, Instance) or classes.inherits(raised.cls, _HTTP_EXCEPTION) is not True:
        return False
    status = raised.attrs.get("status_code", raised.attrs.get("0"))
    return isinstance(status, Const) and status.value in (401, 403)


# --- parameters ----------------------------------------------------------------------------------------------------


def _is_credential(parameter: Parameter) -> bool:
    """The header that proves who asks, or a cookie."""
    if parameter.marker_name == "Cookie":
        return True
    return parameter.marker_name == "Header" and parameter.alias.lower() == "authorization"


def _is_key(parameter: Parameter) -> bool:
    """A key of the caller in another header, in the path, the query or a form."""
    if parameter.marker_name == "Header":
        return carries_key(parameter.alias)
    if parameter.marker_name not in ("", "Path", "Query", "Form") or not proves(parameter.alias):
        return False
    return any(isinstance(o, External) and o.name in _SCALARS for o in _types_of(parameter.type))


def _types_of(type_: Value) -> Iterator[Value]:
    """A type, or those of a union."""
    for option in options(type_):
        if isinstance(option, Generic):
            yield from (o for arg in option.args for o in options(arg))
        else:
            yield option


def _may_depend(parameter: Parameter) -> bool:
    """Whether the annotation of a parameter comes from a library and may be an alias with `Depends`."""
    if parameter.marker is not None or parameter.default is not None or parameter.metadata:
        return False
    if parameter.node is None or parameter.node.annotation is None:
        return False
    type_ = parameter.type
    return isinstance(type_, (External, Unknown)) and _is_foreign(type_)


# --- bodies --------------------------------------------------------------------------------------------------------


def _is_connection(value: Value) -> bool:
    return isinstance(value, Instance) and classes.inherits(value.cls, _CONNECTION) is True


def _hands_over_connection(site: CallSite) -> bool:
    given = (*site.call.args, *site.call.kwargs.values())
    return any(_is_connection(o) or _is_headers_value(o) for value in given for o in options(value))


def _reads_directly(analysis: Analysis, others: bool) -> bool:
    """Whether a body reads `request.session`, `request.cookies`, a header of credentials, or asks a scheme."""
    return any(_is_read(analysis, node) or (others and _may_be_proof(analysis, node)) for node in walk(analysis.body))


def _reads_header(analysis: Analysis) -> bool:
    return any(_is_header_read(analysis, node) for node in walk(analysis.body))


def _is_read(analysis: Analysis, node: f.Node) -> bool:
    if isinstance(node, f.Attr) and node.attr in ("session", "cookies"):
        return any(_is_connection(o) for o in options(analysis.value(node.value)))
    return _is_header_read(analysis, node)


def _is_header_read(analysis: Analysis, node: f.Node) -> bool:
    of, key = _looked_up(node)
    if of is not None and key is not None and _is_headers(analysis, of):
        return any((text_of(value) or "").lower() == "authorization" for value in options(analysis.value(key)))
    return isinstance(node, f.Call) and any(_is_scheme(o) for o in options(analysis.value(node.func)))


def _may_be_proof(analysis: Analysis, node: f.Node) -> bool:
    """Whether a node reads the key of another header, or what a middleware found out about the caller."""
    of, key = _looked_up(node)
    if of is not None and key is not None and _may_be_headers(analysis, of):
        names = [text_of(value) for value in options(analysis.value(key))]
        return any(name is None or carries_key(name) for name in names)
    if isinstance(of, f.Attr) and of.attr == "scope" and key is not None and _is_given(analysis, of.value):
        return any(text_of(value) in (None, *_SCOPE_KEYS) for value in options(analysis.value(key)))
    if not isinstance(node, f.Attr):
        return False
    if isinstance(node.value, f.Attr) and node.value.attr == "state":
        return is_principal(node.attr) and _is_given(analysis, node.value.value)
    return node.attr in ("user", "auth") and _is_given(analysis, node.value)


def _looked_up(node: f.Node) -> tuple[f.Expr | None, f.Expr | None]:
    """What is looked into, and the key: of `headers["x"]`, `headers.get("x")`."""
    if isinstance(node, f.Sub):
        return node.value, node.index
    if isinstance(node, f.Call) and isinstance(node.func, f.Attr) and node.func.attr in ("get", "getlist"):
        return node.func.value, node.args[0] if node.args else None
    return None, None


def _is_given(analysis: Analysis, node: f.Expr) -> bool:
    """Whether an expression is the request: by its type, or as a parameter without one."""
    if any(_is_connection(o) for o in options(analysis.value(node))):
        return True
    return isinstance(node, f.Name) and any(
        p.name == node.id and p.annotation is None for p in analysis.function.node.params
    )


def _may_be_headers(analysis: Analysis, node: f.Expr) -> bool:
    if isinstance(node, f.Attr) and node.attr == "headers" and _is_given(analysis, node.value):
        return True
    return _is_headers(analysis, node)


def _is_scheme(value: Value) -> bool:
    cls = value.cls if isinstance(value, Instance) else None
    if isinstance(cls, ClassValue):
        return any(is_security_scheme(base.name) for base in classes.externals(cls))
    return isinstance(cls, External) and is_security_scheme(cls.name)


def _is_headers(analysis: Analysis, node: f.Expr) -> bool:
    if any(_is_headers_value(o) for o in options(analysis.value(node))):
        return True
    if not isinstance(node, f.Attr) or node.attr != "headers":
        return False
    return any(_is_connection(o) for o in options(analysis.value(node.value)))


def _is_headers_value(value: Value) -> bool:
    return isinstance(value, Instance) and isinstance(value.cls, External) and value.cls.name.endswith(".Headers")


def _reads_session(analysis: Analysis) -> bool:
    """Whether a function of a middleware reads a session or a cookie that may say who asks."""
    parameters = {p.name for p in analysis.function.node.params}
    for node, parent in walk_with_parent(analysis.body):
        if not isinstance(node, f.Attr) or node.attr not in ("session", "cookies"):
            continue
        if (
            isinstance(node.value, f.Name)
            and node.value.id in parameters
            and not _is_preference(analysis, node, parent)
        ):
            return True
    return False


def _reads_key(analysis: Analysis) -> bool:
    """Whether a function of a middleware reads a header with a key: `X-API-Key`."""
    for node in walk(analysis.body):
        of, key = _looked_up(node)
        if of is not None and key is not None and _may_be_headers(analysis, of):
            names = (text_of(value) for value in options(analysis.value(key)))
            if any(name is not None and carries_key(name) for name in names):
                return True
    return False


def _is_preference(analysis: Analysis, node: f.Attr, parent: f.Node | None) -> bool:
    """Whether only a cookie of another meaning is read: `request.cookies["lang"]`, `request.cookies.get("theme")`."""
    key: f.Expr | None = None
    if isinstance(parent, f.Sub) and parent.value is node:
        key = parent.index
    elif isinstance(parent, f.Attr) and parent.attr == "get":
        gets = (n for n in walk(analysis.body) if isinstance(n, f.Call) and n.func is parent and n.args)
        key = next((n.args[0] for n in gets), None)
    name = None if key is None else text_of(analysis.value(key))
    return name is not None and not names_caller(name)
