"""`github`: workflow commands, which GitHub shows as annotations of the changed lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Diagnostic
from fastapi_guardrails.report.words import coverage_sentence

if TYPE_CHECKING:
    from fastapi_guardrails.engine import Result
    from fastapi_guardrails.report import Rules, Style


def render(result: Result, rules: Rules, style: Style) -> str:
    """The report as workflow commands, and a notice of what was looked at."""
    lines = [_command(d) for d in result.report.diagnostics]
    lines.append(f"::notice title=fastapi-guardrails::{_data(coverage_sentence(result.report.coverage))}")
    return "".join(line + "\n" for line in lines)


def _command(d: Diagnostic) -> str:
    properties = {
        "title": f"{d.code} {d.name}",
        "file": d.path,
        "line": str(d.line),
        "endLine": str(d.end_line),
    }
    if d.line == d.end_line:  # GitHub ignores columns of several lines
        properties |= {"col": str(d.column), "endColumn": str(d.end_column)}
    shown = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    steps = [f"{number}. {s.path}:{s.line} {s.message}" for number, s in enumerate(d.trace, start=1)]
    return f"::{d.severity.value} {shown}::{_data(chr(10).join([d.message, *steps, *([d.url] if d.url else [])]))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
