"""Small projects, and the real command over them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

PYPROJECT = '[project]\nname = "shop"\nversion = "0"\n'

APP = """\
from fastapi import FastAPI

from app.api import router

app = FastAPI()
app.include_router(router, prefix="/v1")
"""

API = """\
from fastapi import APIRouter

router = APIRouter()


@router.get("/items/{item_id}")
def read_item(item_id: int) -> dict[str, int]:
    return {"id": item_id}  # guardrails: ignore[FG101] once
"""


class Outcome(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)

    @property
    def found(self) -> list[str]:
        return [f"{f['path']}:{f['line']} {f['code']}" for f in self.data["findings"]]


def run(folder: Path, *arguments: str, **environment: str) -> Outcome:
    """Run the command in a folder."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "CI")}
    command = [sys.executable, "-m", "fastapi_guardrails", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, env=kept | environment, timeout=120)
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


def check(folder: Path, *arguments: str) -> Outcome:
    """Run `check` with a JSON report."""
    return run(folder, "check", "--output-format", "json", *arguments)


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files of a project."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
