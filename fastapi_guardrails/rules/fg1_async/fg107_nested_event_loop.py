"""
## What it does
Reports `asyncio.run`, `loop.run_until_complete`, `anyio.run` and `async_to_sync(f)()` where an event loop is running
already: in an `async def`, or in a sync function that an `async def` calls, however deep.

## Why it matters
A running loop cannot be run again. These calls raise `RuntimeError: asyncio.run() cannot be called from a running event
loop`, and they do it in production, because a test that calls the sync helper alone passes.

## Example
```python title="app/main.py"
import asyncio

from fastapi import FastAPI

app = FastAPI()


async def load_total() -> int:
    return 42


def total() -> int:
    return asyncio.run(load_total())


@app.get("/api/v1/totals")
async def read_total() -> int:
    return total()  # error: FG107
```

## Instead
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()


async def load_total() -> int:
    return 42


@app.get("/api/v1/totals")
async def read_total() -> int:
    return await load_total()
```

## Options
None.

## Not reported
- Module level, and `if __name__ == "__main__":`: no loop runs there.
- What is handed to a thread: a thread has no running loop.
- What runs only where `asyncio.get_running_loop()` raised, or `loop.is_running()` is false.
- What stands in a `try` with an `except RuntimeError`, which handles a running loop.
- A project that calls `nest_asyncio.apply()`, which makes nested loops run.

## Known limits
A loop object whose type cannot be told is never reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding, Severity
from fastapi_guardrails.knowledge.blocking import LOOP_WRAPPERS, LOOPS
from fastapi_guardrails.model.contexts import Chains
from fastapi_guardrails.model.elements import mark_at
from fastapi_guardrails.model.values import Bound, External, FunctionValue, Instance, Sequence_, Unknown, Value, maker
from fastapi_guardrails.rules.registry import rule

if TYPE_CHECKING:
    from fastapi_guardrails.model.calls import CallSite
    from fastapi_guardrails.model.project import Project


_NAMES = frozenset(name.rpartition(".")[2] for name in (*LOOPS, *LOOP_WRAPPERS))


@rule("FG107", name="nested-event-loop", guardrails=["style-no-sync-db"], severity=Severity.ERROR)
def nested_event_loop(project: Project) -> Iterator[Finding]:
    """Yield each call of an async function that ends in running an event loop."""
    chains = Chains(project, _runs_a_loop, lambda _: _NAMES)
    nests: bool | None = None
    for function in project.functions:
        for hit in chains.hits(function) if function.is_async else ():
            nests = bool(project.library_calls("nest_asyncio.apply")) if nests is None else nests
            if nests:
                return
            what = hit.what if not hit.steps else f"this call runs {hit.what}, which"
            yield Finding(
                at=mark_at(function.source, hit.site.node.pos),
                message=f"{what} raises in a running event loop: `{function.name}` is async; await instead",
                trace=hit.steps,
            )


def _runs_a_loop(site: CallSite) -> str | None:
    if any(_is_runtime_error(type_) for type_ in site.catching):
        return None  # what a running loop raises is handled
    if site.name in LOOPS:
        return f"`{site.name.replace('asyncio.AbstractEventLoop', 'loop')}`"
    return "`async_to_sync`" if _is_wrapped(site.callee) else None


def _is_runtime_error(type_: Value) -> bool:
    """Whether an `except` names `RuntimeError`."""
    types = type_.items if isinstance(type_, Sequence_) else [type_]
    return any(isinstance(t, External) and t.name == "builtins.RuntimeError" for t in types)


def _is_wrapped(callee: Value) -> bool:
    """Whether it is what `async_to_sync` makes of a function, called or as a decorator."""
    if isinstance(callee, Unknown):
        return maker(callee) in LOOP_WRAPPERS
    if isinstance(callee, Instance):
        return isinstance(callee.cls, External) and callee.cls.name in LOOP_WRAPPERS
    function = callee.function if isinstance(callee, Bound) else callee
    decorators = function.decorators if isinstance(function, FunctionValue) else []
    return any(isinstance(d, External) and d.name in LOOP_WRAPPERS for d in decorators)
