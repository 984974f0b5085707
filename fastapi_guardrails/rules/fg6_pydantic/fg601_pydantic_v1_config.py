"""
## What it does
Reports a Pydantic 2 model that is configured by an inner `class Config`.

## Why it matters
The inner class is deprecated and goes with Pydantic 3. Its old keys are ignored already: a model with
`orm_mode = True` reads no ORM object, and nothing says so but a warning at import.

## Example
```python title="app/schemas.py"
from pydantic import BaseModel


class User(BaseModel):
    name: str

    class Config:  # error: FG601
        orm_mode = True
```

## Instead
```python title="app/schemas.py"
from pydantic import BaseModel, ConfigDict


class User(BaseModel):
    name: str

    model_config = ConfigDict(from_attributes=True)
```

## Fix safety
Safe: the keys are given their names of Pydantic 2, comments stay, and the import is added. There is no fix where a key
is gone or the class has bases, methods or a docstring.

## Options
None.

## Not reported
- Dataclasses and classes that are no Pydantic models.
- Models of `pydantic.v1`, and projects that run on Pydantic 1: they pin `pydantic<2` or a FastAPI before 0.100, or
  import what only Pydantic 1 has.
- Code for both versions: what stands below a test for the version of Pydantic.

## Known limits
A `Config` that is assigned (`Config = Shared`) is not seen, nor a model inside a function that start-up does not call.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Applicability, Edit, Finding, Fix, Import, Range
from fastapi_guardrails.knowledge.pydantic_changes import CONFIG_GONE, CONFIG_INVERTED, CONFIG_KEYS
from fastapi_guardrails.model.classes import is_settings
from fastapi_guardrails.model.compatibility import is_for_one_version
from fastapi_guardrails.model.elements import mark_at
from fastapi_guardrails.model.tree import dotted, walk
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source import facts as f
from fastapi_guardrails.source.text import split_lines

if TYPE_CHECKING:
    import libcst as cst

    from fastapi_guardrails.model.elements import Class
    from fastapi_guardrails.model.project import Project
    from fastapi_guardrails.syntax import Syntax

_WIDTH = 88


@rule("FG601", name="pydantic-v1-config", guardrails=["schema-v2"], fix="sometimes")
def pydantic_v1_config(model: Class) -> Iterator[Finding]:
    """Yield a finding at the `class Config` of a Pydantic 2 model."""
    config = next((n for n in model.node.body if isinstance(n, f.Class) and n.name == "Config"), None)
    if config is None or not model.is_pydantic or model.project.versions.at_least("pydantic", "2") is False:
        return
    if is_for_one_version(model.source.facts.body, config, "model_config"):
        return
    yield Finding(
        at=mark_at(model.source, config.pos, "class"),
        message=f"`{model.name}` is configured by `class Config` of Pydantic 1: "
        f"use `model_config = {_dict(model)}(...)`",
        fix=_fix(model, config),
    )


def _dict(model: Class) -> str:
    return "SettingsConfigDict" if is_settings(model.value) else "ConfigDict"


# --- the fix -------------------------------------------------------------------------------------------------------


def _fix(model: Class, config: f.Class) -> Fix | None:
    from fastapi_guardrails.syntax import class_at, local_name
    from fastapi_guardrails.syntax.imports import can_import

    if not _can_be_rewritten(model, config):
        return None
    text = model.project.sources.text(model.path)
    found = class_at(text, mark_at(model.source, config.pos, "class"))
    if found is None:
        return None
    wanted = Import(model.path, "pydantic_settings" if is_settings(model.value) else "pydantic", _dict(model))
    known = local_name(text, wanted.module, wanted.name)
    if known is None and not can_import(text, wanted):
        return None
    edits = _edits(*found, known or wanted.name)
    if edits is None:
        return None
    return Fix("Use `model_config`", Applicability.SAFE, edits, () if known else (wanted,))


def _can_be_rewritten(model: Class, config: f.Class) -> bool:
    if config.bases or config.keywords or config.decorators or "model_config" in model.value.scope.vars:
        return False
    if f"{model.name}.Config" in _inherited_configs(model.project):
        return False
    keys: set[str] = set()
    values: list[f.Expr] = []
    for node in config.body:
        if isinstance(node, f.Simple):
            continue
        target = _target(node)
        if target is None or target in CONFIG_GONE:
            return False
        assert isinstance(node, (f.Assign, f.AnnAssign))
        assert node.value is not None
        if target in CONFIG_INVERTED and not (isinstance(node.value, f.Const) and isinstance(node.value.value, bool)):
            return False
        if CONFIG_KEYS.get(target, target) in keys:
            return False
        keys |= {target, CONFIG_KEYS.get(target, target)}
        values.append(node.value)
    used = {n.id for n in walk(values) if isinstance(n, f.Name)}
    return not used & (keys | set(model.value.scope.vars) | set(model.value.annotations))


def _target(node: f.Stmt) -> str | None:
    if isinstance(node, f.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], f.Name):
        return node.targets[0].id
    if isinstance(node, f.AnnAssign) and node.value is not None and isinstance(node.target, f.Name):
        return node.target.id
    return None


@lru_cache(maxsize=1)
def _inherited_configs(project: Project) -> frozenset[str]:
    """The `Model.Config` that other classes inherit, as written."""
    inner = [n for c in project.classes for n in c.node.body if isinstance(n, f.Class) and n.name == "Config"]
    names = (dotted(base) for node in inner for base in node.bases)
    return frozenset(".".join(name.split(".")[-2:]) for name in names if name)


def _edits(syntax: Syntax, node: cst.ClassDef, name: str) -> tuple[Edit, ...] | None:
    """`class Config:` with its assignments as one call: in one line where it fits, else line by line as it stands."""
    import libcst as cst

    lines = list(node.body.body)
    simple = [s for s in lines if isinstance(s, cst.SimpleStatementLine)]
    small = [s for line in simple for s in line.body] or [s for s in lines if isinstance(s, cst.BaseSmallStatement)]
    assigned = [s for s in small if isinstance(s, (cst.Assign, cst.AnnAssign))]
    if len(assigned) + sum(isinstance(s, cst.Pass) for s in small) != len(small):
        return None
    arguments = [_argument(syntax, s) for s in assigned]
    compact = f"model_config = {name}({', '.join(arguments)})"
    room = _WIDTH - len(syntax.indentation(node))
    if not syntax.has_comment(node) and "\n" not in compact and len(compact) <= room:
        return (Edit(Range(syntax.path, *syntax.start(node), *syntax.end(node)), compact),)
    if len(simple) != len(lines) or any(len(line.body) != 1 for line in simple) or len(assigned) != len(small):
        return None
    first = syntax.start(node)
    colon = syntax.end(node.name)
    header = Edit(Range(syntax.path, *first, first.line, colon.column + 1), f"model_config = {name}(")
    inside = [
        Edit(Range(syntax.path, *syntax.start(s), *_statement_end(syntax, s)), f"{text},")
        for s, text in zip(assigned, arguments)
    ]
    last = syntax.end(assigned[-1]).line
    end = len(split_lines(syntax.text)[last - 1]) + 1
    closing = Edit(Range(syntax.path, last, end, last, end), f"\n{syntax.indentation(node)})")
    return (header, *inside, closing)


def _statement_end(syntax: Syntax, statement: cst.Assign | cst.AnnAssign) -> tuple[int, int]:
    return syntax.end(statement)


def _argument(syntax: Syntax, statement: cst.Assign | cst.AnnAssign) -> str:
    """`orm_mode = True` as `from_attributes=True`."""
    import libcst as cst

    target = statement.targets[0].target if isinstance(statement, cst.Assign) else statement.target
    value = statement.value
    assert isinstance(target, cst.Name)
    assert value is not None
    key = target.value
    if key in CONFIG_INVERTED:
        return f"{CONFIG_INVERTED[key]}={not (isinstance(value, cst.Name) and value.value == 'True')}"
    return f"{CONFIG_KEYS.get(key, key)}={_value(syntax, key, value)}"


def _value(syntax: Syntax, key: str, value: cst.BaseExpression) -> str:
    import libcst as cst

    if key == "extra" and isinstance(value, cst.Attribute) and value.attr.value in ("allow", "forbid", "ignore"):
        return f'"{value.attr.value}"'
    code = syntax.code(value)
    parens = len(getattr(value, "lpar", ()))
    return f"({code})" if parens or isinstance(value, cst.Tuple) else code
