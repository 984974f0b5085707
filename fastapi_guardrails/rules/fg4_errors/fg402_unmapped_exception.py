"""
## What it does
Reports an exception class of the project that is raised in code which an endpoint reaches, is no `HTTPException`, and
is neither caught on the way nor handled by a handler of the app. One finding per class and app, at its first `raise`.

## Why it matters
What nobody maps to a status answers 500. "No such order" then looks like a crash to the client, and like an incident to
whoever is on call.

## Example
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()


class OrderNotFound(Exception):
    pass


def find_order(order_id: int) -> str:
    raise OrderNotFound(order_id)  # error: FG402


@app.get("/orders/{order_id}")
def read_order(order_id: int) -> str:
    return find_order(order_id)
```

## Instead
```python title="app/main.py"
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

app = FastAPI()


class OrderNotFound(Exception):
    pass


@app.exception_handler(OrderNotFound)
def answer_not_found(request: Request, exc: OrderNotFound) -> JSONResponse:
    return JSONResponse({"detail": "There is no such order"}, status_code=404)


def find_order(order_id: int) -> str:
    raise OrderNotFound(order_id)


@app.get("/orders/{order_id}")
def read_order(order_id: int) -> str:
    return find_order(order_id)
```

## Options
None.

## Not reported
- Classes with a handler for them or an ancestor, on the app that serves the endpoint: by decorator, call, loop, table
  or `exception_handlers`.
- What a caller, a `with`, a `yield` dependency, a route class or a middleware catches, what `asyncio.gather(…,
  return_exceptions=True)` keeps, and a `ValueError` in a validator.
- A `raise` that the arguments of the call rule out (`get(key, required=False)`).
- Apps that go to a function nobody can look into (`company_platform.install(app)`): it may register handlers. Servers,
  metrics and traces are known to register none.
- What only start-up code, scripts, background tasks or tasks that nobody awaits raise.

## Known limits
An `except` whose type is not known counts as catching, and so does one that raises again only if a question to the
exception says so (`if exc.code != 404: raise`). A function below a decorator that is not known raises nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding, Severity, Step
from fastapi_guardrails.model.classes import inherits, is_complete, is_exception
from fastapi_guardrails.model.elements import mark_at
from fastapi_guardrails.model.values import ClassValue
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.finding import Mark
    from fastapi_guardrails.model.calls import RaiseSite
    from fastapi_guardrails.model.elements import App, Route
    from fastapi_guardrails.model.project import Project

#: FastAPI answers these itself.
_ANSWERED = (
    "starlette.exceptions.HTTPException",
    "starlette.exceptions.WebSocketException",
    "starlette.websockets.WebSocketDisconnect",
    "fastapi.exceptions.RequestValidationError",
    "fastapi.exceptions.WebSocketRequestValidationError",
)


@rule(
    "FG402",
    name="unmapped-exception",
    guardrails=["err-custom", "err-handlers", "dont-ignore-errors"],
    severity=Severity.ERROR,
)
def unmapped_exception(app: App) -> Iterator[Finding]:
    """Yield a finding per class of the project that leaves the app's endpoints unhandled."""
    for cls, raised in _unmapped(app).values():
        places = sorted(raised.items(), key=lambda item: (item[0].path, item[0].line, item[0].offset))
        (first, route), *others = places
        steps = [Step(route.mark, f"`{' '.join([*route.methods[:1], route.route_path])}` reaches it")]
        steps += [Step(mark, "is raised here as well") for mark, _ in others]
        yield Finding(
            at=first,
            message=f"`{cls.name}` reaches the client as a 500: derive it from `HTTPException`, "
            f"or register a handler for it on {f'`{app.name}`' if app.name else 'the app'}",
            trace=tuple(steps),
        )


def _unmapped(app: App) -> dict[int, tuple[ClassValue, dict[Mark, Route]]]:
    """The classes that nothing maps, each with its raises and the first route that reaches them."""
    flow = app.project.exceptions
    twins = _twins(app)
    found: dict[int, tuple[ClassValue, dict[Mark, Route]]] = {}
    if any(flow.takes_all(twin) for twin in (app, *twins)) or not _has_unmapped(app.project, twins):
        return found
    for route in app.own_routes:
        if route.flat.off or not (route.is_operation or route.websocket):
            continue
        for escape in flow.unhandled(route):
            cls = escape.cls
            if (
                isinstance(cls, ClassValue)
                and _is_unmapped(cls)
                and not any(flow.is_handled(twin, cls) for twin in twins)
            ):
                found.setdefault(id(cls.node), (cls, {}))[1].setdefault(_mark(escape.site), route)
    return found


def _has_unmapped(project: Project, twins: list[App]) -> bool:
    """Whether the project has a class at all that no handler of some apps takes; classes in functions may be one."""
    for cls in project.registry.classes.values():
        if _is_unmapped(cls) and not any(project.exceptions.is_handled(twin, cls) for twin in twins):
            return True
    return any(f.NESTED_CLASS in function.node.code for function in project.registry.functions.values())


def _twins(app: App) -> list[App]:
    """The apps that the same call makes, the app included.

    A factory is looked at with its defaults as well as with what its callers give: which of them serves is not known.
    """
    place = app.value.place
    return [a for a in app.project.apps if a.value.place.module is place.module and a.value.place.pos == place.pos]


def _mark(site: RaiseSite) -> Mark:
    return mark_at(site.function.module, site.node.pos, "stmt")


def _is_unmapped(cls: ClassValue) -> bool:
    """Whether it is surely an exception of the project that FastAPI does not answer itself."""
    if not cls.module.is_application or is_exception(cls) is not True or not is_complete(cls):
        return False
    return inherits(cls, *_ANSWERED) is False
