"""
## What it does
Reports an ORM object as a response: an ORM class as (or inside) the response model, or, without a response model, a
`return` of an ORM object, of a collection of them, or of a dict or tuple that holds one. What is returned is followed
through services and repositories, and through `jsonable_encoder`.

## Why it matters
A table is not an API. The response then has every column that the table has, today's and tomorrow's, the password hash
among them; renaming a column breaks clients; and reading a relation that is not loaded fails in the middle of the
response.

## Example
```python title="app/models.py"
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    hashed_password: Mapped[str]
```

```python title="app/main.py"
from fastapi import Depends, FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import User

app = FastAPI()


async def get_db() -> AsyncSession:
    raise NotImplementedError


@app.get("/api/v1/users/{user_id}", response_model=None)
async def read_user(user_id: int, db: AsyncSession = Depends(get_db)):
    return await db.get(User, user_id)  # error: FG210
```

## Instead
```python title="app/models.py"
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    hashed_password: Mapped[str]
```

```python title="app/main.py"
from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import User

app = FastAPI()


class UserResponse(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int


async def get_db() -> AsyncSession:
    raise NotImplementedError


@app.get("/api/v1/users/{user_id}", response_model=UserResponse)
async def read_user(user_id: int, db: AsyncSession = Depends(get_db)):
    return await db.get(User, user_id)
```

## Options
None.

## Not reported
- An ORM object that is returned under a Pydantic `response_model`, which filters it.
- SQLModel classes without `table=True`, which are plain models.
- `jsonable_encoder` with `include` or `exclude`.
- Further `return`s of the same endpoint: one response model mends them all.

## Known limits
A value whose type cannot be told is never reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding, Severity, Step
from fastapi_guardrails.model.classes import flat_classes, inherits, is_orm
from fastapi_guardrails.model.elements import mark_at
from fastapi_guardrails.model.values import (
    Annotated,
    ClassValue,
    Coroutine,
    External,
    Generic,
    Instance,
    Mapping,
    Partial,
    Sequence_,
    Union,
    Value,
    is_none,
)
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.calls import Analysis, CallSite
    from fastapi_guardrails.model.elements import Route

_SAYS_NOTHING = frozenset(
    {
        "typing.Any", "builtins.object", "builtins.dict", "builtins.list", "builtins.tuple", "collections.abc.Sequence",
        "collections.abc.Mapping", "collections.abc.Iterable",
    }
)  # fmt: skip
_COLLECTIONS = ("builtins.", "collections.", "sqlalchemy.Row", "sqlalchemy.ScalarResult")
_MAX_STEPS = 6


@rule(
    "FG210",
    name="orm-model-returned",
    guardrails=["dont-orm-response", "principle-schemas"],
    severity=Severity.ERROR,
)
def orm_model_returned(route: Route) -> Iterator[Finding]:
    """Yield ORM classes in the response model, or ORM objects that are returned without one."""
    if route.websocket or not route.is_operation:
        return
    model = route.response_model
    found = route.project.trees.orm_class_sent(model) if model is not None else None
    if found is not None:
        yield Finding(
            at=route.mark,
            message=f"the response model is the ORM class `{found.name}`: declare a Pydantic model for clients",
            trace=(Step(mark_at(found.module, found.node.pos, "class"), f"`{found.name}` is mapped to a table"),),
        )
    elif _says_nothing(model):
        yield from _returned(route)


def _says_nothing(model: Value | None) -> bool:
    """Whether no model filters the response: none, or only `Any`, a `dict` or a list of anything."""
    if model is None or is_none(model):
        return True
    if isinstance(model, (Union, Annotated)):
        return all(_says_nothing(o) for o in (model.options if isinstance(model, Union) else (model.type,)))
    origin = model.origin if isinstance(model, Generic) else model
    if not isinstance(origin, External) or origin.name not in _SAYS_NOTHING:
        return False
    return not isinstance(model, Generic) or not model.args or _says_nothing(model.args[-1])


def _returned(route: Route) -> Iterator[Finding]:
    endpoint = route.endpoint
    if endpoint is None or endpoint.is_generator:
        return
    analysis = endpoint.analysis
    for node, value in analysis.returns:
        found = _orm_in_value(value) or (_wrapped(route, analysis, node.value) if node is not None else None)
        if node is None or found is None:
            continue
        yield Finding(  # the first of them: one response model mends them all
            at=endpoint.at(node, "stmt"),
            message=f"returns the ORM object `{found.name}` without a response model: every column goes to the client",
            trace=tuple(_way(route, analysis, node, found)),
        )
        return


def _orm_in_value(value: Value, depth: int = 0) -> ClassValue | None:
    if depth > 4:
        return None
    parts: list[Value] = []
    if isinstance(value, Instance):
        if isinstance(value.cls, ClassValue) and is_orm(value.cls):
            return value.cls
        if isinstance(value.cls, External) and value.cls.name.startswith(_COLLECTIONS):
            return next(
                (c for a in value.args for c in flat_classes(a) if isinstance(c, ClassValue) and is_orm(c)), None
            )
        parts = _sent_by(value)
    elif isinstance(value, Union):
        parts = list(value.options)
    elif isinstance(value, Sequence_):
        parts = value.items
    elif isinstance(value, Mapping):
        parts = list(value.items.values())
    return next((found for p in parts if (found := _orm_in_value(p, depth + 1)) is not None), None)


def _wrapped(route: Route, analysis: Analysis, expression: f.Expr | None) -> ClassValue | None:
    """The ORM class of what a call gets and puts into the dict that it returns: `success(data=user)`."""
    site = _source(analysis, expression)
    if site is None or len(site.targets) != 1 or isinstance(site.callee, (ClassValue, Partial)):
        return None
    if not any(_orm_in_value(value) for value in (*site.call.args, *site.call.kwargs.values())):
        return None
    function, receiver = site.targets[0]
    params = [p.name for p in function.node.params if p.kind != "kw"]
    inner = route.project.evaluator.analysis(function, receiver)
    changed = {t.id for a in inner.assigns for t in a.targets if isinstance(t, f.Name)}
    for node, _ in inner.returns:
        for name in _held(node.value if node is not None else None):
            index = params.index(name) - (receiver is not None) if name in params else None
            given = site.call.get(index, name) if name not in changed else None
            found = _orm_in_value(given) if given is not None else None
            if found is not None:
                return found
    return None


def _held(display: f.Expr | None) -> Iterator[str]:
    """The names that a dict, a list or a tuple holds."""
    items = display.values if isinstance(display, f.Dict) else display.items if isinstance(display, f.Seq) else []
    for item in items:
        if isinstance(item, f.Name):
            yield item.id
        else:
            yield from _held(item)


def _sent_by(value: Instance) -> list[Value]:
    """What `jsonable_encoder` made plain data of, and the content of a JSON response."""
    sent = value.attrs.get("(encoded)")
    if sent is None and inherits(value.cls, "starlette.responses.JSONResponse") is True:
        sent = value.attrs.get("content", value.attrs.get("0"))
    return [] if sent is None else [sent]


# --- the way down to where the object comes from ---------------------------------------------------------------------


def _way(route: Route, analysis: Analysis, node: f.Return, orm: ClassValue) -> Iterator[Step]:
    expression = node.value
    for _ in range(_MAX_STEPS):
        site = _source(analysis, expression)
        target = site.targets[0] if site is not None and site.targets else None
        if target is None:
            break
        function, receiver = target
        inner = route.project.evaluator.analysis(function, receiver)
        found = next((n for n, v in inner.returns if n is not None and _orm_in_value(_awaited(v)) is orm), None)
        if found is None:
            yield Step(
                mark_at(function.module, function.node.pos, "def"), f"`{function.qualname}` returns `{orm.name}`"
            )
            break
        yield Step(mark_at(function.module, found.pos, "stmt"), f"`{function.qualname}` returns `{orm.name}`")
        analysis, expression = inner, found.value
    yield Step(mark_at(orm.module, orm.node.pos, "class"), f"`{orm.name}` is mapped to a table")


def _awaited(value: Value) -> Value:
    return value.result if isinstance(value, Coroutine) else value


def _source(analysis: Analysis, expression: f.Expr | None) -> CallSite | None:
    """The call that an expression's value comes from: itself, awaited, or what a name was last assigned."""
    if isinstance(expression, f.Await):
        expression = expression.value
    if isinstance(expression, f.Name):
        name = expression.id
        assigned = [
            a.expression for a in analysis.assigns if any(isinstance(t, f.Name) and t.id == name for t in a.targets)
        ]
        return _source(analysis, assigned[-1]) if assigned and not isinstance(assigned[-1], f.Name) else None
    return next((s for s in analysis.calls if s.node is expression), None)
