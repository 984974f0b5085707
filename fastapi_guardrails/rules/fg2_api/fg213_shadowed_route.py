"""
## What it does
Reports a route that no request can reach, because an earlier route or mount of the same app matches all of its
requests. The order is the one in which routes are registered, across files: that of the includes, depth first.

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
- Routes of scripts that no module imports together.
- Routes that are added to a router after it was included.

## Known limits
Two routes that overlap without one covering the other (`/{a}/x` and `/y/{b}`) are not reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import takewhile
from operator import itemgetter
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding, Severity, Step
from fastapi_guardrails.model.matching import Segment, covers, segments
from fastapi_guardrails.model.routing import Entry, IncludeEntry, MountEntry, RouterObject, path_text, unwrap
from fastapi_guardrails.model.values import is_soft
from fastapi_guardrails.rules.registry import rule

if TYPE_CHECKING:
    from fastapi_guardrails.model.elements import App, Route

#: Earlier routes by what the paths that they take begin with, and how many segments those have (0: any number).
_Seen = dict[tuple[tuple[str, ...], int], list[tuple[int, "Route", frozenset[str], tuple[Segment, ...]]]]
_Mounts = dict[int, list[MountEntry]]


@rule("FG213", name="shadowed-route", guardrails=["api-methods"], severity=Severity.ERROR)
def shadowed_route(app: App) -> Iterator[Finding]:
    """Yield each route of an app that an earlier one hides."""
    if app.is_mounted:
        return
    is_served_late = app.project.versions.at_least("fastapi", "0.137") is True
    seen: dict[tuple[int, ...], _Seen] = defaultdict(lambda: defaultdict(list))
    mounts: _Mounts = {}
    for number, route in enumerate(app.routes):
        if not route.certain or not (route.methods or route.websocket):
            continue
        group = seen[tuple(id(e) for e in route.flat.chain if isinstance(e, MountEntry))]
        parts = segments(route.route_path)
        is_late = _is_late(route)
        earlier = None if is_late else _first_cover(route, parts, group)
        mount = None if is_late or earlier is not None else _covering_mount(route, parts, mounts)
        if earlier is not None:
            yield _finding(route, earlier)
        elif mount is not None:
            yield _below_mount(route, mount)
        if is_late and not is_served_late:
            continue
        group[_static_prefix(parts), _length(parts)].append((number, route, _methods(route), parts))


def _methods(route: Route) -> frozenset[str]:
    """The methods that it answers: a plain route of Starlette answers HEAD where it answers GET."""
    methods = frozenset(route.methods)
    return methods | {"HEAD"} if not route.is_operation and "GET" in methods else methods


def _is_late(route: Route) -> bool:
    """Whether it came to its router after an include of that router: whether it is served depends on FastAPI."""
    steps: list[Entry] = [*route.flat.chain, route.flat.entry]
    return any(
        isinstance(step, IncludeEntry) and any(below.seq > step.seq for below in steps[index + 1 :])
        for index, step in enumerate(steps)
    )


def _static_prefix(parts: tuple[Segment, ...]) -> tuple[str, ...]:
    """The segments before the first one with a parameter: what a path that the route takes begins with."""
    return tuple(part.text for part in takewhile(lambda part: part.static, parts))


def _length(parts: tuple[Segment, ...]) -> int:
    """How many segments the paths have that a route takes; 0 for any number."""
    return 0 if any("{path}" in part.text for part in parts) else len(parts)


def _first_cover(route: Route, parts: tuple[Segment, ...], seen: _Seen) -> Route | None:
    """The earlier route that takes all requests of this one."""
    prefix = _static_prefix(parts)
    beginnings = [prefix[:end] for end in range(len(prefix) + 1)]
    candidates = [found for start in beginnings for n in {0, len(parts)} for found in seen.get((start, n), ())]
    methods = _methods(route)
    for _, earlier, answered, other in sorted(candidates, key=itemgetter(0)):
        is_rival = methods <= answered and earlier.websocket is route.websocket
        if is_rival and covers(other, parts) and not _is_same(route, earlier) and _run_together(route, earlier):
            return earlier
    return None


def _run_together(route: Route, earlier: Route) -> bool:
    """Whether one process may register both: not, where two scripts add routes to an app that they import."""
    steps: list[Entry] = [s for r in (route, earlier) for s in (*r.flat.chain, r.flat.entry)]
    return route.project.imports.meet([step.place.module for step in steps])


def _is_same(route: Route, earlier: Route) -> bool:
    """Whether both come from one registration on one way: a router class that registers what it gets twice. A router
    that a setting may include elsewhere counts too."""
    if route.mark != earlier.mark or route.endpoint_name != earlier.endpoint_name:
        return False
    return route.flat.chain == earlier.flat.chain or any(is_soft(e.prefix) for e in route.includes + earlier.includes)


def _covering_mount(route: Route, parts: tuple[Segment, ...], known: _Mounts) -> tuple[MountEntry, str] | None:
    """The mount before the route, of its app or of an app around it, that takes all its requests; with its path."""
    owner, before = route.app.value, ""
    for step in (*route.flat.chain, route.flat.entry):
        for mount in _mounts(owner, known):
            path = before + path_text(mount.path).rstrip("/")
            if mount.seq < step.seq and covers(segments(path + "/{path:path}"), parts):
                return mount, path or "/"
        inner = unwrap(step.app) if isinstance(step, MountEntry) else None
        if not isinstance(step, MountEntry) or inner is None:
            break
        owner, before = inner, before + path_text(step.path).rstrip("/")
    return None


def _mounts(owner: RouterObject, known: _Mounts) -> list[MountEntry]:
    """The certain mounts of an app."""
    if id(owner) not in known:
        mounts = (e for e in owner.entries if isinstance(e, MountEntry))
        known[id(owner)] = [m for m in mounts if not (m.uncertain or m.off or "{?}" in path_text(m.path))]
    return known[id(owner)]


def _finding(route: Route, earlier: Route) -> Finding:
    label = f"{'/'.join(route.methods) or 'WebSocket'} {route.route_path}"
    if route.route_path == earlier.route_path:
        message = f"`{label}` is registered twice: only the first one answers"
    else:
        message = f"`{label}` is never reached: `{earlier.route_path}` is registered before it and takes its requests"
    steps = [Step(earlier.mark, f"`{earlier.route_path}` answers first")]
    if route.mark == earlier.mark:
        steps += [Step(r.place_mark(r.includes[-1].place), "included here") for r in (earlier, route) if r.includes]
    return Finding(at=route.mark, message=message, trace=tuple(steps))


def _below_mount(route: Route, mount: tuple[MountEntry, str]) -> Finding:
    entry, path = mount
    label = f"{'/'.join(route.methods) or 'WebSocket'} {route.route_path}"
    return Finding(
        at=route.mark,
        message=f"`{label}` is never reached: the mount at `{path}` before it takes its requests",
        trace=(Step(route.place_mark(entry.place), f"`{path}` is mounted before it"),),
    )
