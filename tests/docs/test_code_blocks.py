"""Every code block of the pages that people write: commands exist, settings are valid, code comes from tested files."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from fastapi_guardrails import cli, config
from tests.docs.conftest import DOCS, ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_FENCE = re.compile(r'^(?P<fence>`{3,})(?P<language>\w*)(?: title="(?P<title>[^"]+)")?(?P<rest>.*)$')
_INCLUDE = re.compile(r"\{\{ include (?P<path>[^ :]+)(?::\w+)? \}\}")
_COMMAND = re.compile(r"fastapi-guardrails (?!\(|would|is|reads)[a-z-]+[^`\n|&]*")
PROGRAM = "fastapi-guardrails"


class Block(NamedTuple):
    """A fenced block."""

    path: Path
    line: int
    language: str
    title: str
    text: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(DOCS)}:{self.line}"


def pages() -> list[Path]:
    return sorted(path for path in DOCS.rglob("*.md") if not {"demo", "sitegen"} & set(path.relative_to(DOCS).parts))


def _blocks(path: Path) -> Iterator[Block]:
    lines = iter(enumerate(path.read_text(encoding="utf-8").split("\n"), start=1))
    for number, line in lines:
        match = _FENCE.match(line)
        if match:
            body = []
            for _, inner in lines:
                if inner == match["fence"]:
                    break
                body.append(inner)
            yield Block(path, number, match["language"], match["title"] or "", "\n".join(body))


BLOCKS = [block for path in pages() for block in _blocks(path)]


def of(*languages: str) -> pytest.MarkDecorator:
    blocks = [block for block in BLOCKS if block.language in languages]
    assert blocks
    return pytest.mark.parametrize("block", blocks, ids=str)


def test_each_block_is_of_a_kind_that_is_checked() -> None:
    known = {"python", "toml", "yaml", "console", "markdown", "sequence"}
    assert [str(block) for block in BLOCKS if block.language not in known] == []


@of("python", "markdown")
def test_code_is_included_from_a_file_that_a_test_runs(block: Block) -> None:
    match = _INCLUDE.fullmatch(block.text.strip())
    assert match is not None, f"{block}: write it into a file below docs/demo, and include that"
    assert (DOCS / match["path"]).is_file()


@of("toml")
def test_settings_are_valid(block: Block, tmp_path: Path) -> None:
    match = _INCLUDE.fullmatch(block.text.strip())
    text = (DOCS / match["path"]).read_text(encoding="utf-8") if match else block.text
    table = tomllib.loads(text)
    assert block.title == "pyproject.toml"
    settings = table.get("tool", {}).get(config.TABLE)
    if settings is None:
        assert set(table["project"]["entry-points"]) == {"fastapi_guardrails.rules"}
        return
    for path in settings.get("rules", ()):
        (tmp_path / path).mkdir()
    config.parse(settings, str(tmp_path / "pyproject.toml"))


@of("yaml")
def test_yaml_is_valid_and_its_commands_exist(block: Block) -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML comes with the extra `docs`")
    assert isinstance(yaml.safe_load(block.text), dict)
    assert block.title.endswith((".yml", ".yaml"))
    _check_commands(block.text)


@of("console")
def test_commands_exist(block: Block) -> None:
    lines = block.text.split("\n")
    assert all(line.startswith("$ ") for line in lines)
    for line in lines:
        first = line[2:].split()[0]
        assert first in ("pip", "python", PROGRAM)
        if first == PROGRAM:
            _parse(line[2:])


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(DOCS)))
def test_commands_in_sentences_exist(path: Path) -> None:
    for match in re.finditer(r"`(fastapi-guardrails [^`]+)`", path.read_text(encoding="utf-8")):
        _parse(match[1])


def _check_commands(text: str) -> None:
    found = [match.group().strip() for match in _COMMAND.finditer(text) if " check" in match.group()]
    assert found
    for command in found:
        _parse(command)


def _parse(command: str) -> None:
    """Let click parse a command.

    Raises:
        click.UsageError: it does not exist, or an option of it does not.
    """
    _, name, *arguments = shlex.split(command, comments=True)
    context = click.Context(cli.main, info_name=PROGRAM)
    found = cli.main.get_command(context, name)
    assert found is not None, f"there is no command {name}"
    found.make_context(name, list(arguments), parent=context)


def test_the_example_of_an_own_rule_passes_its_own_tests(tmp_path: Path) -> None:
    import shutil

    project = tmp_path / "own-rule"
    shutil.copytree(DOCS / "demo" / "own-rule", project)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


def test_the_example_of_the_api_runs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    import shutil

    shutil.copytree(DOCS / "demo" / "own-rule", tmp_path / "project")
    subprocess.run(
        [sys.executable, str(DOCS / "demo" / "api" / "check.py")],
        cwd=tmp_path / "project",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert capfd.readouterr().out.startswith("app/main.py:9: SHOP001 /api/v1/status has no tag")


def test_the_suppressions_that_a_page_shows_suppress() -> None:
    from fastapi_guardrails import check
    from fastapi_guardrails.rules import load_rules

    report = check(DOCS / "demo" / "notes")
    assert {"FG201", "FG209"} <= set(load_rules())
    assert report.diagnostics == ()
    assert report.suppressed == 3
