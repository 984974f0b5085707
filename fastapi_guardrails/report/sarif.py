"""`sarif`: SARIF 2.1.0 with rule objects and their help, which code scanning of GitHub and others show."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi_guardrails import __version__
from fastapi_guardrails.finding import Diagnostic, Severity
from fastapi_guardrails.report.fingerprints import fingerprints
from fastapi_guardrails.report.words import fix_as_data

if TYPE_CHECKING:
    from fastapi_guardrails.engine import Result
    from fastapi_guardrails.report import Rules, Style
    from fastapi_guardrails.rules.registry import Rule

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "PROJECTROOT"

#: GitHub shows a finding as one of security if its rule has this tag and a score.
_SECURITY = "FG3"
_SCORES = {Severity.ERROR: "7.5", Severity.WARNING: "5.0"}


def render(result: Result, rules: Rules, style: Style) -> str:
    """The report as a SARIF log with one run."""
    from fastapi_guardrails.rules import SITE

    found = result.report.diagnostics
    known = rules()
    order = {code: index for index, code in enumerate(sorted({d.code for d in found}))}
    run = {
        "tool": {
            "driver": {
                "name": "fastapi-guardrails",
                "version": __version__,
                "semanticVersion": __version__,
                "informationUri": SITE,
                "rules": [_rule(known[code], next(d for d in found if d.code == code)) for code in order],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository or project."}}},
        "invocations": [
            {
                "executionSuccessful": not result.failed,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": problem}} for problem in result.problems
                ],
            }
        ],
        "results": [_result(result, d, fingerprint, order[d.code]) for d, fingerprint in fingerprints(result)],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _rule(rule: Rule, example: Diagnostic) -> dict[str, Any]:
    what = _section(rule.page, "What it does") or rule.name.replace("-", " ")
    tags = ["fastapi", rule.chapter, *rule.guardrails]
    properties: dict[str, Any] = {"tags": tags, "precision": "very-high", "problem.severity": rule.severity.value}
    if rule.chapter == _SECURITY:
        properties["tags"] = ["security", *tags]
        properties["security-severity"] = _SCORES[rule.severity]
    described: dict[str, Any] = {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": _first_sentence(what)},
        "fullDescription": {"text": what},
        "help": {"text": rule.page or what, "markdown": rule.page or what},
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": properties,
    }
    if example.url:
        described["helpUri"] = example.url
    return described


def _result(result: Result, d: Diagnostic, fingerprint: str, index: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": d.code,
        "ruleIndex": index,
        "level": d.severity.value,
        "message": {"text": d.message},
        "locations": [{"physicalLocation": _location(d.path, d.line, d.column, d.end_line, d.end_column)}],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
    }
    if d.trace:
        found["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": _location(s.path, s.line, s.column),
                "message": {"text": s.message},
            }
            for number, s in enumerate(d.trace, start=1)
        ]
        found["codeFlows"] = [{"threadFlows": [{"locations": _flow(d)}]}]
    fix = fix_as_data(result, d)
    if fix is not None:
        found["fixes"] = [_fix(fix)]
    return found


def _flow(d: Diagnostic) -> list[dict[str, Any]]:
    places = [(d.path, d.line, d.column, d.message), *((s.path, s.line, s.column, s.message) for s in d.trace)]
    return [
        {"location": {"physicalLocation": _location(path, line, column), "message": {"text": message}}}
        for path, line, column, message in places
    ]


def _location(path: str, line: int, column: int, end_line: int = 0, end_column: int = 0) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": line, "startColumn": column}
    if end_line:
        region |= {"endLine": end_line, "endColumn": end_column}
    return {"artifactLocation": _artifact(path), "region": region}


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(path.encode("utf-8", "surrogateescape")), "uriBaseId": _ROOT}


def _fix(fix: dict[str, Any]) -> dict[str, Any]:
    by_path: dict[str, list[dict[str, Any]]] = {}
    for edit in fix["edits"]:
        region = {
            "startLine": edit["line"],
            "startColumn": edit["column"],
            "endLine": edit["end_line"],
            "endColumn": edit["end_column"],
        }
        by_path.setdefault(edit["path"], []).append(
            {"deletedRegion": region, "insertedContent": {"text": edit["text"]}}
        )
    note = " (behaviour may change)" if fix["applicability"] == "unsafe" else ""
    return {
        "description": {"text": fix["message"] + note},
        "artifactChanges": [
            {"artifactLocation": _artifact(path), "replacements": changes} for path, changes in by_path.items()
        ],
    }


def _section(page: str, heading: str) -> str:
    """The text under a heading of a rule's page, on one line."""
    match = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return " ".join(match.group(1).split()) if match else ""


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0]
