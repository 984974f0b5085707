"""Types as text, the way FastAPI's own tools show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_guardrails.model import classes, types
from fastapi_guardrails.model.dependencies import name_of
from fastapi_guardrails.model.tree import text
from fastapi_guardrails.model.values import (
    Annotated,
    ClassValue,
    Const,
    External,
    ForwardReference,
    Generic,
    TypeVariable,
    Union,
    Value,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator


def type_name(ev: Evaluator, type_: Value, node: f.Expr | None = None) -> str:
    """A type as text: `list[app.schemas.User]`, `Union[int, None]`; `node` is shown where it is unknown."""
    type_ = types.resolve_reference(ev, type_)
    if isinstance(type_, ClassValue):
        return name_of(type_)
    if isinstance(type_, External):
        return _external_name(type_.name)
    if isinstance(type_, Annotated):
        return type_name(ev, type_.type)
    if isinstance(type_, Union):
        return f"Union[{', '.join(type_name(ev, o) for o in type_.options)}]"
    if isinstance(type_, Generic):
        return _generic_name(ev, type_)
    if isinstance(type_, Const):
        return "None" if type_.value is None else repr(type_.value)
    if isinstance(type_, TypeVariable):
        return f"~{type_.name}"
    if isinstance(type_, ForwardReference):
        return type_.text
    return text(node) if node is not None else "?"


def _external_name(name: str) -> str:
    if name == "builtins.Ellipsis":
        return "..."
    return name.removeprefix("builtins.").removeprefix("typing.")


def _generic_name(ev: Evaluator, type_: Generic) -> str:
    args = [type_name(ev, a) for a in type_.args]
    if isinstance(type_.origin, ClassValue) and classes.is_pydantic(type_.origin):
        args = [a.rpartition(".")[2] if "[" not in a else a for a in args]
    return f"{type_name(ev, type_.origin)}[{', '.join(args)}]"
