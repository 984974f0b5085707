"""Rules that are asked in several processes say what they say in one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fastapi_guardrails import check, engine
from fastapi_guardrails.finding import Report
from fastapi_guardrails.source import processes

from .project import PYPROJECT, write

CONFIG = """
[tool.fastapi-guardrails]
preset = "all"
rules = ["house_rules.py"]
"""

HOUSE_RULES = """\
from fastapi_guardrails import Finding, Mark, Project, rule


@rule("HSE001", name="house-fails", guardrails=[])
def house_fails(project: Project):
    yield Finding(at=Mark("app/main.py", 1, 0, "line"), message="found before it failed")
    raise LookupError("no such house")
"""

APP = """\
import time

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class User(BaseModel):
    name: str


@app.get("/users/{user_id}")
async def read_user(user_id: int):
    time.sleep(1)
    return User(name="a").dict()


@app.get("/users/{name}")
async def find_user(name: str):
    time.sleep(1)  # guardrails: ignore[FG102]
    return {}
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app in which many rules find something, and a rule of its own that fails."""
    write(
        tmp_path,
        {
            "pyproject.toml": PYPROJECT + CONFIG,
            "house_rules.py": HOUSE_RULES,
            "app/__init__.py": "",
            "app/main.py": APP,
        },
    )
    return tmp_path


def _checked(root: Path, count: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Report, int]:
    """The report of a check by some processes, and how many copies were made for it."""
    made = 0
    fork = os.fork

    def counted() -> int:
        nonlocal made
        made += 1
        return fork()

    monkeypatch.setattr(os, "fork", counted)
    monkeypatch.setattr(engine, "_PAYS", 1)
    monkeypatch.setattr(processes, "processors", lambda: count)
    monkeypatch.setattr(processes, "can_fork", lambda: True)  # other tests may have left a thread behind
    return check(root), made


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that are forked")
def test_processes_share_the_rules_and_change_nothing(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone, no_copies = _checked(app, 1, monkeypatch)
    shared, copies = _checked(app, 3, monkeypatch)
    assert (no_copies, copies) == (0, 2)
    assert shared == alone
    assert {"FG003", "FG102", "FG201", "FG213", "FG602", "HSE001"} <= {d.code for d in shared.diagnostics}
    assert shared.suppressed == 1
    assert shared.failed
