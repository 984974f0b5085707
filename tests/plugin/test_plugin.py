"""A package with rules of its own, built and installed beside the checker."""

from __future__ import annotations

import json
import os
import subprocess
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data"

MAIN = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/v1/order_lines/{line_id}")
def line(line_id: int) -> str:
    return ""


@app.get("/v1/order_totals")
def totals() -> str:
    return ""


@app.get("/v1/order_texts")  # guardrails: ignore[underscore-in-path] the shop's old clients use it
def texts() -> str:
    return ""
"""

CONFIG = """\
[project]
name = "shop"
version = "1"

[tool.fastapi-guardrails]
select = ["SHOP", "FG002"]

[tool.fastapi-guardrails.options.SHOP001]
allowed = ["/v1/order_totals"]
"""

TEST = """\
import pytest
from fastapi_guardrails.rules import load_rules
from fastapi_guardrails.testing import check_case, page_cases


@pytest.mark.parametrize("case", page_cases(load_rules()["SHOP001"]), ids=str)
def test_example(case):
    check_case(case)
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the checker and the plugin built and installed."""
    folder = tmp_path_factory.mktemp("plugin")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, str(ROOT), str(DATA), "pytest"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return python


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "pyproject.toml").write_text(CONFIG)
    return tmp_path


def run(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "FORCE_COLOR")}
    return subprocess.run([str(python), *arguments], cwd=folder, capture_output=True, text=True, env=environment)


def test_the_rules_of_a_plugin_run_like_the_built_in_ones(python: Path, shop: Path) -> None:
    done = run(python, shop, "-m", "fastapi_guardrails", "check", "--output-format", "json")
    report = json.loads(done.stdout)
    assert [(f["code"], f["line"], f["severity"]) for f in report["findings"]] == [("SHOP001", 6, "error")]
    assert report["summary"]["suppressed"] == 1
    assert done.returncode == 1


def test_the_rules_of_a_plugin_are_explained(python: Path, shop: Path) -> None:
    done = run(python, shop, "-m", "fastapi_guardrails", "rule", "underscore-in-path")
    assert done.stdout.startswith("# SHOP001 underscore-in-path\n")
    assert "Our gateway writes paths with hyphens." in done.stdout


def test_sarif_describes_the_rules_of_a_plugin(python: Path, shop: Path) -> None:
    done = run(python, shop, "-m", "fastapi_guardrails", "check", "--output-format", "sarif")
    rules = json.loads(done.stdout)["runs"][0]["tool"]["driver"]["rules"]
    assert [(r["id"], r["name"]) for r in rules] == [("SHOP001", "UnderscoreInPath")]


def test_the_authors_of_a_plugin_test_its_examples(python: Path, shop: Path) -> None:
    (shop / "test_rules.py").write_text(TEST)
    done = run(python, shop, "-m", "pytest", "-q", "test_rules.py")
    assert "2 passed" in done.stdout, done.stdout


def test_a_plugin_that_cannot_be_loaded_is_named(python: Path, shop: Path) -> None:
    code = (
        "import sys; sys.modules['guardrails_shop'] = None\n"
        "from fastapi_guardrails.cli import run\nsys.exit(run(['check']))"
    )
    done = run(python, shop, "-c", code)
    assert done.returncode == 2
    assert "guardrails_shop" in done.stderr
