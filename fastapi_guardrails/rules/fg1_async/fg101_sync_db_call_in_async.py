"""
## What it does
Reports a call on a sync database handle that runs on the event loop: in an `async def`, or in a sync function that an
`async def` calls, however deep.

## Why it matters
An event loop serves all requests with one thread. While a sync driver waits for the database, that thread waits, and
every other request of the process with it. A query of 200 ms at 50 requests a second is enough to stop a service, and
nothing in a test on a laptop shows it.

## Example
```python title="app/main.py"
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite:///app.db"))


def get_db():
    with SessionLocal() as session:
        yield session


def count_users(db: Session) -> int:
    return db.execute(text("select count(*) from users")).scalar_one()


@app.get("/api/v1/users/count")
async def read_count(db: Session = Depends(get_db)) -> int:
    return count_users(db)  # error: FG101
```

## Instead
```python title="app/main.py"
from collections.abc import AsyncIterator

from fastapi import Depends, FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

app = FastAPI()
SessionLocal = async_sessionmaker(create_async_engine("sqlite+aiosqlite:///app.db"), expire_on_commit=False)


async def get_db() -> AsyncIterator[AsyncSession]:
    async with SessionLocal() as session:
        yield session


async def count_users(db: AsyncSession) -> int:
    return (await db.execute(text("select count(*) from users"))).scalar_one()


@app.get("/api/v1/users/count")
async def read_count(db: AsyncSession = Depends(get_db)) -> int:
    return await count_users(db)
```

## Options
None.

## Not reported
- `def` endpoints and dependencies: FastAPI runs them in a thread.
- What is handed to a thread: `run_in_threadpool`, `asyncio.to_thread`, `run_in_executor`, `AsyncSession.run_sync`,
  `BackgroundTasks.add_task` of a `def`.
- Building a statement or a query without running it (iterating over it runs it), making a session, `add`, `add_all`
  and `expunge`: no I/O. The commit at the end of `with session.begin():` is reported where the block only adds: other
  calls in it are findings of their own.
- The start of an app: code of a lifespan before its `yield`. A task that it starts runs while the app serves, and is
  reported.
- Code that only scripts run: commands of click, typer or cyclopts, what `if __name__ == "__main__":` calls, and
  coroutines that a sync function gives to an event loop of its own.
- What a literal argument rules out: below `if save:` where the caller passes `save=False` or leaves the default.
- A call that is awaited: its handle is async, whatever its annotation says.

## Known limits
A handle whose type cannot be told is never reported. Without an annotation, it is what the calls of the function, or of
the class whose `__init__` keeps it, bring; where some of them bring something else or what cannot be followed, nobody
knows. Nor is `connect` of a driver reported, which makes a handle. Each line that leaves async code is a finding of its
own, however many lead to the same call.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding, Severity
from fastapi_guardrails.knowledge.classes import ancestors
from fastapi_guardrails.knowledge.database import is_sync_call, sync_calls
from fastapi_guardrails.model.contexts import Chains, while_serving
from fastapi_guardrails.model.elements import mark_at
from fastapi_guardrails.model.tree import dotted, statements, walk
from fastapi_guardrails.model.values import Method, Partial, options
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.calls import CallSite
    from fastapi_guardrails.model.project import Project

_SESSION = "sqlalchemy.orm.Session"
_ADDING = frozenset({"add", "add_all"})


@rule(
    "FG101",
    name="sync-db-call-in-async",
    guardrails=["principle-async", "style-no-sync-db"],
    severity=Severity.ERROR,
)
def sync_db_call_in_async(project: Project) -> Iterator[Finding]:
    """Yield each call of an async function that ends in sync database I/O."""
    chains = Chains(project, lambda site: _database_call(site) or _commit_behind(project, site), sync_calls)
    for function, hit in while_serving(project, chains):
        how = "blocks the event loop" if not hit.steps else f"blocks the event loop with {hit.what}"
        what = hit.what if not hit.steps else "this call"
        yield Finding(
            at=mark_at(function.source, hit.site.node.pos),
            message=f"{what} {how}: `{function.name}` is async; use an async driver, or run it in a thread",
            trace=hit.steps,
        )


def _database_call(site: CallSite) -> str | None:
    callees = [o.target if isinstance(o, Partial) else o for o in options(site.callee)]
    names = [c for c in callees if isinstance(c, Method) and is_sync_call(c.owner, c.name)]
    if not names or len(names) != len(callees):
        return None
    return f"sync `{names[0].owner.rpartition('.')[2]}.{names[0].name}`"


def _commit_behind(project: Project, site: CallSite) -> str | None:
    """The commit at the end of `with session.begin():`, where the block does nothing else with the database."""
    callee = site.callee
    if not site.with_ or not isinstance(callee, Method) or callee.name != "begin":
        return None
    if _SESSION not in ancestors(callee.owner)[0] and callee.owner != "sqlalchemy.orm.sessionmaker":
        return None
    blocks = (s for s in statements(project.evaluator.body(site.function)) if isinstance(s, f.With))
    found = next(((i, b.body) for b in blocks for i in b.items if i.context is site.node), None)
    if found is None:
        return None
    item, block = found
    opened = item.context.func if isinstance(item.context, f.Call) else item.context
    session = dotted(item.target or (opened.value if isinstance(opened, f.Attr) else opened))
    methods = set(_uses(session, block))
    return "the commit of `Session.begin`" if methods and methods <= _ADDING else None


def _uses(session: str | None, block: list[f.Stmt]) -> Iterator[str]:
    """The methods of a session that a block calls; "?" where it hands the session on."""
    for call in walk(block):
        if not isinstance(call, f.Call):
            continue
        if isinstance(call.func, f.Attr) and dotted(call.func.value) == session:
            yield call.func.attr
        if any(dotted(given) == session for given in (*call.args, *(k.value for k in call.keywords))):
            yield "?"
