"""
## What it does
Reports the methods of Pydantic 1 on a Pydantic 2 model: `.dict()`, `.json()`, `.copy()`, `.parse_obj()`,
`.parse_raw()`, `.from_orm()`, `.construct()`, `.schema()`, `.update_forward_refs()` and `.__fields__`.

## Why it matters
They are deprecated and go in Pydantic 3. Until then two names mean the same thing in one code base, and a method
`dict` or `json` of a model collides with the field that a client would like to have.

## Example
```python title="app/main.py"
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str


@app.post("/api/v1/items", response_model=Item)
async def create_item(item: Item):
    return Item.parse_obj(item.dict(exclude_unset=True))  # error: FG602
```

## Instead
```python title="app/main.py"
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str


@app.post("/api/v1/items", response_model=Item)
async def create_item(item: Item):
    return Item.model_validate(item.model_dump(exclude_unset=True))
```

## Fix safety
Safe: the type of the receiver is known, and the new method means the same with the arguments that are given. Other
arguments (as `encoder=`) leave it to you.

## Options
None.

## Not reported
- Other objects that have such methods: a `requests.Response.json()`, a `dict.copy()`.
- Models that define the method themselves, models of `pydantic.v1`, and projects that pin `pydantic<2`.

## Known limits
A receiver whose type cannot be told is not reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Applicability, Finding, Fix
from fastapi_guardrails.knowledge.classes import ancestors
from fastapi_guardrails.knowledge.pydantic import METHODS, SAME_ARGUMENTS
from fastapi_guardrails.model.classes import is_pydantic
from fastapi_guardrails.model.elements import mark_at
from fastapi_guardrails.model.tree import walk
from fastapi_guardrails.model.values import ClassValue, Instance, Method, Value, options
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.elements import Function
    from fastapi_guardrails.model.frames import Arguments
    from fastapi_guardrails.model.project import Project

_WORDS = tuple(name.encode() for name in (*METHODS, "__fields__"))


@rule("FG602", name="pydantic-v1-method", guardrails=["schema-v2"], fix="sometimes")
def pydantic_v1_method(project: Project) -> Iterator[Finding]:
    """Yield each call of a Pydantic 1 method, at module level and in functions."""
    if project.versions.at_least("pydantic", "2") is False:
        return
    for calls in project.registry.calls.values():
        for made in calls:
            if made.call.frame.module.is_application and made.call.frame.function is None:
                yield from _of_call(project, made.callee, made.call)
    for function in project.functions:
        if any(word in function.node.code for word in _WORDS):
            for site in function.analysis.calls:
                yield from _of_call(project, site.callee, site.call)
            yield from _of_fields(function)


def _of_call(project: Project, callee: Value, call: Arguments) -> Iterator[Finding]:
    name = _old_method(callee)
    if name is None or call.node is None:
        return
    mark = mark_at(call.frame.module, call.node.pos)
    yield Finding(
        at=mark,
        message=f"`{name}` is a method of Pydantic 1: use `{METHODS[name]}`",
        fix=_fix(project, name, call),
    )


def _old_method(callee: Value) -> str | None:
    """The old method that every option of a callee is, or None."""
    names = {_name(option) for option in options(callee)}
    return names.pop() if len(names) == 1 else None


def _name(callee: Value) -> str | None:
    if not isinstance(callee, Method) or callee.name not in METHODS:
        return None
    if "pydantic.BaseModel" not in ancestors(callee.owner)[0]:
        return None
    receiver = callee.receiver
    cls = receiver.cls if isinstance(receiver, Instance) else receiver
    return callee.name if isinstance(cls, ClassValue) and is_pydantic(cls) is True else None


def _fix(project: Project, name: str, call: Arguments) -> Fix | None:
    from fastapi_guardrails.syntax import call_at

    allowed = SAME_ARGUMENTS.get(name)
    if call.open or call.node is None:
        return None
    if allowed is not None and (call.args or not set(call.kwargs) <= allowed):
        return None
    if allowed is None and name in ("parse_raw", "from_orm", "update_forward_refs") and call.kwargs:
        return None
    module = call.frame.module
    found = call_at(project.sources.text(module.path), mark_at(module, call.node.pos), name)
    edits = found.rename_method(METHODS[name]) if found is not None else ()
    return Fix(f"use `{METHODS[name]}`", Applicability.SAFE, edits) if edits else None


def _of_fields(function: Function) -> Iterator[Finding]:
    if b"__fields__" not in function.node.code:
        return
    analysis = function.analysis
    for node in walk(analysis.body):
        if isinstance(node, f.Attr) and node.attr == "__fields__":
            value = analysis.value(node.value)
            cls = value.cls if isinstance(value, Instance) else value
            if isinstance(cls, ClassValue) and is_pydantic(cls) is True:
                yield Finding(at=function.at(node), message="`__fields__` is of Pydantic 1: use `model_fields`")
