"""
## What it does
Reports a call that blocks on something other than a database and runs on the event loop: sleeping, sync HTTP clients,
subprocesses, sockets, mail, files. In an `async def`, or in a sync function that an `async def` calls, however deep.

## Why it matters
The event loop is one thread. `time.sleep(1)` in one endpoint stops every request of the process for a second; a slow
partner API behind `requests` stops them for as long as the partner takes.

## Example
```python title="app/main.py"
import time

import requests
from fastapi import FastAPI

app = FastAPI()


def fetch_rate() -> float:
    return requests.get("https://rates.example/eur", timeout=5).json()["rate"]


@app.get("/api/v1/rates")
async def read_rate() -> float:
    time.sleep(0.1)  # error: FG102
    return fetch_rate()  # error: FG102
```

## Instead
```python title="app/main.py"
import asyncio

import httpx
from fastapi import FastAPI

app = FastAPI()


async def fetch_rate() -> float:
    async with httpx.AsyncClient() as client:
        response = await client.get("https://rates.example/eur", timeout=5)
    return response.json()["rate"]


@app.get("/api/v1/rates")
async def read_rate() -> float:
    await asyncio.sleep(0.1)
    return await fetch_rate()
```

## Fix safety
Safe for `time.sleep` called in the `async def` itself: it becomes `await asyncio.sleep`, and the import is added. In a
generator expression `await` would change what it gives. The other calls have no fix.

## Options
`blocking-calls`: qualified names of further calls that block, as `"vendor.client.Client.send"`.

## Not reported
- What is handed to a thread, and everything in `def` endpoints and dependencies: `run_in_threadpool`, `to_thread`,
  `run_in_executor`, `BackgroundTasks.add_task` of a `def`, a sync generator given to `StreamingResponse`.
- The start of an app: code of a lifespan before its `yield`; code at module level. A task that it starts runs while the
  app serves, and is reported.
- Code that only scripts run: commands of click, typer or cyclopts, what `if __name__ == "__main__":` calls, and
  coroutines that a sync function gives to an event loop of its own. They serve nobody, unless they start a server.
- What a literal argument rules out: below `if wait:` where the caller passes `wait=False` or leaves the default.
- A *file* that is read or written once in the life of a process, as start-up might have done: in a cached function
  without parameters, in a `cached_property`, in the first filling of a global variable, or of an attribute of an object
  that the function itself has not made. What waits for something else (a network, a process, a sleep) is reported even
  there: the first request makes all others wait.
- The construction of a client that does not connect.
- The reads and writes inside a `with open(...)` block: the block is one finding, at the `open`.

## Known limits
A client whose type cannot be told is never reported. Each line that leaves async code is a finding of its own, however
many lead to the same call: each of them is where a thread or an `await` is needed. What only the data decides (an
unknown setting, a key of a dict) counts as possible.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Applicability, Finding, Fix, Import, Severity
from fastapi_guardrails.knowledge.blocking import CONNECTING, FILES, blocking_calls, blocks
from fastapi_guardrails.model.calls import CallSite, callee_name
from fastapi_guardrails.model.contexts import Chains, Hit, while_serving
from fastapi_guardrails.model.coroutine_uses import can_wait
from fastapi_guardrails.model.elements import Function, mark_at
from fastapi_guardrails.model.tree import walk_with_parent
from fastapi_guardrails.model.values import External, Instance, Method, Partial, Value, options
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.project import Project


@rule(
    "FG102",
    name="blocking-call-in-async",
    guardrails=["principle-async", "style-no-sync-db"],
    severity=Severity.ERROR,
    fix="sometimes",
)
def blocking_call_in_async(project: Project) -> Iterator[Finding]:
    """Yield each call of an async function that ends in a blocking call."""
    extra = frozenset(project.config.blocking_calls)
    chains = Chains(project, lambda site: _blocking_call(site, extra), partial(blocking_calls, extra=extra), _file)
    connected: set[tuple[str, int]] = set()
    for function, hit in while_serving(project, chains):
        if (function.path, _receiver_made(hit.site)) in connected:
            continue
        if hit.site.name in CONNECTING:
            connected.add((function.path, hit.site.node.pos))
        yield _finding(project, function, hit)


def _file(site: CallSite) -> str | None:
    """A file that is read or written once in the life of a process might as well have been at start-up."""
    return site.name if site.name in FILES else None


def _finding(project: Project, function: Function, hit: Hit) -> Finding:
    how = "blocks the event loop" if not hit.steps else f"blocks the event loop with {hit.what}"
    what = hit.what if not hit.steps else "this call"
    return Finding(
        at=mark_at(function.source, hit.site.node.pos),
        message=f"{what} {how}: `{function.name}` is async; use an async client, or run it in a thread",
        trace=hit.steps,
        fix=_sleep_fix(project, function, hit),
    )


def _blocking_call(site: CallSite, extra: frozenset[str]) -> str | None:
    names = {callee_name(o.target if isinstance(o, Partial) else o) for o in options(site.callee)}
    if len(names) != 1:
        return None
    name = names.pop()
    if name in CONNECTING:
        connects = bool(site.call.args) or "host" in site.call.kwargs
        return f"`{name}`" if connects else None
    if name == "shutil.copyfileobj" and any(_is_open_file(argument) for argument in site.call.args):
        return None  # who opened it blocks already
    return f"`{name.removeprefix('builtins.')}`" if name and blocks(name, extra) else None


def _is_open_file(value: Value) -> bool:
    return isinstance(value, Instance) and isinstance(value.cls, External) and value.cls.name == "io.TextIOWrapper"


def _receiver_made(site: CallSite) -> int:
    """Position of the call that made the object whose method is called, or -1."""
    callee = site.callee
    if isinstance(callee, Method) and isinstance(callee.receiver, Instance) and callee.receiver.made:
        return callee.receiver.made
    return -1


def _sleep_fix(project: Project, function: Function, hit: Hit) -> Fix | None:
    node = hit.site.node
    if hit.site.name != "time.sleep" or hit.steps or not isinstance(node, f.Call) or node.keywords:
        return None
    if not can_wait(node, {id(inner): parent for inner, parent in walk_with_parent(function.analysis.body)}):
        return None
    from fastapi_guardrails.syntax.calls import call_at
    from fastapi_guardrails.syntax.imports import can_import

    text = project.sources.text(function.path)
    wanted = Import(function.path, "asyncio")
    call = call_at(text, mark_at(function.source, hit.site.node.pos))
    if call is None or not can_import(text, wanted):
        return None
    edits = (*call.awaited(), *call.rename("asyncio.sleep"))  # what is inserted goes before what is replaced
    return Fix("use `await asyncio.sleep`", Applicability.SAFE, edits, (wanted,))
