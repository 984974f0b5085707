"""`rule`: explain one rule, or list all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from fastapi_guardrails.cli import shared
from fastapi_guardrails.rules import load_rules, page_url, resolve, unknown_rule
from fastapi_guardrails.rules.registry import Rule

_FIXES = {"safe": "fixable", "unsafe": "fixable, unsafe", "sometimes": "sometimes fixable"}


@click.command("rule", short_help="Explain a rule, or list all rules.")
@click.argument("rule", required=False, metavar="[CODE|NAME]")
@click.option("--all", "every", is_flag=True, help="List all rules.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--isolated", is_flag=True, help="Read no configuration: the project's own rules are not listed.")
@click.option("--config", "config_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
def command(rule: str | None, every: bool, output_format: str, isolated: bool, config_file: Path | None) -> int:
    """Explain a rule: what it finds, why that matters, an example, and what to write instead.

    \b
    Examples:
      fastapi-guardrails rule FG213
      fastapi-guardrails rule shadowed-route
      fastapi-guardrails rule --all --output-format json
    """
    if (rule is None) != every:
        raise click.UsageError("give one rule (a code or a name), or --all to list them")
    rules = load_rules(shared.load_config((), config_file, isolated))
    if every:
        shared.write(_as_json([_data(r) for r in rules.values()]) if output_format == "json" else _list(rules))
        return 0
    found = resolve(str(rule), rules.values())
    if len(found) != 1:
        raise click.UsageError(unknown_rule(str(rule), rules.values()) if not found else f"{rule} means several rules")
    shared.write(_as_json(_data(found[0])) if output_format == "json" else _page(found[0]))
    return 0


def _data(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.value,
        "fix": rule.fix,
        "opt_in": rule.opt_in,
        "guardrails": list(rule.guardrails),
        "builtin": rule.builtin,
        "url": page_url(rule),
        "page": rule.page,
    }


def _as_json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _list(rules: Mapping[str, Rule]) -> str:
    width = max((len(rule.name) for rule in rules.values()), default=0)
    lines = [
        f"{code}  {rule.name.ljust(width)}  {rule.severity.value.ljust(7)}  {', '.join(_notes(rule))}".rstrip()
        for code, rule in rules.items()
    ]
    return "".join(line + "\n" for line in lines)


def _notes(rule: Rule) -> Iterable[str]:
    if rule.fix:
        yield _FIXES.get(rule.fix, rule.fix)
    if rule.opt_in:
        yield "opt-in"
    if not rule.builtin:
        yield "not built in"


def _page(rule: Rule) -> str:
    """The page as it is, or rendered for a terminal."""
    notes = [rule.severity.value, *_notes(rule), *rule.guardrails]
    page = f"# {rule.code} {rule.name}\n\n{' · '.join(notes)}\n\n{rule.page}\n"
    url = page_url(rule)
    page += f"\n{url}\n" if url else ""
    if not shared.is_coloured():
        return page
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(force_terminal=True, width=min(shared.terminal_width() or 100, 100))
    with console.capture() as capture:
        console.print(Markdown(page))
    return capture.get()
