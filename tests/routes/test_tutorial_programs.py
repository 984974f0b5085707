"""The static route tables of FastAPI's tutorial programs equal those of the running apps.

`exceptions.json` names the programs that cannot be imported, and those that no static reading can get right, each with
the reason.
"""

from __future__ import annotations

import json
import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from .oracle import FASTAPI, Tables, differences, read_tables


def installed() -> str:
    """The version of FastAPI that is installed, if any."""
    try:
        return version("fastapi")
    except PackageNotFoundError:
        return ""


pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(
        installed() != FASTAPI,
        reason=f"the running apps need fastapi=={FASTAPI}, which the test extra brings from Python 3.11 on",
    ),
]

EXCEPTIONS = json.loads(Path(__file__).with_name("exceptions.json").read_text())


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Both sides, read once; the download is kept in the user's cache folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return read_tables(cache / "fastapi-guardrails-tests")


@pytest.fixture(scope="module")
def differing(tables: Tables) -> dict[str, list[str]]:
    """The differences of each imported program that has any."""
    found = {
        module: differences(table["apps"], tables.static.get(file_of(module, tables), []))
        for module, table in tables.running.items()
        if "apps" in table
    }
    return {module: lines for module, lines in found.items() if lines}


def file_of(module: str, tables: Tables) -> str:
    """The file of a module, as the static table names it."""
    plain, package = module.replace(".", "/") + ".py", module.replace(".", "/") + "/__init__.py"
    return package if package in tables.static else plain


def test_the_programs_run(tables: Tables) -> None:
    failed = {module: table["error"] for module, table in tables.running.items() if "error" in table}
    assert failed.keys() == EXCEPTIONS["not importable"].keys(), json.dumps(failed, indent=1)
    assert sum(len(table.get("apps", ())) for table in tables.running.values()) >= 340


def test_static_tables_equal_running_ones(differing: dict[str, list[str]]) -> None:
    unlisted = {module: lines for module, lines in differing.items() if module not in EXCEPTIONS["differs"]}
    assert not unlisted, json.dumps(unlisted, indent=1)


def test_listed_programs_still_differ(differing: dict[str, list[str]]) -> None:
    assert EXCEPTIONS["differs"].keys() <= differing.keys(), "these equal the running app: take them off the list"


def test_every_exception_has_a_reason() -> None:
    assert all(len(reason) > 20 for listed in EXCEPTIONS.values() for reason in listed.values())
