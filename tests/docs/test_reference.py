"""The reference and the real output say what the program does."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import fastapi_guardrails
from fastapi_guardrails import cli, config
from fastapi_guardrails.rules import load_rules
from tests.docs.conftest import DOCS, ROOT

RULES = {code: rule for code, rule in load_rules().items() if rule.builtin}


def _text(site: Path, page: str) -> str:
    return (site / page / "index.html").read_text(encoding="utf-8")


def _run(demo: str, *arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "fastapi_guardrails", *arguments, "--no-cache", "--output-format", "json"],
        cwd=DOCS / "demo" / demo,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        encoding="utf-8",
    )
    return json.loads(done.stdout)


def test_every_command_and_option_is_there(site: Path) -> None:
    import click

    text = html.unescape(_text(site, "reference/commands"))
    context = click.Context(cli.main)
    for name in cli.COMMANDS:
        assert f'id="{name}"' in text
        command = cli.main.get_command(context, name)
        assert command is not None
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert all(option in text for option in parameter.opts), parameter.opts


def test_every_key_is_there(site: Path) -> None:
    text = _text(site, "reference/configuration")
    assert set(config.keys()) == set(re.findall(r'<h2 id="([\w-]+)"', text))


def test_every_public_name_is_there(site: Path) -> None:
    text = _text(site, "reference/api")
    for name in fastapi_guardrails.__all__:
        if not name.startswith("__"):
            assert re.search(rf'id="fastapi_guardrails[\w.]*\.{name}"', text), name


@pytest.mark.parametrize("demo", ["shop", "tenants", "notes", "own-rule"])
@pytest.mark.parametrize(("command", "schema"), [("check", "report"), ("routes", "routes")])
def test_output_is_as_its_schema_says(demo: str, command: str, schema: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    whole = json.loads((DOCS / "schema" / f"{schema}.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(whole)
    validator.check_schema(whole)
    validator.validate(_run(demo, command))
    assert not validator.is_valid({"version": 1})


def test_the_first_page_shows_what_the_demo_really_has(site: Path) -> None:
    text = _text(site, "")
    found = {finding["code"] for finding in _run("shop", "check")["findings"]}
    assert found
    for code in found:
        assert f"{code}</span>" in text
    assert {"FG101", "FG213", "FG301", "FG601"} & set(RULES) <= found
    assert "Looked at 10 files, 1 app, 2 routes." in text


def test_the_page_about_traces_shows_one(site: Path) -> None:
    assert re.search(r"\n  1\. app/services/users\.py:\d+", _text(site, "howto/traces"))


def test_the_page_about_uncertainty_shows_some(site: Path) -> None:
    text = _text(site, "howto/uncertain")
    assert "{?}/orders" in text
    assert "(1 uncertain)" in text


def test_every_page_of_a_rule_says_everything_about_it(site: Path) -> None:
    for code, rule in RULES.items():
        text = _text(site, f"rules/{code}")
        assert f">{rule.severity.value}</span>" in text
        for id_ in rule.guardrails:
            assert f"#{id_}" in text
        assert f"ignore[{rule.name}]" in text


def test_no_page_holds_an_unfilled_gap(site: Path) -> None:
    for file in site.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\{\{ (?!github|inputs)|\]\(code:|--8&lt;--", text), file
