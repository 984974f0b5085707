"""
## What it does
Reports `create_async_engine` with a URL whose driver is sync, and a sync `create_engine` whose sessions reach async
endpoints.

## Why it matters
`create_async_engine("postgresql://…")` fails at the first connection: SQLAlchemy takes psycopg2 for that URL, which is
not async. The other way round nothing fails: each query of an async endpoint stops the event loop instead.

## Example
```python title="app/config.py"
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    database_url: str = "postgresql://localhost/shop"


settings = Settings()
```

```python title="app/database.py"
from sqlalchemy.ext.asyncio import create_async_engine

from app.config import settings

engine = create_async_engine(settings.database_url)  # error: FG801
```

## Instead
```python title="app/config.py"
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    database_url: str = "postgresql+asyncpg://localhost/shop"


settings = Settings()
```

```python title="app/database.py"
from sqlalchemy.ext.asyncio import create_async_engine

from app.config import settings

engine = create_async_engine(settings.database_url)
```

## Options
`target = { sqlalchemy = "2.1" }`: from SQLAlchemy 2.1 on, `postgresql://` means psycopg 3, which is async as well.

## Not reported
- `+asyncpg`, `+psycopg`, `+aiosqlite`, `+asyncmy`, `+aiomysql`, and drivers that are not known.
- A URL that only the environment decides, or that is rewritten before it is used: by a validator of the settings, too.
- Alembic's `env.py`.

## Known limits
An engine that reaches its sessions through an object that cannot be followed is not matched to endpoints.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding, Severity, Step
from fastapi_guardrails.knowledge.database import has_sync_sqlalchemy
from fastapi_guardrails.model.classes import inherits
from fastapi_guardrails.model.elements import mark_at
from fastapi_guardrails.model.operators import beginning, written_at
from fastapi_guardrails.model.values import (
    ClassValue,
    Const,
    External,
    FunctionValue,
    Instance,
    Value,
    options,
    text_of,
)
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.calls import Analysis
    from fastapi_guardrails.model.dependencies import Dependency
    from fastapi_guardrails.model.elements import Function, Route
    from fastapi_guardrails.model.frames import Arguments
    from fastapi_guardrails.model.project import Project

_ASYNC_ENGINE = "sqlalchemy.ext.asyncio.create_async_engine"
_ENGINE = "sqlalchemy.Engine"
_SYNC_DRIVERS = frozenset(
    {"psycopg2", "psycopg2cffi", "pg8000", "pymysql", "mysqldb", "mysqlconnector", "pysqlite", "pyodbc", "cx_oracle"}
)
#: How many helpers deep a provider's session is looked for.
_MAX_DEEP = 4
_SYNC_BY_DEFAULT = frozenset({"mysql", "mariadb", "sqlite", "postgresql", "postgres", "oracle", "mssql"})


@rule("FG801", name="sync-driver", guardrails=["db-async-driver", "style-no-sync-db"], severity=Severity.ERROR)
def sync_driver(project: Project) -> Iterator[Finding]:
    """Yield async engines with a sync driver, and sync engines behind async endpoints."""
    newer = project.versions.at_least("sqlalchemy", "2.1") is True
    for call, taken in project.library_calls(_ASYNC_ENGINE):
        url = call.get(0, "url")
        if taken and url is not None and call.node is not None:
            yield from _async_engine(call, url, newer)
    if has_sync_sqlalchemy(project.names.imported):
        yield from _behind_async_endpoints(project)


def _async_engine(call: Arguments, url: Value, newer: bool) -> Iterator[Finding]:
    scheme = _scheme(url)
    if scheme is None or not _is_sync(scheme, newer) or call.node is None:
        return
    module = call.frame.module
    trace: tuple[Step, ...] = ()
    text = written_at(url) or _named_scheme(url)
    if text is not None and text.module is not None and (text.module, text.pos >> 16) != (module, call.node.pos >> 16):
        trace = (Step(mark_at(text.module, text.pos), "the URL comes from here"),)
    yield Finding(
        at=mark_at(module, call.node.pos),
        message=f"`create_async_engine` gets `{scheme}://`, whose driver is sync: take one {_instead(scheme)}",
        trace=trace,
    )


def _scheme(url: Value) -> str | None:
    text = beginning(url)
    if text is None:
        named = _named_scheme(url)
        text = None if named is None else text_of(named)
        text = text if text is None or "://" in text else f"{text}://"
    scheme, separator, _ = (text or "").partition("://")
    return scheme.lower() if separator and scheme else None


def _named_scheme(url: Value) -> Const | None:
    """What a URL object was made with that says its driver."""
    if not isinstance(url, Instance):
        return None
    found = next((url.attrs[n] for n in ("drivername", "scheme", "name_or_url", "0") if n in url.attrs), None)
    return found if isinstance(found, Const) else None


def _is_sync(scheme: str, newer: bool) -> bool:
    dialect, _, driver = scheme.partition("+")
    if driver:
        return driver in _SYNC_DRIVERS
    return dialect in _SYNC_BY_DEFAULT and not (newer and dialect == "postgresql")


def _instead(scheme: str) -> str:
    dialect = scheme.partition("+")[0]
    known = {"mysql": "mysql+asyncmy", "mariadb": "mariadb+asyncmy", "sqlite": "sqlite+aiosqlite"}
    return f"as `{known.get(dialect, 'postgresql+asyncpg')}://`"


# --- sync engines behind async endpoints ---------------------------------------------------------------------------


def _behind_async_endpoints(project: Project) -> Iterator[Finding]:
    reported: set[tuple[str, int]] = set()
    for route in project.routes:
        if not route.is_async or route.endpoint is None:
            continue
        for engine, steps in _serving(project, route, route.endpoint):
            key = (engine.module.path if engine.module else "", engine.made)
            if engine.module is None or key in reported:
                continue
            reported.add(key)
            yield Finding(
                at=mark_at(engine.module, engine.made),
                message=f"this sync engine serves the async endpoint `{route.endpoint.name}`: make it async",
                trace=steps,
            )


def _serving(project: Project, route: Route, endpoint: Function) -> Iterator[tuple[Instance, tuple[Step, ...]]]:
    """The sync engines of whose sessions an endpoint opens one or gets one, with how it comes to it."""
    for engine in _opened(project, endpoint.analysis):
        yield engine, (Step(endpoint.mark, "an async endpoint opens a session of this engine"),)
    for dependency in route.tree.children:
        for function in _providers(project, dependency):
            for engine in _engines(project, function):
                made = Step(mark_at(function.module, function.node.pos, "def"), "makes a session of this engine")
                yield engine, (made, Step(endpoint.mark, "an async endpoint gets that session"))


def _providers(project: Project, dependency: Dependency) -> Iterator[FunctionValue]:
    """The functions whose results an endpoint gets from a dependency, also as what an object holds."""
    if dependency.parameter is None:
        return
    if dependency.function is not None and not isinstance(dependency.target, ClassValue):
        yield dependency.function
    kept = _kept(project, dependency)
    for child in dependency.children:
        if child.parameter is not None and (kept is None or child.parameter.name in kept):
            yield from _providers(project, child)


def _kept(project: Project, dependency: Dependency) -> set[str] | None:
    """The parameters that go into the object of the project that a dependency makes; None for all of them."""
    if isinstance(dependency.target, ClassValue):
        return None
    if dependency.function is None:
        return set()
    analysis = project.evaluator.analysis(dependency.function)
    made = {id(o.cls) for _, v in (*analysis.yields, *analysis.returns) for o in options(v) if isinstance(o, Instance)}
    calls = [s.node for s in analysis.calls if isinstance(s.callee, ClassValue) and id(s.callee) in made]
    given = [a for n in calls if isinstance(n, f.Call) for a in (*n.args, *(k.value for k in n.keywords))]
    return {a.id for a in given if isinstance(a, f.Name)}


def _engines(project: Project, function: FunctionValue, deep: int = 0) -> Iterator[Instance]:
    """The sync engines whose sessions a provider makes and hands out, itself or through helpers."""
    analysis = project.evaluator.analysis(function)
    given = [o for _, v in (*analysis.yields, *analysis.returns) for o in options(v)]
    if deep > _MAX_DEEP or not any(_is_session(value) for value in given):
        return
    yield from filter(None, (_sync(_bound_engine(value)) for value in given))
    yield from _opened(project, analysis)
    for site in analysis.calls:
        for target, _ in site.targets:
            yield from _engines(project, target, deep + 1)


def _opened(project: Project, analysis: Analysis) -> Iterator[Instance]:
    """The sync engines of whose sessions a function makes one."""
    for site in analysis.calls:
        for callee in options(site.callee):
            is_session = isinstance(callee, External) and inherits(callee, "sqlalchemy.orm.Session")
            bound = site.call.get(0, "bind") if is_session else _bound_engine(callee)
            if site.deferred or not isinstance(bound, Instance) or not inherits(bound.cls, _ENGINE):
                continue
            engine = _sync(bound)
            yield from (engine,) if engine is not None else _returned(project, analysis)


def _returned(project: Project, analysis: Analysis) -> Iterator[Instance]:
    """The sync engines that a function gets from functions which make them: `get_engine() -> Engine`."""
    for site in analysis.calls:
        for target, _ in site.targets:
            for _, value in project.evaluator.analysis(target).returns:
                yield from filter(None, map(_sync, options(value)))


def _sync(engine: Value | None) -> Instance | None:
    is_sync = isinstance(engine, Instance) and inherits(engine.cls, _ENGINE) and engine.made
    return engine if is_sync and isinstance(engine, Instance) else None


def _bound_engine(factory: Value) -> Value | None:
    """What a session factory, or a scoped session over one, is bound to."""
    if not isinstance(factory, Instance) or not isinstance(factory.cls, External):
        return None
    if factory.cls.name == "sqlalchemy.orm.scoped_session" and "session_factory" in factory.attrs:
        return _bound_engine(factory.attrs["session_factory"])
    if "sessionmaker" not in factory.cls.name:
        return None
    return factory.attrs.get("bind", factory.attrs.get("0"))


def _is_session(value: Value) -> bool:
    return isinstance(value, Instance) and inherits(value.cls, "sqlalchemy.orm.Session") is True
