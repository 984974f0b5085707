"""`check`: find, show and mend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from fastapi_guardrails.cli import shared
from fastapi_guardrails.config import Config
from fastapi_guardrails.engine import Result, Workspace
from fastapi_guardrails.report import FORMATS


def _words(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """`--select FG101,FG2 --select shadowed-route` → three words."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def _rules_option(name: str, text: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    return click.option(name, multiple=True, metavar="RULES", callback=_words, help=text)


@click.command("check", short_help="Find, show and mend what breaks a project.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATHS]...")
@_rules_option("--select", "Run these rules only: codes, names or beginnings of codes, separated by commas.")
@_rules_option("--ignore", "Leave these rules out, too.")
@_rules_option("--extend-select", "Run these rules, too.")
@click.option("--preset", type=click.Choice(["essential", "guide", "all"]), help="Which rules to start from.")
@click.option("--fix", is_flag=True, help="Mend what can be mended without changing behaviour.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: mend also where behaviour may change.")
@click.option("--diff", is_flag=True, help="Print what --fix would change as a patch, and change nothing.")
@click.option("--output-format", type=click.Choice(FORMATS), default="full", show_default=True)
@click.option("--output-file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write there.")
@click.option("--statistics", is_flag=True, help="Count the findings of each rule instead of showing them.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@click.option("--fail-on-uncertain", is_flag=True, help="Exit with 1 if a route could not be followed to its end.")
@click.option("--show-settings", is_flag=True, help="Print what would be used, and check nothing.")
@shared.run_options
def command(
    paths: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    extend_select: tuple[str, ...],
    preset: Any,
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    output_format: str,
    output_file: Path | None,
    statistics: bool,
    exit_zero: bool,
    fail_on_uncertain: bool,
    show_settings: bool,
    config_file: Path | None,
    isolated: bool,
    jobs: int,
    no_cache: bool,
) -> int:
    """Check a project.

    PATHS (default: this folder) say what is reported. The whole project that they belong to is always read: it begins
    at the nearest pyproject.toml upwards.

    \b
    Examples:
      fastapi-guardrails check
      fastapi-guardrails check app/api --select FG2,missing-await
      fastapi-guardrails check --diff --unsafe-fixes
      fastapi-guardrails check --fix
      fastapi-guardrails check --output-format sarif --output-file guardrails.sarif
      fastapi-guardrails check --preset essential --fail-on-uncertain
    """
    if unsafe_fixes and not (fix or diff):
        raise click.UsageError("--unsafe-fixes says what to mend: add --fix, or --diff to see it first")
    config = _adjust(shared.load_config(paths, config_file, isolated), select, ignore, extend_select, preset)
    workspace = shared.open_workspace(paths, config, jobs, no_cache)
    if show_settings:
        shared.write(_settings(workspace), output_file)
        return 0
    failures: tuple[str, ...] = ()
    if fix or diff:
        result, failures = _mend(workspace, unsafe_fixes, diff, output_file)
    else:
        result = workspace.check()
    if not diff:
        shared.write(_render(result, workspace, output_format, output_file, statistics), output_file)
    for problem in (*result.problems, *failures):
        shared.say(f"error: {problem}")
    return _exit_code(result, failures, exit_zero, fail_on_uncertain)


def _adjust(
    config: Config, select: tuple[str, ...], ignore: tuple[str, ...], extend_select: tuple[str, ...], preset: Any
) -> Config:
    """The configuration with what the command line says: `--select` and `--preset` in place of the file's, the others
    besides it."""
    changes: dict[str, Any] = {
        "ignore": (*config.ignore, *ignore),
        "extend_select": (*config.extend_select, *extend_select),
    }
    if select or preset:
        changes["select"] = select
    if preset:
        changes["preset"] = preset
    return msgspec.structs.replace(config, **changes)


def _mend(workspace: Workspace, unsafe: bool, diff: bool, output_file: Path | None) -> tuple[Result, tuple[str, ...]]:
    """Fix files (or show how), and give what was found after that (or before), and what went wrong."""
    from fastapi_guardrails import fix as fixer

    fixes = fixer.plan(workspace, unsafe=unsafe)
    if diff:
        shared.write(fixes.patch(), output_file)
        if fixes.count:
            shared.say(f"Would fix {_findings(fixes.count)} in {_files(len(fixes.changed))}.")
        return fixes.before, ()
    outcome = fixes.write()
    if outcome.fixed:
        shared.say(f"Fixed {_findings(outcome.fixed)} in {_files(outcome.files)}.")
    return outcome.result, outcome.failures


def _render(
    result: Result, workspace: Workspace, output_format: str, output_file: Path | None, statistics: bool
) -> str:
    from fastapi_guardrails import report

    style = report.Style(
        colour=output_file is None and shared.is_coloured(),
        width=None if output_file else shared.terminal_width(),
    )
    if statistics:
        return report.statistics(result, output_format == "json")
    return report.render(output_format, result, lambda: workspace.rules, style)


def _exit_code(result: Result, failures: tuple[str, ...], exit_zero: bool, fail_on_uncertain: bool) -> int:
    if result.failed or failures:
        return 2
    uncertain = result.report.coverage.uncertain_routes
    if fail_on_uncertain and uncertain:
        routes, them = ("route is", "it") if uncertain == 1 else ("routes are", "them")
        shared.say(
            f"{uncertain} {routes} uncertain: `fastapi-guardrails routes` marks {them} with '?'; "
            "--fail-on-uncertain makes that a failure"
        )
        return 1
    return 1 if result.report.diagnostics and not exit_zero else 0


def _settings(workspace: Workspace) -> str:
    from fastapi_guardrails.rules.selection import Selection

    selection = Selection(workspace.config, workspace.rules)
    settings = msgspec.to_builtins(workspace.config)
    on = {code: workspace.rules[code].name for code in sorted(selection.base)}
    whole = {"root": str(workspace.root), "file": settings.pop("file") or None, "config": settings, "rules-on": on}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


def _findings(count: int) -> str:
    return "1 finding" if count == 1 else f"{count} findings"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
