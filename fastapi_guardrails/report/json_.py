"""`json`: one object, the contract of which is documented and stays (`version`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from fastapi_guardrails.finding import Diagnostic
from fastapi_guardrails.report.words import fix_as_data, summary

if TYPE_CHECKING:
    from fastapi_guardrails.engine import Result
    from fastapi_guardrails.report import Rules, Style


def render(result: Result, rules: Rules, style: Style) -> str:
    """The report as one JSON object."""
    whole = {
        "version": 1,
        "findings": [_finding(result, d) for d in result.report.diagnostics],
        "coverage": msgspec.to_builtins(result.report.coverage),
        "summary": summary(result.report),
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _finding(result: Result, diagnostic: Diagnostic) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.to_builtins(diagnostic)
    data["fix"] = fix_as_data(result, diagnostic)
    return data
