"""
## What it does
Reports a route that no request can reach, because an earlier route of the same app matches all of its requests. The
order is the one in which routes are registered, across files: that of the includes, depth first.

## Why it matters
The first match wins. `/users/{user_id}` before `/users/me` takes every request for `/users/me` and answers 422, because
`me` is no number: annotations are checked after the match. Whoever swaps two `include_router` lines can do this to an
endpoint in another file.

## Example
```python title="app/users.py"
from fastapi import APIRouter

router = APIRouter(prefix="/users")


@router.get("/{user_id}")
async def read_user(user_id: int) -> int:
    return user_id


@router.get("/me")  # error: FG213
async def read_me() -> str:
    return "me"
```

```python title="app/main.py"
from fastapi import FastAPI

from app.users import router

app = FastAPI()
app.include_router(router, prefix="/api/v1")
```

## Instead
```python title="app/users.py"
from fastapi import APIRouter

router = APIRouter(prefix="/users")


@router.get("/me")
async def read_me() -> str:
    return "me"


@router.get("/{user_id}")
async def read_user(user_id: int) -> int:
    return user_id
```

```python title="app/main.py"
from fastapi import FastAPI

from app.users import router

app = FastAPI()
app.include_router(router, prefix="/api/v1")
```

## Options
`target = { fastapi = "…" }`: since FastAPI 0.137 routes that are added to a router after it was included are served.

## Not reported
- Routes that a converter keeps apart: `{id:int}` before `me`.
- Routes of which the registration or the path is uncertain, and branches that exclude each other.
- Routes below different mounts.
- Routes that are added to a router after it was included.

## Known limits
Two routes that overlap without one covering the other (`/{a}/x` and `/y/{b}`) are not reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding, Severity, Step
from fastapi_guardrails.model.matching import Segment, covers, segments
from fastapi_guardrails.model.routing import Entry, IncludeEntry, MountEntry
from fastapi_guardrails.rules.registry import rule

if TYPE_CHECKING:
    from fastapi_guardrails.model.elements import App, Route

_Seen = list[tuple["Route", frozenset[str], tuple[Segment, ...]]]


@rule("FG213", name="shadowed-route", guardrails=["api-methods"], severity=Severity.ERROR)
def shadowed_route(app: App) -> Iterator[Finding]:
    """Yield each route of an app that an earlier one hides."""
    if app.is_mounted:
        return
    is_served_late = app.project.versions.at_least("fastapi", "0.137") is True
    seen: dict[tuple[int, ...], dict[str, _Seen]] = defaultdict(lambda: defaultdict(list))
    for route in app.routes:
        if not route.certain or not (route.methods or route.websocket):
            continue
        group = seen[tuple(id(e) for e in route.flat.chain if isinstance(e, MountEntry))]
        parts = segments(route.route_path)
        is_late = _is_late(route)
        earlier = None if is_late else _first_cover(route, parts, group)
        if earlier is not None:
            yield _finding(route, earlier)
        if is_late and not is_served_late:
            continue
        group[parts[0].text if parts[0].static else "{"].append((route, frozenset(route.methods), parts))


def _is_late(route: Route) -> bool:
    """Whether it came to its router after an include of that router: whether it is served depends on FastAPI."""
    steps: list[Entry] = [*route.flat.chain, route.flat.entry]
    return any(
        isinstance(step, IncludeEntry) and any(below.seq > step.seq for below in steps[index + 1 :])
        for index, step in enumerate(steps)
    )


def _first_cover(route: Route, parts: tuple[Segment, ...], group: dict[str, _Seen]) -> Route | None:
    """The earlier route that takes all requests of this one."""
    candidates = group["{"] + (group[parts[0].text] if parts[0].static else [])
    methods = frozenset(route.methods)
    for earlier, answered, other in candidates:
        is_rival = methods <= answered and earlier.websocket is route.websocket
        if is_rival and covers(other, parts) and not _is_same(route, earlier):
            return earlier
    return None


def _is_same(route: Route, earlier: Route) -> bool:
    """Whether both come from one registration of one function: a router that is included twice."""
    return route.mark == earlier.mark and route.endpoint_name == earlier.endpoint_name


def _finding(route: Route, earlier: Route) -> Finding:
    label = f"{'/'.join(route.methods) or 'WebSocket'} {route.route_path}"
    if route.route_path == earlier.route_path:
        message = f"`{label}` is registered twice: only the first one answers"
    else:
        message = f"`{label}` is never reached: `{earlier.route_path}` is registered before it and takes its requests"
    return Finding(at=route.mark, message=message, trace=(Step(earlier.mark, f"`{earlier.route_path}` answers first"),))
