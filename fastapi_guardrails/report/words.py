"""Sentences and shapes that several formats share."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from fastapi_guardrails.finding import Applicability, Coverage, Diagnostic, Report, Severity

if TYPE_CHECKING:
    from fastapi_guardrails.engine import Result

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def one_line(text: str) -> str:
    """A text without control characters: a name of a file may hold any but NUL and `/`."""
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)


def plural(count: int, noun: str) -> str:
    """`1 route`, `2 routes`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def coverage_sentence(coverage: Coverage) -> str:
    """What was looked at, in one sentence."""
    routes = plural(coverage.routes, "route")
    if coverage.uncertain_routes:
        routes += f" ({coverage.uncertain_routes} uncertain)"
    text = f"Looked at {plural(coverage.files, 'file')}, {plural(coverage.apps, 'app')}, {routes}"
    if coverage.unparsed_files:
        text += f"; {plural(coverage.unparsed_files, 'file')} could not be read"
    return text + "."


def counts_sentence(report: Report) -> str:
    """How many findings there are, by severity, and how many were suppressed."""
    severities = Counter(d.severity for d in report.diagnostics)
    parts = [plural(severities[severity], severity.value) for severity in Severity if severities[severity]]
    text = f"Found {plural(len(report.diagnostics), 'finding')} ({', '.join(parts)})" if parts else "No findings"
    if report.suppressed:
        text += f"; {report.suppressed} suppressed"
    return text + "."


def fixable_sentence(report: Report) -> str:
    """How many findings can be mended, and how; empty if none."""
    counts = Counter(d.fix.applicability for d in report.diagnostics if d.fix is not None)
    safe, unsafe = counts[Applicability.SAFE], counts[Applicability.UNSAFE]
    if safe and unsafe:
        return f"{safe} can be fixed with --fix, {unsafe} more with --fix --unsafe-fixes."
    if safe or unsafe:
        return f"{safe or unsafe} can be fixed with {'--fix' if safe else '--fix --unsafe-fixes'}."
    return ""


def summary(report: Report) -> dict[str, Any]:
    """The counts of a report, as JSON has them."""
    severities = Counter(d.severity for d in report.diagnostics)
    fixes = Counter(d.fix.applicability for d in report.diagnostics if d.fix is not None)
    return {
        "findings": len(report.diagnostics),
        "errors": severities[Severity.ERROR],
        "warnings": severities[Severity.WARNING],
        "suppressed": report.suppressed,
        "fixable": fixes[Applicability.SAFE],
        "unsafe_fixable": fixes[Applicability.UNSAFE],
        "rules": dict(sorted(Counter(d.code for d in report.diagnostics).items())),
    }


def fix_as_data(result: Result, diagnostic: Diagnostic) -> dict[str, Any] | None:
    """A finding's fix as JSON has it, with the imports that it needs among its edits; None without one."""
    fix = diagnostic.fix
    if fix is None:
        return None
    from fastapi_guardrails.fix import all_edits

    edits = [
        {
            "path": edit.range.path,
            "line": edit.range.line,
            "column": edit.range.column,
            "end_line": edit.range.end_line,
            "end_column": edit.range.end_column,
            "text": edit.text,
        }
        for edit in all_edits(fix, result.text)
    ]
    return {"applicability": fix.applicability.value, "message": fix.message, "edits": edits}
