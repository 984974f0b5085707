"""A config that makes no sense ends the run, and says what was meant."""

from __future__ import annotations

import pytest

from .conftest import Project

NONSENSE = {
    "an unknown key": ('selct = ["FG001"]', ["selct", "select"]),
    "an unknown table": ("[tool.fastapi-guardrails.targt]\nfastapi = '1'", ["targt", "target"]),
    "an unknown code": ('select = ["FG0O1"]', ["FG0O1"]),
    "an unknown name": ('ignore = ["syntax-eror"]', ["syntax-eror", "syntax-error"]),
    "an unknown preset": ('preset = "gide"', ["gide", "guide"]),
    "a wrong type": ("select = 5", ["select"]),
    "a wrong item": ("exclude = [1]", ["exclude"]),
    "an unknown key of an override": (
        '[[tool.fastapi-guardrails.overrides]]\npath = "a"\nignor = ["FG001"]',
        ["ignor", "ignore"],
    ),
    "a rule file that is not there": ('rules = ["nowhere/rules.py"]', ["nowhere/rules.py"]),
    "a target that is no version": ("target = { pydantic = 'two' }", ["target.pydantic", "two"]),
    "broken TOML": ("select = [", ["pyproject.toml"]),
}


@pytest.mark.parametrize(("text", "words"), NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_an_error_that_names_what_was_meant(project: Project, text: str, words: list[str]) -> None:
    project.write("pyproject.toml", f"[tool.fastapi-guardrails]\n{text}\n")
    outcome = project.check()
    assert outcome.code == 2
    assert outcome.out == ""
    for word in words:
        assert word in outcome.err


@pytest.mark.parametrize("content", [b"\xff\xfe\0", b"\0" * 50, b"tool = 1", b"[tool]\nfastapi-guardrails = []"])
def test_a_config_file_that_is_none(project: Project, content: bytes) -> None:
    project.write("pyproject.toml", content)
    outcome = project.check()
    assert (outcome.code, outcome.out) == (2, "")
    assert "pyproject.toml" in outcome.err


@pytest.mark.parametrize(
    "arguments", [["--select", "FG9999"], ["--output-format", "yaml"], ["--jobs", "-3"], ["--config", "nowhere.toml"]]
)
def test_wrong_usage(project: Project, arguments: list[str]) -> None:
    outcome = project.run("check", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert arguments[-1] in outcome.err


def test_a_path_that_is_not_there_names_the_nearest_one(project: Project) -> None:
    project.write("app/main.py", "")
    outcome = project.run("check", "app/mian.py")
    assert (outcome.code, outcome.out) == (2, "")
    assert "app/mian.py: there is no such file or folder; did you mean 'main.py'?" in outcome.err
