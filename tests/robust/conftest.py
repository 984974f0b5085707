"""A small project, and the real command run over it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

COMMAND = (sys.executable, "-m", "fastapi_guardrails")

#: A suppression that suppresses nothing: FG002 at line 1, with a safe fix that makes it `x = 1`.
FINDING = "x = 1  # guardrails: ignore[FG001] never needed\n"
FIXED = "x = 1\n"


class Outcome(NamedTuple):
    """How a run ended; `findings` are those of the JSON report, as (path, code)."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.out)
        return report

    @property
    def findings(self) -> list[tuple[str, str]]:
        return [(f["path"], f["code"]) for f in self.report["findings"]]


class Project:
    """A folder with a finding in `found.py`, and what a test adds to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.write("pyproject.toml", "[project]\nname = 'p'\nversion = '0'\n")
        self.write("found.py", FINDING)

    def write(self, path: str, content: str | bytes) -> Path:
        """Write one file of the project."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def check(self, *arguments: str, before: Callable[[], None] | None = None) -> Outcome:
        """Run `check` with a JSON report; never a traceback.

        Args:
            arguments: more arguments of the command.
            before: called in the new process before the command starts.
        """
        outcome = self.run("check", "--output-format", "json", *arguments, before=before)
        assert "Traceback" not in outcome.err, outcome.err
        return outcome

    def run(self, *arguments: str, before: Callable[[], None] | None = None) -> Outcome:
        """Run any command in the project."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.root,
            capture_output=True,
            timeout=120,
            preexec_fn=before,
            env=environment(),
        )
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))

    def files(self) -> dict[str, str]:
        """The text of everything in the project but the cache, by path."""
        return {
            str(f.relative_to(self.root)): f.read_text()
            for f in sorted(self.root.rglob("*"))
            if f.is_file() and ".guardrails_cache" not in f.parts
        }


def environment() -> dict[str, str]:
    """The environment without what would change the output."""
    return {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "CI", "GITHUB_ACTIONS")}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")
