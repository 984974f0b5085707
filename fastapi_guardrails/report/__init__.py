"""A report in one of several formats, one file each. A format is imported when it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fastapi_guardrails.engine import Result
    from fastapi_guardrails.rules.registry import Rule

#: Names of the formats, each in the module of its name (`json` in `json_`).
FORMATS = ("full", "concise", "json", "sarif", "github", "gitlab", "junit")

#: Those that systems read which know the files of a repository, wherever in it the project is.
_HOSTED = frozenset({"sarif", "github", "gitlab", "junit"})

#: Gives the rules by code: only the formats that describe rules load them.
Rules = Callable[[], Mapping[str, "Rule"]]


class Style(NamedTuple):
    """How a report for people looks: with colours or not, and how wide (None: as wide as it comes)."""

    colour: bool = False
    width: int | None = None


PLAIN = Style()


def render(name: str, result: Result, rules: Rules, style: Style = PLAIN) -> str:
    """A report in the format of that name, with its last newline.

    Args:
        name: one of `FORMATS`.
        result: what a run found.
        rules: gives the rules that could run.
        style: for the formats that people read.
    """
    module = import_module(f"{__name__}.{'json_' if name == 'json' else name}")
    if name in _HOSTED:
        from fastapi_guardrails.report.places import from_repository

        result = from_repository(result)
    text: str = module.render(result, rules, style)
    return text


def statistics(result: Result, as_json: bool) -> str:
    """How many findings each rule has, most first."""
    names = {d.code: d.name for d in result.report.diagnostics}
    fixable = Counter(d.code for d in result.report.diagnostics if d.fix is not None)
    counts = sorted(Counter(d.code for d in result.report.diagnostics).items(), key=lambda item: (-item[1], item[0]))
    if as_json:
        import json

        rows = [{"code": c, "name": names[c], "count": n, "fixable": fixable[c]} for c, n in counts]
        return json.dumps({"version": 1, "statistics": rows}, indent=2) + "\n"
    lines = [f"{n:>6}  {c}  {names[c]}{' [*]' if fixable[c] else ''}" for c, n in counts]
    if fixable:
        lines += ["", f"[*] {sum(fixable.values())} can be fixed: --fix, or --fix --unsafe-fixes"]
    return "".join(line + "\n" for line in lines or ["No findings."])
