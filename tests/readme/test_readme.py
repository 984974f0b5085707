"""README.md shows what the tool really prints, and its first screen has the two commands."""

from __future__ import annotations

import re

from .render import README, output, rendered


def test_the_output_is_real() -> None:
    assert README.read_text(encoding="utf-8") == rendered(), "run: python tests/readme/render.py"


def test_the_output_shows_findings() -> None:
    assert "Found " in output()


def test_the_first_screen_has_the_two_commands() -> None:
    commands = re.findall(r"^python3 -m venv .*$", "\n".join(README.read_text().splitlines()[:40]), re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("fastapi-guardrails check reference_app/app")
    assert commands[1].endswith("pytest")
