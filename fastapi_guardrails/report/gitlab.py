"""`gitlab`: a Code Quality report, which GitLab shows in merge requests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Severity
from fastapi_guardrails.report.fingerprints import fingerprints

if TYPE_CHECKING:
    from fastapi_guardrails.engine import Result
    from fastapi_guardrails.report import Rules, Style

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor"}


def render(result: Result, rules: Rules, style: Style) -> str:
    """The report as a JSON array of issues."""
    issues = [
        {
            "description": f"{d.code} {d.name}: {d.message}",
            "check_name": d.code,
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[d.severity],
            "location": {
                "path": d.path,
                "positions": {
                    "begin": {"line": d.line, "column": d.column},
                    "end": {"line": d.end_line, "column": d.end_column},
                },
                "lines": {"begin": d.line, "end": d.end_line},
            },
        }
        for d, fingerprint in fingerprints(result)
    ]
    return json.dumps(issues, ensure_ascii=False, indent=2) + "\n"
