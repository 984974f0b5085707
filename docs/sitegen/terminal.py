"""What the program really prints: it is run over a demo project while the site is built."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEMOS = ROOT / "docs" / "demo"
PROGRAM = "fastapi-guardrails"

_MACRO = re.compile(r"^\{\{ output (?P<demo>[\w-]+): (?P<command>.+?) \}\}$", re.MULTILINE)
_ANSI = re.compile(r"\x1b\[([\d;]*)m")
_CLASSES = {"1": "bold", "2": "dim", "31": "red", "32": "green", "33": "yellow", "34": "blue", "36": "cyan"}
_WIDTH = 88


class OutputError(Exception):
    """A command of a page failed in a way that no reader should see."""


def expand(text: str) -> str:
    """A page with `{{ output demo: command }}` replaced by the command and what it prints."""
    return _MACRO.sub(lambda match: _figure(match["demo"], match["command"]), text)


@cache
def run(demo: str, command: str) -> str:
    """What a command prints in a copy of a demo project, with colours.

    Raises:
        OutputError: the program fails (exit code 2), or the demo does not exist.
    """
    if not (DEMOS / demo).is_dir():
        raise OutputError(f"there is no demo {demo!r} in {DEMOS}")
    with tempfile.TemporaryDirectory(prefix="guardrails-docs-") as folder:
        project = Path(folder) / demo
        shutil.copytree(DEMOS / demo, project, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        environment.update(FORCE_COLOR="1", PYTHONIOENCODING="utf-8", COLUMNS=str(_WIDTH), PYTHONPATH=str(ROOT))
        arguments = [sys.executable, "-m", "fastapi_guardrails", *shlex.split(command)]
        if command.split()[0] in ("check", "routes"):
            arguments.append("--no-cache")
        done = subprocess.run(arguments, cwd=project, env=environment, capture_output=True, encoding="utf-8")
        if done.returncode not in (0, 1):
            raise OutputError(f"{PROGRAM} {command} in {demo}: {done.stderr or done.stdout}")
        return (done.stdout + done.stderr).replace(str(project), f"/home/me/{demo}")


def _figure(demo: str, command: str) -> str:
    shown = to_html(run(demo, command).rstrip("\n"))
    return (
        f'<div class="terminal" data-search-exclude data-command="{escape(command)}"><pre tabindex="0"><code>'
        f'<span class="t-prompt">$ {PROGRAM} {escape(command)}</span>\n{shown}</code></pre></div>'
    )


def to_html(text: str) -> str:
    """Coloured text of a terminal as HTML, in one line per line and with no blank line (Markdown ends there)."""
    parts: list[str] = []
    at, opened = 0, 0
    for match in _ANSI.finditer(text):
        parts.append(escape(text[at : match.start()], quote=False))
        at = match.end()
        names = [f"t-{_CLASSES[code]}" for code in match[1].split(";") if code in _CLASSES]
        if names:
            parts.append(f'<span class="{" ".join(names)}">')
            opened += 1
        else:
            parts.append("</span>" * opened)
            opened = 0
    parts.append(escape(text[at:], quote=False) + "</span>" * opened)
    return re.sub(r"\n(?=\n)", "\n&#8203;", "".join(parts))
