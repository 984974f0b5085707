"""A run after edits that change no code: the same report, without another analysis, with the places of today."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastapi_guardrails.config import Config
from fastapi_guardrails.engine import Workspace
from fastapi_guardrails.finding import Report

from .project import PYPROJECT, write

API = """\
import asyncio
import time

from fastapi import FastAPI

from app.service import wait

app = FastAPI()


@app.get("/v1/direct")
async def read_direct() -> int:
    time.sleep(1)
    return 1


@app.get("/v1/chain")
async def read_chain() -> int:
    wait()
    return await asyncio.sleep(1, 2)
"""

SERVICE = """\
import time


def wait() -> None:
    time.sleep(1)
"""

CONFIG = Config(select=("FG102",))


@pytest.fixture
def waiting(tmp_path: Path) -> Path:
    """A project with two findings, one with a fix, one with a trace to another file; checked once."""
    write(tmp_path, {"pyproject.toml": PYPROJECT, "app/__init__.py": "", "app/api.py": API, "app/service.py": SERVICE})
    report = Workspace([tmp_path], CONFIG, use_cache=True).check().report
    assert [(d.path, d.line, bool(d.fix), len(d.trace)) for d in report.diagnostics] == [
        ("app/api.py", 13, True, 0),
        ("app/api.py", 19, False, 1),
    ]
    return tmp_path


def _kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> Report | None:
    """What a run reports without an analysis; None if it needs one."""
    with monkeypatch.context() as patched:
        patched.setattr(Workspace, "_run", lambda *_: pytest.fail("analysed"))
        try:
            return Workspace([root], CONFIG, use_cache=True).check().report
        except pytest.fail.Exception:
            return None


def _fresh(root: Path) -> Report:
    return Workspace([root], CONFIG).check().report


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app/api.py", f"{API}# the end\n"),
        ("app/api.py", f"# The API.\n\n{API}"),
        ("app/api.py", API.replace("\n\n\n@app.get", "\n\n# once more\n\n\n@app.get")),
        ("app/service.py", f"# Services.\n{SERVICE}"),
        ("app/service.py", SERVICE.replace("\n\n\n", "\n")),
        ("app/__init__.py", "# nothing\n"),
    ],
)
def test_comments_and_blank_lines_need_no_analysis(
    waiting: Path, monkeypatch: pytest.MonkeyPatch, path: str, text: str
) -> None:
    write(waiting, {path: text})
    kept = _kept(waiting, monkeypatch)
    assert kept is not None
    assert kept == _fresh(waiting)


def test_many_files_may_change_one_after_another(waiting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(waiting, {"app/api.py": f"# one\n{API}"})
    assert _kept(waiting, monkeypatch) == _fresh(waiting)
    write(waiting, {"app/api.py": f"# one\n# two\n{API}", "app/service.py": f"# three\n{SERVICE}"})
    assert _kept(waiting, monkeypatch) == _fresh(waiting)
    write(waiting, {"app/api.py": API})
    assert _kept(waiting, monkeypatch) == _fresh(waiting)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app/service.py", SERVICE.replace("time.sleep(1)", "print(1)")),
        ("app/service.py", SERVICE.replace("sleep(1)", "sleep(2)")),
        ("app/service.py", SERVICE.replace("    time", "    # now\n    time")),
        ("app/api.py", API.replace("sleep(1)\n", "sleep(1)  # noqa: FG102\n")),
        ("app/new.py", ""),
        ("pyproject.toml", PYPROJECT.replace('"0"', '"0.1"')),
    ],
)
def test_whatever_may_matter_is_analysed(waiting: Path, monkeypatch: pytest.MonkeyPatch, path: str, text: str) -> None:
    write(waiting, {path: text})
    assert _kept(waiting, monkeypatch) is None
    assert Workspace([waiting], CONFIG, use_cache=True).check().report == _fresh(waiting)


def test_a_file_that_went_is_analysed_for(waiting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (waiting / "app/__init__.py").unlink()
    assert _kept(waiting, monkeypatch) is None


@pytest.mark.parametrize("name", ["texts", "run-"])
def test_damaged_files_of_the_cache_only_cost_an_analysis(
    waiting: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for file in (waiting / ".guardrails_cache").iterdir():
        if file.name.startswith(name):
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 3])
    write(waiting, {"app/api.py": f"{API}# the end\n"})
    assert _kept(waiting, monkeypatch) is None
    assert Workspace([waiting], CONFIG, use_cache=True).check().report == _fresh(waiting)
