"""Which comments suppress what, and which are reported as of no use."""

from __future__ import annotations

from pathlib import Path

import pytest

from .project import check, run, write

RULE = '''
from fastapi_guardrails import Finding, rule
from fastapi_guardrails.model.project import Project


@rule("SHOP001", name="print-call")
def print_call(project: Project):
    """Every call that begins with `print` in the text."""
    for path in project.sources.modules:
        for number, line in enumerate(project.sources.text(path).splitlines(), 1):
            at = line.find("print(")
            if at >= 0 and not line.lstrip().startswith("#"):
                from fastapi_guardrails import Mark
                yield Finding(at=Mark(path, number, at), message="print")
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    config = (
        '[tool.fastapi-guardrails]\nrules = ["house/rules.py"]\nexclude = ["house"]\nselect = ["SHOP001", "FG002"]\n'
    )
    write(tmp_path, {"pyproject.toml": config, "house/rules.py": RULE})
    return tmp_path


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("print(1)\n", ["a.py:1 SHOP001"]),
        ("print(1)  # guardrails: ignore[SHOP001] a reason\n", []),
        ("print(1)  # guardrails: ignore[print-call]\n", []),
        ("print(1)  # noqa: SHOP001\n", []),
        ("print(1)  # noqa: E501, SHOP001\n", []),
        ("print(1)  # noqa\n", ["a.py:1 SHOP001"]),
        ("x = f(  # guardrails: ignore[SHOP001]\n    print(1),\n)\n", []),
        ("x = f(\n    print(1),  # guardrails: ignore[SHOP001]\n)\n", []),
        ("x = f(\n    print(1),\n)  # guardrails: ignore[SHOP001]\n", ["a.py:2 SHOP001", "a.py:3 FG002"]),
        ("# guardrails: ignore-file[SHOP001]\nprint(1)\nprint(2)\n", []),
        ("# guardrails: ignore-file[SHOP001]\nx = 1\n", ["a.py:1 FG002"]),
        ("x = 1  # guardrails: ignore[SHOP001]\n", ["a.py:1 FG002"]),
        ("print(1)  # guardrails: ignore[SHOP001, FG101]\n", ["a.py:1 FG002"]),
        ("x = 1  # noqa: E501, F401\n", []),
        ("x = '# guardrails: ignore[SHOP001]'\n", []),
        ("x = 1  # guardrails: ignore[FG9999]\n", ["a.py:1 FG002"]),
    ],
)
def test_comments(project: Path, text: str, found: list[str]) -> None:
    write(project, {"a.py": text})
    assert check(project).found == found


def test_rules_named_in_comments_are_judged_even_if_they_are_off(project: Path) -> None:
    write(project, {"a.py": "print(1)  # guardrails: ignore[SHOP001]\nx = 1  # guardrails: ignore[SHOP001]\n"})
    outcome = check(project, "--select", "FG002")
    assert outcome.found == ["a.py:2 FG002"]
    assert outcome.data["summary"]["suppressed"] == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("print(1)  # guardrails: ignore[SHOP001, FG101] why\n", "print(1)  # guardrails: ignore[SHOP001] why\n"),
        ("print(1)  # guardrails: ignore[FG101, SHOP001]\n", "print(1)  # guardrails: ignore[SHOP001]\n"),
        ("x = 1  # guardrails: ignore[FG101, SHOP001] why\n", "x = 1\n"),
        ("x = 1  # noqa: E501, SHOP001\n", "x = 1  # noqa: E501\n"),
        ("x = 1  # type: ignore  # noqa: SHOP001\n", "x = 1  # type: ignore\n"),
        ("x = 1  # noqa: SHOP001  # type: ignore\n", "x = 1  # type: ignore\n"),
        ("# guardrails: ignore-file[FG101]\nx = 1\n", "x = 1\n"),
        ("x = 'é'  # guardrails: ignore[FG101]", "x = 'é'"),
    ],
)
def test_fixing_removes_only_what_is_of_no_use(project: Path, before: str, after: str) -> None:
    write(project, {"a.py": before})
    assert run(project, "check", "--fix").code in (0, 1)
    assert (project / "a.py").read_text() == after
    assert "FG002" not in check(project).out


def test_a_rule_that_fails_is_reported_and_the_others_go_on(project: Path) -> None:
    broken = RULE.replace('message="print")', 'message="print")\n                raise LookupError("no luck")')
    write(
        project, {"house/rules.py": broken, "a.py": "print(1)  # guardrails: ignore[SHOP001]\nx = 1  # noqa: FG001\n"}
    )
    outcome = check(project)
    assert outcome.code == 2
    assert outcome.found == ["a.py:1 FG003", "a.py:2 FG002"]
    assert "LookupError: no luck" in outcome.data["findings"][0]["message"]


def test_a_rule_module_that_cannot_be_imported_ends_the_run(project: Path) -> None:
    write(project, {"house/rules.py": "import nowhere\n"})
    outcome = check(project)
    assert (outcome.code, outcome.out) == (2, "")
    assert "rules.py" in outcome.err
    assert "nowhere" in outcome.err
