"""
## What it does
Reports a route without a tag.

## Why it matters
The documentation of the API groups routes by tag. A route without one ends up under "default".

## Example
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/orders")  # error: SHOP001
async def list_orders() -> list[str]:
    return []
```

## Instead
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/orders", tags=["orders"])
async def list_orders() -> list[str]:
    return []
```

## Options
None.

## Not reported
- A route that gets its tag from the router or from `include_router`.
- A WebSocket, and a route that the documentation hides.

## Known limits
A list of tags that is computed counts as no tag where none of its items is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails import Finding, rule

if TYPE_CHECKING:
    from fastapi_guardrails.model.elements import Route


@rule("SHOP001", name="untagged-route")
def untagged_route(route: Route) -> Iterator[Finding]:
    """Yield a finding for a documented route that has no tag on its whole way."""
    if route.certain and route.include_in_schema and not route.tags:
        yield Finding(at=route.mark, message=f"{route.route_path} has no tag: add tags=[…] to it or to its router")
