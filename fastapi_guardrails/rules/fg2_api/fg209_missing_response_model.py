"""
## What it does
Reports a route that declares no response model: neither `response_model=` nor a return annotation that FastAPI uses as
one.

## Why it matters
Without a model FastAPI sends whatever the function returns. A field that somebody adds to a table next year, a password
hash or an internal note, goes out to every client, and the OpenAPI schema says `{}`, so nobody notices.

## Example
```python title="app/main.py"
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str


@app.get("/api/v1/items/{name}")  # error: FG209
async def read_item(name: str):
    return Item(name=name)
```

## Instead
```python title="app/main.py"
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str


@app.get("/api/v1/items/{name}", response_model=Item)
async def read_item(name: str):
    return Item(name=name)
```

## Fix safety
Safe, and offered only where every `return` is known to give the same model (or a list of it): the response stays what
it is.

## Options
`response-model = "explicit"`: a return annotation does not count, `response_model=` must be there.

## Not reported
- 204 and 304, which have no body.
- Endpoints that return `Response` objects only (redirects, files, streams, templates, what a library gives of which it
  is not known whether it knows of responses), and routes whose
  `response_class`, or the `default_response_class` around them, is HTML, plain text, a redirect, a file or a stream.
- `response_model=None`, which says that there is none, and `-> None`.
- WebSockets, and what `include_in_schema=False` hides.

## Known limits
`responses={200: {"model": …}}` documents a model but checks nothing, and does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Applicability, Finding, Fix, Import, Mark
from fastapi_guardrails.knowledge.responders import may_answer
from fastapi_guardrails.model.classes import externals, inherits, is_orm, is_pydantic
from fastapi_guardrails.model.values import (
    ClassValue,
    External,
    Instance,
    ModuleValue,
    Sequence_,
    Union,
    Value,
    maker,
    options,
)
from fastapi_guardrails.rules.registry import rule

if TYPE_CHECKING:
    from fastapi_guardrails.model.elements import Function, Route

_RESPONSE = "starlette.responses.Response"
_NO_BODY = (204, 304)


@rule(
    "FG209",
    name="missing-response-model",
    guardrails=["api-response-model", "principle-schemas", "principle-types"],
    fix="sometimes",
)
def missing_response_model(route: Route) -> Iterator[Finding]:
    """Yield a finding at the decorator of a route without a response model."""
    endpoint = route.endpoint
    if endpoint is None or not _is_asked(route) or _sends_no_model(route):
        return
    if _annotation_counts(route, endpoint) or endpoint.is_generator or _returns_responses(endpoint):
        return
    yield Finding(
        at=route.mark,
        message=f"`{endpoint.name}` declares no response model: add `response_model=`, or annotate what it returns",
        fix=_fix(route, endpoint),
    )


def _is_asked(route: Route) -> bool:
    if route.websocket or not route.is_operation or not route.include_in_schema:
        return False
    return route.option("response_model") is None and route.status_code not in _NO_BODY


def _annotation_counts(route: Route, endpoint: Function) -> bool:
    returns = endpoint.node.returns
    if returns is None:
        return False
    if route.project.config.response_model != "explicit":
        return True
    type_ = route.response_model
    return type_ is None  # `-> None` and `-> Response` say that there is no model


def _sends_no_model(route: Route) -> bool:
    """Whether the response class, its own or the nearest default around it, is none that serialises a model."""
    cls = route.response_class
    return cls is not None and inherits(cls, "starlette.responses.JSONResponse") is not True


def _returns_responses(endpoint: Function) -> bool:
    """Whether the endpoint returns `Response` objects only."""
    values = [o for _, v in endpoint.analysis.returns for o in options(v)]
    return bool(values) and all(_may_be_response(v) for v in values)


def _may_be_response(value: Value) -> bool:
    if isinstance(value, Instance):
        answer = inherits(value.cls, _RESPONSE)
        bases = externals(value.cls) if isinstance(value.cls, ClassValue) else [value.cls]
        return any(may_answer(base.name) for base in bases) if answer is None else answer
    made_by = maker(value)
    return bool(made_by) and may_answer(made_by)


# --- the fix -------------------------------------------------------------------------------------------------------


def _fix(route: Route, endpoint: Function) -> Fix | None:
    found = _common_model(endpoint)
    if found is None:
        return None
    from fastapi_guardrails.syntax.calls import call_at
    from fastapi_guardrails.syntax.imports import can_import

    model, is_list = found
    text = route.project.sources.text(route.path)
    mark = route.mark
    offset = mark.offset + (1 if mark.kind == "decorator" else 0)
    outer = call_at(text, Mark(mark.path, mark.line, offset))
    call = outer and outer.innermost()  # of `router.post("/x")(endpoint)` the call that takes the path
    if call is None or call.has_stars():
        return None
    imports: tuple[Import, ...] = ()
    name = _name(route, model, text)
    if name is None:
        wanted = Import(route.path, model.module.name, model.name)
        if not can_import(text, wanted):
            return None
        name, imports = model.name, (wanted,)
    value = f"list[{name}]" if is_list else name
    edits = call.with_keyword("response_model", value)
    return Fix(f"add `response_model={value}`", Applicability.SAFE, edits, imports) if edits else None


def _name(route: Route, model: ClassValue, text: str) -> str | None:
    """What the file of a route calls a model; None if it does not import it."""
    from fastapi_guardrails.syntax.imports import imported_names, local_name

    if model.module is route.source:
        return model.name
    for name in imported_names(text):
        value = route.project.evaluator.module_member(route.source, name)
        if value is model:
            return name
        if isinstance(value, ModuleValue) and value.module is model.module:
            return f"{name}.{model.name}"
    return local_name(text, model.module.name, model.name)


def _common_model(endpoint: Function) -> tuple[ClassValue, bool] | None:
    """The one model that every `return` gives, and whether it gives lists of it."""
    found = {_model(v) for _, v in endpoint.analysis.returns}
    if len(found) != 1:
        return None
    only = found.pop()
    return only if only is not None and "." not in only[0].qualname else None


def _model(value: Value) -> tuple[ClassValue, bool] | None:
    if isinstance(value, Union):
        return None
    if isinstance(value, Instance) and isinstance(value.cls, ClassValue) and not value.args:
        return (value.cls, False) if _is_schema(value.cls) else None
    item: Value | None = None
    if isinstance(value, Sequence_) and value.kind == "list" and len(value.items) == 1:
        inner = _model(value.items[0])
        return (inner[0], True) if inner is not None and not inner[1] else None
    if isinstance(value, Instance) and isinstance(value.cls, External) and value.cls.name == "builtins.list":
        item = value.args[0] if value.args else None
    if isinstance(item, ClassValue) and _is_schema(item):
        return item, True
    return None


def _is_schema(cls: ClassValue) -> bool:
    """Whether a class may be a response model: a Pydantic one that is no table (FG210)."""
    return is_pydantic(cls) is True and is_orm(cls) is False
