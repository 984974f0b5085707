"""`check` as its user sees it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from .project import API, PYPROJECT, check, run, write

UNUSED = "app/api.py:8 FG002"


def test_findings_make_it_exit_with_1(shop: Path) -> None:
    outcome = check(shop)
    assert (outcome.code, outcome.found, outcome.err) == (1, [UNUSED], "")


def test_nothing_found_makes_it_exit_with_0(shop: Path) -> None:
    outcome = check(shop, "--ignore", "FG002")
    assert (outcome.code, outcome.found) == (0, [])


def test_exit_zero_hides_findings_but_no_failure(shop: Path) -> None:
    assert check(shop, "--exit-zero").code == 0
    assert check(shop, "--exit-zero", "nowhere").code == 2


def test_paths_restrict_the_report_and_not_the_knowledge(shop: Path) -> None:
    elsewhere = check(shop, "app/main.py")
    assert (elsewhere.code, elsewhere.found) == (0, [])
    assert elsewhere.data["coverage"] == check(shop).data["coverage"]
    assert check(shop, "app/main.py", "app/api.py").found == [UNUSED]


def test_it_works_from_inside_the_project(shop: Path) -> None:
    assert check(shop / "app").found == [UNUSED]


@pytest.mark.parametrize("selector", ["FG002", "unused-suppression", "FG0", "ALL", "fg002"])
def test_codes_names_and_beginnings_select(shop: Path, selector: str) -> None:
    assert check(shop, "--select", selector).found == [UNUSED]


def test_what_is_not_selected_is_not_reported(shop: Path) -> None:
    assert check(shop, "--select", "FG001").found == []
    assert check(shop, "--preset", "essential").found == []
    assert check(shop, "--preset", "essential", "--extend-select", "unused-suppression").found == [UNUSED]


def test_the_exact_selector_wins(shop: Path) -> None:
    assert check(shop, "--select", "FG002", "--ignore", "FG0").found == [UNUSED]
    assert check(shop, "--select", "FG0", "--ignore", "FG002").found == []


def test_an_override_changes_the_rules_of_some_paths(shop: Path) -> None:
    table = '\n[[tool.fastapi-guardrails.overrides]]\npath = "app/api*"\nignore = ["unused-suppression"]\n'
    write(shop, {"pyproject.toml": PYPROJECT + table})
    outcome = check(shop)
    assert outcome.found == []
    assert outcome.data["summary"]["suppressed"] == 1


def test_globs_are_relative_to_the_folder_of_the_config(tmp_path: Path) -> None:
    table = '[[tool.fastapi-guardrails.overrides]]\npath = "backend/app/*"\nignore = ["FG002"]\n'
    write(tmp_path, {"pyproject.toml": table, "backend/pyproject.toml": PYPROJECT, "backend/app/api.py": API})
    assert check(tmp_path / "backend").found == []
    assert check(tmp_path / "backend", "--isolated").found == [UNUSED]


def test_excluded_files_are_not_read(shop: Path) -> None:
    write(shop, {"pyproject.toml": PYPROJECT + '[tool.fastapi-guardrails]\nexclude = ["api.py"]\n'})
    outcome = check(shop)
    assert (outcome.found, outcome.data["coverage"]["files"]) == ([], 2)


def test_a_config_can_be_named(shop: Path) -> None:
    write(shop, {"other.toml": 'ignore = ["FG002"]\n'})
    assert check(shop, "--config", "other.toml").found == []


def test_settings_say_what_would_be_used(shop: Path) -> None:
    outcome = run(shop, "check", "--show-settings", "--select", "FG0")
    assert outcome.code == 0
    assert outcome.data["root"] == str(shop)
    assert list(outcome.data["rules-on"]) == ["FG001", "FG002", "FG003"]
    assert outcome.data["config"]["version-pattern"] == r"v\d+"


def test_statistics_count_instead_of_showing(shop: Path) -> None:
    assert "     1  FG002  unused-suppression [*]" in run(shop, "check", "--statistics").out
    as_json = run(shop, "check", "--statistics", "--output-format", "json").data
    assert as_json["statistics"] == [{"code": "FG002", "name": "unused-suppression", "count": 1, "fixable": 1}]


def test_a_report_goes_to_a_file(shop: Path) -> None:
    outcome = run(shop, "check", "--output-format", "json", "--output-file", "report.json")
    assert (outcome.code, outcome.out) == (1, "")
    assert json.loads((shop / "report.json").read_text())["findings"][0]["code"] == "FG002"


def test_uncertain_routes_can_fail_a_run(shop: Path) -> None:
    head = "import os\nfrom fastapi import FastAPI\napp = FastAPI()\n\n\n"
    unknown = f"{head}@app.get(os.environ['ROUTE'])\ndef f() -> None: ...\n"
    write(shop, {"app/other.py": unknown})
    assert check(shop, "--select", "FG001").code == 0
    failed = check(shop, "--select", "FG001", "--fail-on-uncertain")
    assert failed.code == 1
    assert "1 route is uncertain" in failed.err


def test_an_unchanged_run_says_the_same_from_the_cache(shop: Path) -> None:
    first, second = check(shop), check(shop)
    assert first == second
    assert any(f.name.startswith("run-") for f in (shop / ".guardrails_cache").iterdir())
    write(shop, {"app/api.py": API.replace("ignore[FG101]", "ignore[FG102]")})
    assert "FG102" in check(shop).data["findings"][0]["message"]


def test_no_cache_leaves_no_trace(shop: Path) -> None:
    check(shop, "--no-cache")
    assert not (shop / ".guardrails_cache").exists()


@pytest.mark.parametrize("jobs", ["1", "2", "8"])
def test_the_output_does_not_depend_on_jobs(shop: Path, jobs: str) -> None:
    assert check(shop, "--no-cache", "--jobs", jobs) == check(shop, "--no-cache")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chek"], ["chek", "check"]),
        (["app"], ["check app"]),
        (["check", "--selct", "FG1"], ["--selct", "--select"]),
        (["check", "--unsafe-fixes"], ["--fix"]),
        (["check", "--select", "shadowed-rout"], ["shadowed-rout"]),
        (["check", "--config", "a.toml", "--isolated"], ["--isolated"]),
        (["rule"], ["--all"]),
        (["rule", "FG0002"], ["FG0002", "FG002"]),
    ],
)
def test_wrong_usage_says_what_would_be_right(shop: Path, arguments: list[str], words: list[str]) -> None:
    outcome = run(shop, *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    for word in words:
        assert word in outcome.err


def test_version_is_quick() -> None:
    def seconds() -> float:
        start = time.perf_counter()
        assert run(Path.cwd(), "--version").out.startswith("fastapi-guardrails ")
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.12


def test_help_teaches_with_examples(shop: Path) -> None:
    for command in ([], ["check"], ["routes"], ["rule"], ["new-rule"]):
        outcome = run(shop, *command, "--help")
        assert outcome.code == 0
        assert "Examples:" in outcome.out
