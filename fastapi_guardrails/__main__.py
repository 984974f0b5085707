"""`python -m fastapi_guardrails`, and the console script: a quick answer to `--version`, else the command line."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

from fastapi_guardrails import __version__


def main() -> None:
    """Run the command line and exit with its code: 0 nothing found, 1 findings, 2 the run failed, 130 interrupted."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"fastapi-guardrails {__version__}")
        return
    gc.disable()  # a project is one large heap that lives until the end: looking for garbage in it finds none
    try:
        from fastapi_guardrails.cli import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while this was still being imported
        code = 130
    _leave(code)


def _leave(code: int) -> NoReturn:
    """End without taking the project's model apart piece by piece, which takes as long as linking it."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody reads any more: Python says so as it ends
        sys.exit(code)
    os._exit(code)


if __name__ == "__main__":
    main()
