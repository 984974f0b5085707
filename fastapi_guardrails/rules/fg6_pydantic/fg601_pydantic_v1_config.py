"""
## What it does
Reports `class Config` inside a Pydantic 2 model.

## Why it matters
Pydantic 2 still reads the class, warns, and drops it in version 3. What is worse: keys that were renamed, as
`orm_mode`, are ignored with a warning that nobody reads, so that the model does not do what its source says.

## Example
```python title="app/schemas.py"
from pydantic import BaseModel


class UserResponse(BaseModel):
    id: int

    class Config:  # error: FG601
        orm_mode = True
```

## Instead
```python title="app/schemas.py"
from pydantic import BaseModel, ConfigDict


class UserResponse(BaseModel):
    id: int

    model_config = ConfigDict(from_attributes=True)
```

## Fix safety
Safe: the class becomes `model_config = ConfigDict(…)` with the new names of its keys. Offered where the new name of
each key is known, and nothing but assignments stands in the class.

## Options
None.

## Not reported
- Dataclasses and classes that are no models, models of `pydantic.v1`, and projects that pin `pydantic<2`.

## Known limits
A model whose base classes cannot be followed is not reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Applicability, Finding, Fix, Import
from fastapi_guardrails.knowledge.pydantic import CONFIG_KEPT, CONFIG_KEYS, SETTINGS_KEPT
from fastapi_guardrails.model.classes import is_settings
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from libcst import ClassDef

    from fastapi_guardrails.model.elements import Class
    from fastapi_guardrails.syntax import Syntax

_EXTRA = {"Extra.forbid": '"forbid"', "Extra.allow": '"allow"', "Extra.ignore": '"ignore"'}


@rule("FG601", name="pydantic-v1-config", guardrails=["schema-v2"], fix="safe")
def pydantic_v1_config(cls: Class) -> Iterator[Finding]:
    """Yield the `class Config` of a Pydantic 2 model."""
    if cls.is_pydantic is not True or cls.project.versions.at_least("pydantic", "2") is False:
        return
    for node in cls.node.body:
        if isinstance(node, f.Class) and node.name == "Config":
            yield Finding(
                at=cls.at(node, "class"),
                message=f"`{cls.name}` is configured the way of Pydantic 1: use `model_config = ConfigDict(…)`",
                fix=_fix(cls, node),
            )


def _fix(cls: Class, node: f.Class) -> Fix | None:
    if node.bases or node.decorators or "model_config" in cls.value.scope.vars:
        return None
    from fastapi_guardrails.syntax import class_at, local_name
    from fastapi_guardrails.syntax.imports import can_import

    text = cls.project.sources.text(cls.path)
    settings = is_settings(cls.value) is True
    module, name = ("pydantic_settings", "SettingsConfigDict") if settings else ("pydantic", "ConfigDict")
    wanted = Import(cls.path, module, name)
    local = local_name(text, module, name)
    found = class_at(text, cls.at(node, "class"))
    if found is None or (local is None and not can_import(text, wanted)):
        return None
    arguments = _arguments(*found, settings)
    if not arguments:
        return None
    code = _call(local or name, arguments)
    edit = found[0].replace(found[1], code)
    return Fix("use `model_config`", Applicability.SAFE, (edit,), () if local else (wanted,))


def _call(name: str, arguments: list[str]) -> str:
    line = f"model_config = {name}({', '.join(arguments)})"
    if len(line) <= 100 and "\n" not in line:
        return line
    return f"model_config = {name}(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"


def _arguments(syntax: Syntax, node: ClassDef, settings: bool) -> list[str] | None:
    """The keyword arguments that say what the class says, or None where it says more."""
    import libcst as cst

    if syntax.has_comment(node):
        return None
    found: list[str] = []
    statements = [
        s for line in node.body.body for s in (line.body if isinstance(line, cst.SimpleStatementLine) else [line])
    ]
    for statement in statements:
        if isinstance(statement, cst.Pass) or _is_text(statement):
            continue
        if not isinstance(statement, (cst.Assign, cst.AnnAssign)) or statement.value is None:
            return None
        targets = [t.target for t in statement.targets] if isinstance(statement, cst.Assign) else [statement.target]
        key = targets[0].value if len(targets) == 1 and isinstance(targets[0], cst.Name) else ""
        argument = _argument(key, _dedented(syntax, statement.value), settings)
        if argument is None:
            return None
        found.append(argument)
    return found


def _is_text(statement: object) -> bool:
    import libcst as cst

    return isinstance(statement, cst.Expr) and isinstance(statement.value, (cst.SimpleString, cst.Ellipsis))


def _dedented(syntax: Syntax, value: object) -> str:
    import libcst as cst

    assert isinstance(value, cst.CSTNode)
    lines = syntax.code(value).split("\n")
    if len(lines) == 1:
        return lines[0]
    indentation = syntax.indentation(value)
    return "\n".join([lines[0], *("    " + line.removeprefix(indentation) for line in lines[1:])])


def _argument(key: str, value: str, settings: bool) -> str | None:
    if key == "allow_mutation":
        return {"True": "frozen=False", "False": "frozen=True"}.get(value)
    if key in CONFIG_KEYS:
        return f"{CONFIG_KEYS[key]}={value}"
    if key in CONFIG_KEPT or (settings and key in SETTINGS_KEPT):
        return f"{key}={_EXTRA.get(value, value)}"
    return None
