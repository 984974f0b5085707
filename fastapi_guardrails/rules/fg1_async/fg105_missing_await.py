"""
## What it does
Reports a coroutine that is made and dropped, or used as if it were its result: the call of an `async def` without
`await`, for functions of the project (`async` properties among them) and for async methods of known libraries.

## Why it matters
Calling an `async def` runs nothing: it makes a coroutine object. `session.commit()` without `await` saves nothing and
raises nothing; `if user_exists(name):` is always true, because an object is.

## Example
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()


async def is_taken(name: str) -> bool:
    return name == "admin"


@app.get("/api/v1/names/{name}")
async def read_name(name: str) -> str:
    if is_taken(name):  # error: FG105
        return "taken"
    return "free"
```

## Instead
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()


async def is_taken(name: str) -> bool:
    return name == "admin"


@app.get("/api/v1/names/{name}")
async def read_name(name: str) -> str:
    if await is_taken(name):
        return "taken"
    return "free"
```

## Fix safety
Unsafe: `await` is inserted, and what the call does, which did not happen until now, happens then. Only in an
`async def`; an `async` property that is read has no fix.

## Options
None.

## Not reported
- A coroutine that is awaited, returned, kept and awaited later, or handed to something (`gather`, `create_task`,
  `TaskGroup`, `wait_for`, `add_task`, …). What the project's own annotations declare as something else (a parameter, a
  field, a variable) takes no coroutine, and a name of which an attribute or an item is read is no coroutine for later.
- Functions under a decorator that cannot be followed: it may have made something else of them.
- Async generators and `@asynccontextmanager` functions, which are no coroutines.

## Known limits
A coroutine that is passed to a function which drops it is not followed, nor is one that is returned where the function
is declared to return its result. In a list or a dict it is reported where that becomes a response: elsewhere somebody
may await what is in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Applicability, Finding, Fix, Severity
from fastapi_guardrails.model.coroutine_uses import CoroutineUses, Parents, can_wait, is_coroutine
from fastapi_guardrails.model.tree import text, walk_with_parent
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.elements import Function


@rule("FG105", name="missing-await", guardrails=["style-async-io"], severity=Severity.ERROR, fix="unsafe")
def missing_await(function: Function) -> Iterator[Finding]:
    """Yield each call of a function's body whose coroutine is dropped or used as its result."""
    if not function.project.coroutines.may_be_dropped(function.node):
        return
    analysis = function.analysis
    made = [site for site in analysis.calls if not site.awaited and is_coroutine(analysis.value(site.node))]
    if not made:
        return
    parents: Parents = {id(node): parent for node, parent in walk_with_parent(analysis.body)}
    uses = CoroutineUses(function.project.evaluator, analysis, parents, lambda: function.is_endpoint)
    for site in made:
        node = site.node
        use = uses.of(node)
        if use is not None:
            said = f"{text(node.func)}(…)" if isinstance(node, f.Call) else text(node)
            yield Finding(
                at=function.at(node),
                message=f"`{said}` is never awaited: its coroutine is {use.how}",
                fix=_fix(function, node, parents) if isinstance(node, f.Call) else None,
            )


def _fix(function: Function, node: f.Call, parents: Parents) -> Fix | None:
    if not function.is_async or not can_wait(node, parents):
        return None
    from fastapi_guardrails.syntax.calls import call_at

    name = node.func.attr if isinstance(node.func, f.Attr) else node.func.id if isinstance(node.func, f.Name) else None
    call = call_at(function.project.sources.text(function.path), function.at(node), name)
    edits = call.awaited() if call is not None else ()
    return Fix("insert `await`", Applicability.UNSAFE, edits) if edits else None
