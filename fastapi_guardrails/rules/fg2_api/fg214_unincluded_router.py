"""
## What it does
Reports an `APIRouter` with routes that no app ever includes, in a project that has an app. Of a tree of such routers,
only the parent.

## Why it matters
Its endpoints look alive: they have tests of their functions, they are reviewed and maintained, and every request for
them answers 404. Mostly one `include_router` line was forgotten.

## Example
```python title="app/reports.py"
from fastapi import APIRouter

router = APIRouter(prefix="/reports")  # error: FG214


@router.get("")
async def list_reports() -> list[str]:
    return []
```

```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()
```

## Instead
```python title="app/reports.py"
from fastapi import APIRouter

router = APIRouter(prefix="/reports")


@router.get("")
async def list_reports() -> list[str]:
    return []
```

```python title="app/main.py"
from fastapi import FastAPI

from app.reports import router

app = FastAPI()
app.include_router(router, prefix="/api/v1")
```

## Options
None.

## Not reported
- Anything in a project that includes routers that cannot be told (`importlib`, loops over unknown values).
- A router that is handed to something which cannot be followed.
- Names in `__all__` of the project's top package: a library offers them to others.

## Known limits
A router that a function makes is looked at where the project calls that function at start-up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding, Mark
from fastapi_guardrails.model.routing import IncludeEntry, MountEntry, Place, RouteEntry, RouterObject, unwrap
from fastapi_guardrails.model.values import Sequence_, text_of
from fastapi_guardrails.rules.registry import rule

if TYPE_CHECKING:
    from fastapi_guardrails.model.project import Project


@rule("FG214", name="unincluded-router", guardrails=["setup-routers"])
def unincluded_router(project: Project) -> Iterator[Finding]:
    """Yield the routers that no app serves."""
    if not project.apps or project.registry.unknown_includes or project.registry.dynamic_imports:
        return
    offered = _offered(project)
    lost: dict[Mark, list[RouterObject]] = {}
    served: set[Mark] = set()
    for router in project.routers:
        value = router.value
        name, place = _named(value)
        if value.parents or value.escaped or value.presumed:
            served.add(project.mark(place))
        elif name and name not in offered:
            lost.setdefault(project.mark(place), []).append(value)
    for mark, values in lost.items():
        count = _count(values[0], set())
        if count and mark not in served:
            yield Finding(
                at=mark,
                message=f"no app includes the router `{_named(values[0])[0]}`: "
                f"its {count} route{'s' * (count > 1)} answer 404",
            )


def _named(router: RouterObject) -> tuple[str, Place]:
    """The name of a router and where it gets it: in a module or class, else in the function that makes it."""
    if router.name or router.local is None:
        return router.name, router.assigned
    return router.local


def _count(router: RouterObject, seen: set[int]) -> int:
    """How many routes a router and the routers below it have."""
    if id(router) in seen:
        return 0
    seen.add(id(router))
    found = 0
    for entry in router.entries:
        if isinstance(entry, RouteEntry):
            found += 1
        elif isinstance(entry, IncludeEntry) and isinstance(entry.router, RouterObject):
            found += _count(entry.router, seen)
        elif isinstance(entry, MountEntry):
            inner = unwrap(entry.app)
            found += _count(inner, seen) if inner is not None else 0
    return found


def _offered(project: Project) -> set[str]:
    """Names that the top packages of the project offer in `__all__`."""
    found: set[str] = set()
    for module in project.symbols.modules.values():
        if module.is_package and "." not in module.name:
            names = module.scope.vars.get("__all__")
            if isinstance(names, Sequence_):
                found |= {t for t in map(text_of, names.items) if t is not None}
    return found
