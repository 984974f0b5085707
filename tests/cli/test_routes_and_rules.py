"""`routes`, `rule` and `new-rule`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .project import PYPROJECT, check, run, write


def test_the_route_table_for_people(shop: Path) -> None:
    lines = run(shop, "routes").out.splitlines()
    assert lines[0] == "app (app/main.py:5) · 1 route"
    assert lines[2].split() == [
        "GET", "/v1/items/{item_id}", "app.api.read_item", "dict[str,", "int]", "–", "app/api.py:7"
    ]  # fmt: skip


def test_the_route_table_as_json(shop: Path) -> None:
    data = run(shop, "routes", "--output-format", "json").data
    route = data["apps"][0]["routes"][0]
    assert (data["version"], route["path"], route["methods"]) == (1, "/v1/items/{item_id}", ["GET"])
    assert (route["file"], route["endpoint"], route["certain"]) == ("app/api.py", "app.api.read_item", True)


def test_no_app_is_said(tmp_path: Path) -> None:
    outcome = run(tmp_path, "routes")
    assert (outcome.code, outcome.out.startswith("No FastAPI app was found")) == (0, True)


def test_a_rule_is_explained_by_code_and_by_name(shop: Path) -> None:
    by_code, by_name = run(shop, "rule", "FG002"), run(shop, "rule", "unused-suppression")
    assert by_code == by_name
    assert by_code.out.startswith("# FG002 unused-suppression\n")
    assert "## Why it matters" in by_code.out
    assert "\x1b[" not in by_code.out
    assert "\x1b[" in run(shop, "rule", "FG002", FORCE_COLOR="1").out


def test_rules_are_listed(shop: Path) -> None:
    assert run(shop, "rule", "--all").out.splitlines()[1].split() == [
        "FG002",
        "unused-suppression",
        "warning",
        "fixable",
    ]
    data = run(shop, "rule", "--all", "--output-format", "json").data
    assert [r["code"] for r in data][:3] == ["FG001", "FG002", "FG003"]


def test_a_new_rule_is_scaffolded_and_loads(tmp_path: Path) -> None:
    made = run(tmp_path, "new-rule", "SHOP001", "untagged-route")
    assert made.code == 0
    file = tmp_path / "guardrails_rules" / "shop001_untagged_route.py"
    assert file.is_file()
    assert (tmp_path / "guardrails_rules" / "cases" / "shop001_untagged_route.md").is_file()
    write(tmp_path, {"pyproject.toml": PYPROJECT + '[tool.fastapi-guardrails]\nrules = ["guardrails_rules"]\n'})
    assert "SHOP001" in run(tmp_path, "rule", "--all").out
    assert run(tmp_path, "new-rule", "SHOP001", "untagged-route").code == 2, "it must not be overwritten"
    checked = subprocess.run([sys.executable, "-m", "py_compile", str(file)], capture_output=True)
    assert checked.returncode == 0, checked.stderr


def test_a_scaffolded_rule_says_that_it_is_unfinished(tmp_path: Path) -> None:
    run(tmp_path, "new-rule", "SHOP001", "untagged-app", "--subject", "App")
    write(
        tmp_path,
        {
            "pyproject.toml": PYPROJECT + '[tool.fastapi-guardrails]\nrules = ["guardrails_rules"]\n',
            "main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
        },
    )
    outcome = check(tmp_path, "--select", "SHOP001")
    assert (outcome.code, outcome.found) == (2, ["main.py:3 FG003"])


def test_in_a_checkout_a_rule_goes_into_its_chapter(tmp_path: Path) -> None:
    (tmp_path / "fastapi_guardrails" / "rules" / "fg2_api").mkdir(parents=True)
    assert run(tmp_path, "new-rule", "FG299", "odd-route").code == 0
    assert (tmp_path / "fastapi_guardrails" / "rules" / "fg2_api" / "fg299_odd_route.py").is_file()
    assert (tmp_path / "tests" / "rules" / "fg299_odd_route.md").is_file()
    assert run(tmp_path, "new-rule", "SHOP001", "odd-shop").code == 2
