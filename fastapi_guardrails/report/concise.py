"""`concise`: a line per finding, for editors and for reading many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_guardrails.report.words import counts_sentence, coverage_sentence, fixable_sentence, one_line

if TYPE_CHECKING:
    from fastapi_guardrails.engine import Result
    from fastapi_guardrails.report import Rules, Style


def render(result: Result, rules: Rules, style: Style) -> str:
    """The report with one line per finding."""
    report = result.report
    lines = [
        f"{one_line(d.path)}:{d.line}:{d.column}: {d.code} {'[*] ' if d.fix else ''}{one_line(d.message)}"
        for d in report.diagnostics
    ]
    lines += [counts_sentence(report), fixable_sentence(report), coverage_sentence(report.coverage)]
    return "".join(line + "\n" for line in lines if line)
