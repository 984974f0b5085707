"""
## What it does
Reports a route that writes (POST, PUT, PATCH, DELETE) and has no security dependency: not in its parameters, its
decorator, its router, an include or its own app. Only projects that have such a dependency somewhere are looked at.

## Why it matters
One forgotten `Depends` leaves a hole that no test of the good case finds: the route answers, and answers everybody.

## Example
```python title="app/main.py"
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.security import OAuth2PasswordBearer

app = FastAPI()
Token = Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))]


@app.post("/orders")
def create_order(token: Token) -> None: ...


@app.delete("/orders/{order_id}")  # error: FG302
def delete_order(order_id: int) -> None: ...
```

## Instead
```python title="app/main.py"
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.security import OAuth2PasswordBearer

app = FastAPI()
Token = Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))]


@app.post("/orders")
def create_order(token: Token) -> None: ...


@app.delete("/orders/{order_id}")
def delete_order(order_id: int, token: Token) -> None: ...
```

## Options
`public-paths`: globs of route paths that anybody may write to.

## Not reported
- Routes of a project in which no route has a dependency of security. In a monorepo each folder with a
  `pyproject.toml` is a project.
- Public actions by the last static segment or the function's name: login, token, sign-up, register, refresh, logout,
  reset of a password (`/password/reset` too), verify, webhook, callback.
- Routes whose dependencies cannot all be followed, or where a setting decides which they are.
- Routes that ask for another proof: a header with a key, a secret or a signature (`X-API-Key`, `Stripe-Signature`), a
  `token` in the path, the query or a form, the user whom a middleware found. The same goes where the request is handed
  to code that cannot be followed, and where a dependency answers 401 or 403.
- Apps with a middleware that authenticates: one that reads the `Authorization` header, a session or a cookie of the
  caller. The same goes for a route class, for what is wrapped around an app, and where a function nobody can look into
  gets the app.
- Endpoints that read the token themselves (see FG303), and those under a decorator like `login_required`.

## Known limits
What counts is that the caller is identified; whether he may do this is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.config import matches
from fastapi_guardrails.finding import Finding, Severity
from fastapi_guardrails.knowledge.public_actions import is_public_action
from fastapi_guardrails.rules.registry import rule

if TYPE_CHECKING:
    from fastapi_guardrails.model.elements import Route

_WRITING = ("POST", "PUT", "PATCH", "DELETE")


@rule("FG302", name="missing-auth-dependency", guardrails=["sec-auth-depends", "di-chain"], severity=Severity.ERROR)
def missing_auth_dependency(route: Route) -> Iterator[Finding]:
    """Yield a finding at the decorator of a writing route that nothing protects."""
    writing = [method for method in _WRITING if method in route.methods]
    if not writing or not route.is_operation or not _is_there(route) or _is_public(route):
        return
    security = route.project.security
    if not security.is_used_beside(route) or security.route_is_secured(route) is not False or _is_copy(route):
        return
    yield Finding(
        at=route.mark,
        message=f"anybody may call `{writing[0]} {route.route_path}`: no security dependency on the way to it; "
        "add one to the route, its router or the include",
    )


def _is_there(route: Route) -> bool:
    """Whether the route surely exists; an unknown prefix changes nothing."""
    entries = (route.flat.entry, *route.flat.chain)
    return not route.flat.off and not any(entry.uncertain for entry in entries)


def _is_copy(route: Route) -> bool:
    """Whether it is on an app that only a script makes, to print its schema, beside the one that serves it."""
    app, project = route.flat.app, route.project
    if app.owner is None or not project.processes.only_in_scripts(app.owner.node):
        return False
    return any(r.flat.entry is route.flat.entry and r.flat.app is not app for r in project.routes)


def _is_public(route: Route) -> bool:
    path = route.route_path
    name = route.endpoint_name.rpartition(".")[2]
    return is_public_action(path, name) or matches(route.project.config.public_paths, path.lstrip("/"))
