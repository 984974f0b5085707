"""`python -m fastapi_guardrails`, and the console script: a quick answer to `--version`, else the command line."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from fastapi_guardrails import __version__

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

#: Seconds until an interrupt that Python could not raise is raised again.
_AGAIN = 0.005


def main() -> None:
    """Run the command line and exit with its code: 0 nothing found, 1 findings, 2 the run failed, 130 interrupted."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"fastapi-guardrails {__version__}")
        return
    sys.unraisablehook = _interrupt_again
    gc.disable()  # a project is one large heap that lives until the end: looking for garbage in it finds none
    try:
        from fastapi_guardrails.cli import run

        _leave(run(sys.argv[1:]))
    except KeyboardInterrupt:  # while that was still being imported, or had just ended
        _leave(130)


def _interrupt_again(unraisable: UnraisableHookArgs) -> None:
    """Keep an interrupt that comes while an object is finalised: Python reports it as ignored, and would go on."""
    if unraisable.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(unraisable)
        return
    from _thread import interrupt_main
    from threading import Timer

    Timer(_AGAIN, interrupt_main).start()


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
