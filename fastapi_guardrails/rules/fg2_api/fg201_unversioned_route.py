"""
## What it does
Reports routes whose full path, with all prefixes and mounts, has no version segment such as `v1`. There is one finding
for each place to edit: the outermost `include_router` that serves the routes, or the decorator of a route that is made
on the app itself.

## Why it matters
The first client that you do not control freezes your API. With a version in the path you can serve `/api/v2` beside
`/api/v1` and move clients one by one; without one, every change is a change for everybody at once.

## Example
```python title="app/users.py"
from fastapi import APIRouter

router = APIRouter(prefix="/users")


@router.get("")
async def list_users() -> list[str]:
    return []
```

```python title="app/main.py"
from fastapi import FastAPI

from app.users import router

app = FastAPI()
app.include_router(router, prefix="/api")  # error: FG201
```

## Instead
```python title="app/users.py"
from fastapi import APIRouter

router = APIRouter(prefix="/users")


@router.get("")
async def list_users() -> list[str]:
    return []
```

```python title="app/main.py"
from fastapi import FastAPI

from app.users import router

app = FastAPI()
app.include_router(router, prefix="/api/v1")
```

## Options
- `version-pattern`: a regular expression that a version segment matches in full (default: `v` and digits).
- `exempt-paths`: globs of route paths that need no version.

## Not reported
- A path of which some part is unknown, or comes from a variable of the environment, though the code has a fallback
  for it. Defaults of settings count as known.
- A version in the path of a mounted app, or in the `root_path` of the `FastAPI` object.
- `/`, health, liveness and readiness checks, `metrics`, `ping`, `version`, the favicon and `robots.txt`; everything
  below `docs`, `static` and `.well-known`.
- Routes with `include_in_schema=False`, routes of an app with `openapi_url=None`, and WebSockets.
- Routes that the defaults of the settings do not register.
- Routes of an app that is given to `fastapi-versioning` or `fastapi-versionizer`.
- Pages: routes whose `response_class`, or the `default_response_class` around them, is HTML.

## Known limits
A version in a header or a query parameter is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding, Mark
from fastapi_guardrails.knowledge.exempt_paths import is_exempt
from fastapi_guardrails.model.classes import inherits
from fastapi_guardrails.model.values import FALLBACK, is_none, softness, text_of
from fastapi_guardrails.rules.registry import rule

if TYPE_CHECKING:
    from fastapi_guardrails.model.elements import Route
    from fastapi_guardrails.model.project import Project

#: What puts a version before the paths of the app that it is given.
_VERSIONING = (
    "fastapi_versioning.VersionedFastAPI",
    "fastapi_versioning.versioning.VersionedFastAPI",
    "fastapi_versionizer.Versionizer",
    "fastapi_versionizer.versionizer.Versionizer",
)


@rule("FG201", name="unversioned-route", guardrails=["api-version", "setup-routers", "setup-health"])
def unversioned_route(project: Project) -> Iterator[Finding]:
    """Yield each include, and each decorator on an app, that serves routes without a version."""
    version = re.compile(project.config.version_pattern)
    places: dict[Mark, dict[str, None]] = {}
    given = [call.call for call in project.startup_calls(*_VERSIONING)]
    versioned = {id(value) for call in given for value in (*call.args, *call.kwargs.values())}
    for route in project.routes:
        if id(route.app.value) not in versioned and _needs_version(route, version):
            places.setdefault(_place(route), {})[_label(route)] = None
    for mark, labels in places.items():
        yield Finding(at=mark, message=_message(list(labels)))


def _needs_version(route: Route, version: re.Pattern[str]) -> bool:
    if route.websocket or not route.is_operation or not route.certain or not route.include_in_schema:
        return False
    if _is_page(route) or _has_no_schema(route):
        return False
    path = route.route_path
    if is_exempt(path) or any(fnmatchcase(path, glob) for glob in route.project.config.exempt_paths):
        return False
    segments = path.split("/") + _root_path(route)
    if any(s == "{?}" or version.fullmatch(s) for s in segments):
        return False
    return not any(softness(part) == FALLBACK for part in route.flat.parts())


def _is_page(route: Route) -> bool:
    """Whether it is made for browsers."""
    cls = route.response_class
    return cls is not None and inherits(cls, "starlette.responses.HTMLResponse") is True


def _has_no_schema(route: Route) -> bool:
    """Whether its app has no OpenAPI schema, so that none of its routes is in one."""
    given = route.flat.owner.options.get("openapi_url")
    return given is not None and is_none(given)


def _root_path(route: Route) -> list[str]:
    """Segments of the `root_path` of the app and of the mounted app that serves the route."""
    found: list[str] = []
    for app in (route.app.value, route.flat.owner):
        given = app.options.get("root_path")
        if given is not None and not is_none(given):
            text = text_of(given)
            found += ["{?}"] if text is None else text.split("/")
        elif app.open:
            found.append("{?}")
    return found


def _place(route: Route) -> Mark:
    includes = route.includes
    return route.place_mark(includes[0].place) if includes else route.mark


def _label(route: Route) -> str:
    return f"{'/'.join(route.methods) or 'ANY'} {route.route_path}"


def _message(labels: list[str]) -> str:
    if len(labels) == 1:
        return f"`{labels[0]}` has no version in its path: serve it below `/api/v1`"
    shown = ", ".join(f"`{label}`" for label in labels[:3])
    more = ", …" if len(labels) > 3 else ""
    return f"{len(labels)} routes have no version in their path ({shown}{more}): serve them below `/api/v1`"
