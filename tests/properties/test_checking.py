"""Whole runs over nonsense: no rule fails, and nothing but the files decides what is reported."""

from __future__ import annotations

import hashlib
import sysconfig
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from fastapi_guardrails.config import Config
from fastapi_guardrails.engine import Workspace, check
from fastapi_guardrails.finding import Report
from fastapi_guardrails.source.files import discover

from .modules import SNIPPETS, mutated, projects

EVERYTHING = Config(preset="all")

#: How many files of the installed packages are checked as a project: the same ones at each run.
SAMPLE = 150

#: The snippets as one project, in which each is broken a little.
PATHS = ("app/users.py", "app/models.py", "app/schemas.py", "app/main.py")


def written(root: Path, files: dict[str, bytes]) -> Path:
    """Write files below a root."""
    (root / "pyproject.toml").touch()
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def checked(root: Path, jobs: int = 1) -> Report:
    """The report of all rules."""
    return check(root, EVERYTHING, jobs=jobs)


def assert_no_rule_failed(report: Report) -> None:
    failures = [d for d in report.diagnostics if d.code == "FG003"]
    assert not report.failed, failures


@settings(max_examples=100, deadline=None)
@example({"m0.py": b"def f(x=f(1), *, y: f(2) = f(3)) -> f(): return f(x)\nasync def g(_: g(0)): return f()"})
@given(projects)
@example({"m0.py": b"from m0 import *", "app/__init__.py": b"from . import *"})
def test_no_rule_fails_on_random_projects(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert_no_rule_failed(checked(written(Path(folder), files)))


@settings(max_examples=150, deadline=None)
@given(st.tuples(*[mutated()] * 4))
@example(SNIPPETS)
def test_no_rule_fails_on_a_broken_project(texts: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = {path: text.encode("utf-8", "replace") for path, text in zip(PATHS, texts, strict=True)}
        root = written(Path(folder), files)
        assert_no_rule_failed(checked(root))
        assert isinstance(Workspace([root], EVERYTHING).project().route_table(), list)


@settings(max_examples=25, deadline=None)
@given(st.tuples(*[mutated()] * 4))
@example(SNIPPETS)
def test_a_report_depends_on_the_files_alone(texts: tuple[str, ...]) -> None:
    files = {path: text.encode("utf-8", "replace") for path, text in zip(PATHS, texts, strict=True)}
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        first = checked(written(Path(one), files))
        again = checked(written(Path(two), dict(reversed(files.items()))))
    assert first.diagnostics == again.diagnostics
    assert first.coverage == again.coverage


def test_the_number_of_processes_changes_nothing(tmp_path: Path) -> None:
    unused = "# guardrails: ignore[FG001]\n"  # so that there is something to report
    files = {f"p{n}/{path}": (SNIPPETS[n % 4] * 6 + unused).encode() for n in range(40) for path in PATHS}
    written(tmp_path, files)
    one = checked(tmp_path)
    assert one.diagnostics
    assert checked(tmp_path, jobs=2) == one
    assert checked(tmp_path, jobs=4) == one


def test_installed_packages_are_checked(tmp_path: Path) -> None:
    packages = Path(sysconfig.get_path("purelib"))
    files = sorted(discover(packages).files, key=lambda file: hashlib.sha256(file.path.encode()).digest())[:SAMPLE]
    report = checked(written(tmp_path, {path: (packages / path).read_bytes() for (path,) in files}))
    assert_no_rule_failed(report)
    assert report.coverage.files == len(files)
