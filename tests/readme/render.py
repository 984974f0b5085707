"""The output in README.md: produced by the real tool over the project in `data/shop`, never typed.

`python tests/readme/render.py` writes it anew.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
SHOP = Path(__file__).parent / "data" / "shop"
COMMAND = "fastapi-guardrails check"

_BLOCK = re.compile(r"(?<=<!-- output -->\n).*?(?=<!-- /output -->)", re.DOTALL)


def output() -> str:
    """What the tool prints."""
    environment = {k: v for k, v in os.environ.items() if k != "FORCE_COLOR"}
    command = [sys.executable, "-m", *COMMAND.replace("-", "_", 1).split(), "--no-cache"]
    done = subprocess.run(command, cwd=SHOP, capture_output=True, text=True, env=environment)
    assert done.stderr == "", done.stderr
    return done.stdout


def rendered() -> str:
    """README.md with that output."""
    block = f"```console\n$ {COMMAND}\n{output()}```\n"
    return _BLOCK.sub(lambda _: block, README.read_text(encoding="utf-8"))


if __name__ == "__main__":
    README.write_text(rendered(), encoding="utf-8")
