"""
## What it does
Reports a placeholder of the full path, prefixes included, that no parameter of the endpoint or of its dependencies
reads, and a `Path(...)` parameter that names no placeholder.

## Why it matters
`/orders/{order_id}` with a parameter `id` means: `id` becomes a required *query* parameter, and the order in the path
is ignored. Every request without `?id=` answers 422, and nothing fails before the first client calls.

## Example
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/api/v1/orders/{order_id}")  # error: FG212
async def read_order(id: int) -> int:
    return id
```

## Instead
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/api/v1/orders/{order_id}")
async def read_order(order_id: int) -> int:
    return order_id
```

## Options
None.

## Not reported
- A route of which some dependency cannot be resolved, or whose endpoint or dependency takes `Request` or `WebSocket`:
  it may read the placeholder from there. Of a plain `HTTPConnection` it counts what is read.
- Functions with `**kwargs`, or below a decorator of an unknown library, which may read the placeholder itself.
- Placeholders of a mount, which the mounting app owns.

## Known limits
A path of which some part is unknown is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding, Severity, Step
from fastapi_guardrails.model.calls import callee_name
from fastapi_guardrails.model.classes import inherits, is_pydantic
from fastapi_guardrails.model.elements import mark_at
from fastapi_guardrails.model.routing import MountEntry, path_text
from fastapi_guardrails.model.tree import walk_with_parent
from fastapi_guardrails.model.values import ClassValue, External, Native, Value, options
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.dependencies import Dependency, Parameter
    from fastapi_guardrails.model.elements import Route

_PLACEHOLDER = re.compile(r"\{\s*(\w+)\s*(?::[^}]*)?\}")
_NO_PATH_PARAMETER = frozenset({"Query", "Header", "Cookie", "Body", "Form", "File"})
_CONNECTION = "starlette.requests.HTTPConnection"
_ELSEWHERE = frozenset({"app", "auth", "client", "cookies", "headers", "session", "state", "user"})

#: Decorators of libraries that may add parameters, but keep those that there are.
_KEEPING = (
    "aiocache.", "dependency_injector.", "fastapi_cache.", "opentelemetry.", "sentry_sdk.", "slowapi.", "tenacity.",
)  # fmt: skip


@rule("FG212", name="path-parameter-mismatch", guardrails=["sec-validate"], severity=Severity.ERROR)
def path_parameter_mismatch(route: Route) -> Iterator[Finding]:
    """Yield placeholders that nobody reads, and `Path(...)` parameters without a placeholder."""
    if not route.is_operation or "{?}" in route.route_path or route.endpoint is None:
        return
    placeholders = list(dict.fromkeys(_PLACEHOLDER.findall(route.route_path)))
    nodes = list(route.tree.walk())
    if not route.dependencies_known or any(_reads_anything(node) or _is_replaced(node) for node in nodes):
        return
    read = {name for node in nodes for parameter in node.parameters for name in _names(route, parameter)}
    of_mounts = {
        n for e in route.flat.chain if isinstance(e, MountEntry) for n in _PLACEHOLDER.findall(path_text(e.path))
    }
    missing = [p for p in placeholders if p not in read and p not in of_mounts]
    if missing:
        names = ", ".join(f"`{{{p}}}`" for p in missing)
        yield Finding(
            at=route.mark,
            message=f"`{route.endpoint.name}` and its dependencies never read {names} of `{route.route_path}`",
        )
    yield from _without_placeholder(route, nodes, set(placeholders))


def _without_placeholder(route: Route, nodes: list[Dependency], placeholders: set[str]) -> Iterator[Finding]:
    for node in nodes:
        for parameter in node.parameters:
            if parameter.marker_name != "Path" or _fields(route, parameter):
                continue
            if parameter.alias not in placeholders:
                yield Finding(
                    at=mark_at(parameter.module, parameter.pos, "param"),
                    message=f"`{parameter.alias}` is a `Path` parameter, but `{route.route_path}` does not name it",
                    trace=(Step(route.mark, "the route"),),
                )


def _names(route: Route, parameter: Parameter) -> list[str]:
    """The placeholders that a parameter may read."""
    if parameter.marker_name in _NO_PATH_PARAMETER:
        return []
    return _fields(route, parameter) or [parameter.alias]


def _fields(route: Route, parameter: Parameter) -> list[str]:
    """The fields of a model that is read from the path (`Annotated[Model, Path()]`)."""
    if parameter.marker_name != "Path":
        return []
    for option in options(parameter.type):
        if isinstance(option, ClassValue) and is_pydantic(option):
            return [p.alias for p in route.project.trees.fields(option)]
    return []


def _is_replaced(node: Dependency) -> bool:
    """Whether a decorator that cannot be followed may have given the function other parameters."""
    function = node.function
    if function is None or not function.opaque:
        return False
    return not all(isinstance(d, Native) or callee_name(d).startswith(_KEEPING) for d in function.decorators)


def _reads_anything(node: Dependency) -> bool:
    function = node.function
    if function is not None and any(p.kind == "kwargs" for p in function.node.params):
        return True
    return any(_is_connection(option) and not _only_elsewhere(p) for p in node.parameters for option in options(p.type))


def _is_connection(type_: Value) -> bool:
    return isinstance(type_, (ClassValue, External)) and inherits(type_, _CONNECTION) is True


def _only_elsewhere(parameter: Parameter) -> bool:
    """Whether a plain `HTTPConnection` is only asked for what has nothing to do with the path."""
    type_, function = parameter.type, parameter.function
    if function is None or not isinstance(type_, External) or type_.name != _CONNECTION:
        return False
    reads = [
        (n, p) for n, p in walk_with_parent(function.node.body) if isinstance(n, f.Name) and n.id == parameter.name
    ]
    return all(isinstance(around, f.Attr) and around.attr in _ELSEWHERE for _, around in reads)
