"""The reference, from the program itself: commands, configuration, schemas of the output, public API."""

from __future__ import annotations

import inspect
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import msgspec

import fastapi_guardrails
from fastapi_guardrails import cli, config, testing
from sitegen import markup

SCHEMAS = Path(__file__).parents[1] / "schema"


def commands() -> str:
    """Each command: usage, description, options."""
    context = click.Context(cli.main, info_name="fastapi-guardrails")
    parts = [_command(cli.main, context, "fastapi-guardrails")]
    for name in cli.COMMANDS:
        command = cli.main.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        parts.append(_command(command, inner, name))
    return "\n".join(parts)


def _command(command: click.Command, context: click.Context, title: str) -> str:
    text = inspect.cleandoc(command.help or "")
    description, _, examples = text.partition("\b\n")
    block, _, rest = examples.partition("\n\n")
    lines = ["$ " + re.sub(r"\s{2,}", "  # ", line.strip()) for line in block.splitlines()[1:]]
    parts = [f"## `{title}` {{ #{title} }}", "", f"```text\n{command.get_usage(context)}\n```", "", description.strip()]
    if lines:
        parts += ["", "```console", *lines, "```"]
    if rest.strip():
        parts += ["", rest.strip()]
    rows = [_option(parameter, context) for parameter in command.get_params(context)]
    return "\n".join([*parts, "", markup.table(("Option", "Meaning"), [row for row in rows if row])])


def _option(parameter: click.Parameter, context: click.Context) -> tuple[str, str] | None:
    record = None if isinstance(parameter, click.Argument) else parameter.get_help_record(context)
    if record is None:
        return None
    words, text = record
    return f"`{words}`", markup.html_code(text)


def configuration() -> str:
    """Each key: type, default, meaning."""
    parts: list[str] = []
    for key, field in config.keys().items():
        parts.append(f"## `{key}` {{ #{key} }}\n\n{_described(field)}\n")
        nested = _struct_of(field.type)
        if nested is not None:
            rows = [(f"`{f.encode_name}`", _type(f.type), _text(f)) for f in nested.fields]
            parts.append(markup.table(("Key", "Type", "Meaning"), rows))
    return "\n".join(parts)


def _described(field: msgspec.inspect.Field) -> str:
    default = field.default
    if default is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    shown = json.dumps(msgspec.to_builtins(default), ensure_ascii=False)
    is_table = _struct_of(field.type) is not None
    tail = "" if is_table else f" · default `{shown}`"
    return f"{_text(field)}\n\n{_type(field.type)}{tail}"


def _text(field: msgspec.inspect.Field) -> str:
    type_ = field.type
    extra = getattr(type_, "extra_json_schema", None) or {}
    return str(extra.get("description", ""))


def _struct_of(type_: Any) -> Any:
    type_ = getattr(type_, "type", type_) if isinstance(type_, msgspec.inspect.Metadata) else type_
    if isinstance(type_, msgspec.inspect.VarTupleType):
        type_ = type_.item_type
    return type_ if isinstance(type_, msgspec.inspect.StructType) else None


def _type(type_: Any) -> str:
    """A type in the words of TOML."""
    i = msgspec.inspect
    if isinstance(type_, i.Metadata):
        return _type(type_.type)
    if isinstance(type_, i.UnionType):
        kinds = [_type(t) for t in type_.types if not isinstance(t, i.NoneType)]
        return " or ".join(dict.fromkeys(kinds))
    if isinstance(type_, i.VarTupleType):
        item = _type(type_.item_type)
        return "tables" if item == "table" else f"list of {item if ' ' in item else item + 's'}"
    if isinstance(type_, i.LiteralType):
        return "one of " + ", ".join(f'`"{value}"`' for value in type_.values)
    if isinstance(type_, (i.StructType, i.DictType)):
        return "table"
    words: dict[type[i.Type], str] = {
        i.StrType: "string",
        i.IntType: "integer",
        i.BoolType: "boolean",
        i.FloatType: "number",
    }
    return words[type(type_)]


def schema(name: str) -> str:
    """The objects of a JSON schema as tables."""
    whole = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    parts = [_object(whole["title"], whole, name)]
    parts += [_object(key, value, name) for key, value in whole["$defs"].items()]
    return "\n".join(parts)


def _object(title: str, value: dict[str, Any], name: str) -> str:
    rows = [(f"`{key}`", _json_type(field, name), field.get("description", "")) for key, field in _fields(value)]
    head = f"### {title} {{ #{name}-{title.lower().replace(' ', '-')} }}\n\n{value.get('description', '')}\n\n"
    return head + markup.table(("Field", "Type", "Meaning"), rows)


def _fields(value: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return list(value["properties"].items())


def _json_type(field: dict[str, Any], name: str) -> str:
    if "$ref" in field:
        target = field["$ref"].rpartition("/")[2]
        return f"[{target}](#{name}-{target.lower()})"
    if "anyOf" in field:
        return " or ".join(_json_type(option, name) for option in field["anyOf"])
    if "enum" in field:
        return " or ".join(f"`{json.dumps(value)}`" for value in field["enum"])
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if field.get("type") == "array":
        return f"array of {_json_type(field['items'], name)}"
    return str(field.get("type", "any"))


def api() -> str:
    """Every public name, and what tests of rules need."""
    parts: list[str] = ["## The package { #package }", ""]
    for name in fastapi_guardrails.__all__:
        if not name.startswith("__"):
            parts.append(f"::: {getattr(fastapi_guardrails, name).__module__}.{name}\n")
    parts += ["## What rules are called with { #elements }", ""]
    elements = import_module("fastapi_guardrails.model.elements")
    for name in fastapi_guardrails.rules.registry.SUBJECTS:
        if name != "Project":
            parts.append(f"::: {getattr(elements, name).__module__}.{name}\n")
    parts += ["## Tests of rules { #testing }", ""]
    parts += [f"::: fastapi_guardrails.testing.{name}\n" for name in _public(testing)]
    return "\n".join(parts)


def _public(module: Any) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__ and callable(value)
    ]
