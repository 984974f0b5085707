"""
## What it does
Reports the methods of Pydantic 1 on a Pydantic 2 model: `.dict()`, `.json()`, `.copy()`, `.parse_obj()`,
`.parse_raw()`, `.from_orm()`, `.construct()`, `.schema()`, `.update_forward_refs()` and `.__fields__`.

## Why it matters
They are deprecated and go with Pydantic 3. Until then each call warns, and some do less than they did: `.json()` takes
no more arguments of `json.dumps`, and `.from_orm()` needs a setting of another name.

## Example
```python title="app/services.py"
from pydantic import BaseModel


class User(BaseModel):
    name: str


def dump(user: User) -> dict[str, str]:
    return user.dict()  # error: FG602
```

## Instead
```python title="app/services.py"
from pydantic import BaseModel


class User(BaseModel):
    name: str


def dump(user: User) -> dict[str, str]:
    return user.model_dump()
```

## Fix safety
Safe: the call gets the name of Pydantic 2. There is no fix where an argument means something else under that name.

## Options
None.

## Not reported
- The same names on other types: `Response.json()`, `dict.copy()`.
- Models that define the method themselves.
- Code for both versions, where the old name is used only if the new one is missing.
- Receivers whose type is not known, and projects that pin `pydantic<2`.

## Known limits
Types are followed through annotations, assignments and return annotations; what a library returns is often unknown.
So are values of a type variable in the brackets of a function (`def f[T: Model](x: T)`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Applicability, Finding, Fix
from fastapi_guardrails.knowledge.pydantic_changes import METHODS, SAME_KEYWORDS, SAME_POSITIONAL
from fastapi_guardrails.model import classes
from fastapi_guardrails.model.compatibility import is_fallback, is_for_one_version
from fastapi_guardrails.model.elements import mark_at
from fastapi_guardrails.model.tree import text as shown
from fastapi_guardrails.model.tree import walk_with_parent
from fastapi_guardrails.model.values import ClassValue, External, Instance, Method, Value, is_none, options
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.elements import Function
    from fastapi_guardrails.model.project import Project
    from fastapi_guardrails.model.symbols import Module

#: Of names that much else has too only calls count; these are looked for in any use.
_WORDS = tuple(f.encode_word(name) for name in METHODS if name not in ("dict", "json", "copy", "schema"))
_OWNERS = ("pydantic.BaseModel", "pydantic.RootModel", "sqlmodel.SQLModel", "pydantic_settings.BaseSettings")


@rule("FG602", name="pydantic-v1-method", guardrails=["schema-v2"], fix="sometimes")
def pydantic_v1_method(project: Project) -> Iterator[Finding]:
    """Yield a finding for each use of a method of Pydantic 1 on a model."""
    if project.versions.at_least("pydantic", "2") is False:
        return
    for function in project.functions:
        facts = function.node
        if any(name in METHODS for name in facts.calls) or f.has_word(facts, _WORDS):
            yield from _in_function(function)
    for call in project.startup_calls(*(f"{owner}.{name}" for owner in _OWNERS for name in METHODS)):
        node, module = call.call.node, call.call.frame.module
        if node is None or not isinstance(node.func, f.Attr) or not isinstance(call.callee, Method):
            continue
        inside = call.call.frame.function
        body = module.facts.body if inside is None else project.evaluator.body(inside)
        if _is_old(call.callee) and not is_fallback(body, node.func, METHODS[node.func.attr]):
            yield _finding(project, module, node.func, node, [call.callee.receiver])


def _in_function(function: Function) -> Iterator[Finding]:
    analysis = function.analysis
    for node, parent in walk_with_parent(analysis.body):
        if not isinstance(node, f.Attr) or node.attr not in METHODS:
            continue
        receivers = [o for o in options(analysis.value(node.value)) if not is_none(o)]
        uses = [o for o in options(analysis.value(node)) if isinstance(o, Method)]
        if node.attr == "__fields__":
            known = bool(receivers) and all(_model(r) is not None for r in receivers)
        else:
            known = len(uses) == len(receivers) > 0 and all(_is_old(use) for use in uses)
        if known and not _is_fallback(function, node, METHODS[node.attr]):
            call = parent if isinstance(parent, f.Call) and parent.func is node else None
            yield _finding(function.project, function.value.module, node, call, receivers)


def _is_fallback(function: Function, node: f.Attr, new: str) -> bool:
    """Whether it runs only with Pydantic 1: in a branch of the function, or in a function of a branch."""
    if f.encode_word(new) in function.node.code and is_fallback(function.analysis.body, node, new):
        return True
    return is_for_one_version(function.value.module.facts.body, function.node, new)


def _is_old(method: Method) -> bool:
    model = _model(method.receiver)
    if model is None or method.name not in METHODS:
        return False
    return not isinstance(model, ClassValue) or classes.member(model, method.name) is None


def _model(receiver: Value) -> ClassValue | External | None:
    """The Pydantic model that a receiver is, or is an instance of."""
    cls = receiver.cls if isinstance(receiver, Instance) else classes.plain(receiver)
    if not isinstance(cls, (ClassValue, External)) or classes.is_pydantic(cls) is not True:
        return None
    return cls


def _finding(project: Project, module: Module, node: f.Attr, call: f.Call | None, receivers: list[Value]) -> Finding:
    new = METHODS[node.attr]
    parens = "" if call is None else "()"
    return Finding(
        at=mark_at(module, node.pos),
        message=f"`{shown(node)}{parens}` is of Pydantic 1: use `{new}{parens}`",
        fix=_fix(project, module, node, call, receivers),
    )


# --- the fix -------------------------------------------------------------------------------------------------------


def _fix(project: Project, module: Module, node: f.Attr, call: f.Call | None, receivers: list[Value]) -> Fix | None:
    new = METHODS[node.attr]
    models = [_model(r) for r in receivers]
    if any(isinstance(m, ClassValue) and classes.member(m, new) is not None for m in models):
        return None
    from fastapi_guardrails.syntax.attributes import rename_attribute

    mark = mark_at(module, node.pos)
    text = project.sources.text(module.path)
    if call is None and (node.attr != "__fields__" or any(isinstance(r, Instance) for r in receivers)):
        return None
    if call is not None and (not _means_the_same(node.attr, call) or _repeats(node)):
        return None
    edit = rename_attribute(text, mark, node.attr, new, project.sources.around(module.path, mark.line))
    parens = "" if call is None else "()"
    return None if edit is None else Fix(f"Use `{new}{parens}`", Applicability.SAFE, (edit,))


def _means_the_same(name: str, call: f.Call) -> bool:
    if any(isinstance(a, f.Star) for a in call.args) or len(call.args) > SAME_POSITIONAL.get(name, 0):
        return False
    allowed = SAME_KEYWORDS.get(name)
    return all(k.name is not None and (allowed is None or k.name in allowed) for k in call.keywords)


def _repeats(node: f.Attr) -> bool:
    """Whether the receiver calls a method of the same name: only one of them could be told by its name."""
    inner = node.value
    while isinstance(inner, (f.Attr, f.Call, f.Sub, f.Await)):
        if isinstance(inner, f.Attr) and inner.attr == node.attr:
            return True
        inner = inner.func if isinstance(inner, f.Call) else inner.value
    return False
