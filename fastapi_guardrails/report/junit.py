"""`junit`: a test suite with a failed test per finding, for CI systems that show test results."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from fastapi_guardrails.finding import Diagnostic
from fastapi_guardrails.report.words import coverage_sentence

if TYPE_CHECKING:
    from fastapi_guardrails.engine import Result
    from fastapi_guardrails.report import Rules, Style

#: Characters that XML 1.0 cannot hold, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(result: Result, rules: Rules, style: Style) -> str:
    """The report as JUnit XML: a suite per file; without findings, one test that passed."""
    found = result.report.diagnostics
    count = str(max(len(found), 1))
    failures = {"failures": str(len(found)), "errors": "0", "skipped": "0"}
    suites = ET.Element("testsuites", {"name": "fastapi-guardrails", "tests": count, **failures, "time": "0"})
    for path, group in groupby(found, key=lambda d: d.path):
        diagnostics = list(group)
        number = str(len(diagnostics))
        counts = {"tests": number, "failures": number, "errors": "0", "skipped": "0", "time": "0"}
        suite = ET.SubElement(suites, "testsuite", {"name": _clean(path), **counts})
        for d in diagnostics:
            _case(suite, d)
    if not found:
        counts = {"tests": "1", "failures": "0", "errors": "0", "skipped": "0", "time": "0"}
        suite = ET.SubElement(suites, "testsuite", {"name": "fastapi-guardrails", **counts})
        case = ET.SubElement(suite, "testcase", {"name": "no findings", "classname": "fastapi-guardrails", "time": "0"})
        ET.SubElement(case, "system-out").text = coverage_sentence(result.report.coverage)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _case(suite: ET.Element, d: Diagnostic) -> None:
    name = f"{d.code} {d.name} at {d.line}:{d.column}"
    attributes = {"name": name, "classname": _clean(d.path), "file": _clean(d.path), "line": str(d.line), "time": "0"}
    case = ET.SubElement(suite, "testcase", attributes)
    failure = ET.SubElement(case, "failure", {"message": _clean(d.message), "type": d.severity.value})
    steps = [f"{number}. {s.path}:{s.line}:{s.column} {s.message}" for number, s in enumerate(d.trace, start=1)]
    place = f"{d.path}:{d.line}:{d.column}: {d.code} {d.message}"
    failure.text = _clean("\n".join([place, *steps, *([d.url] if d.url else [])]))


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
