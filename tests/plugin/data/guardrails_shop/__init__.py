"""
## What it does
Reports a route whose path holds an underscore.

## Why it matters
Our gateway writes paths with hyphens.

## Example
```python
from fastapi import FastAPI

app = FastAPI()


@app.get("/order_lines")  # error: SHOP001
def order_lines() -> list[str]:
    return []
```

## Instead
```python
from fastapi import FastAPI

app = FastAPI()


@app.get("/order-lines")
def order_lines() -> list[str]:
    return []
```

## Options
`[tool.fastapi-guardrails.options.SHOP001]` with `allowed`, a list of paths.

## Not reported
- Path parameters.

## Known limits
None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi_guardrails import Finding, Severity, rule
from fastapi_guardrails.model.elements import Route


@rule("SHOP001", name="underscore-in-path", severity=Severity.ERROR)
def underscore_in_path(route: Route) -> Iterator[Finding]:
    """Yield a finding for a route whose path holds an underscore outside its parameters."""
    allowed = route.project.config.options.get("SHOP001", {}).get("allowed", [])
    path = route.route_path
    if "_" in re.sub(r"{.*?}", "", path) and path not in allowed:
        yield Finding(at=route.mark, message=f"{path} holds an underscore")
