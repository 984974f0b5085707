"""`python -m fastapi_guardrails`, and the console script: a quick answer to `--version`, else the command line."""

from __future__ import annotations

import sys

from fastapi_guardrails import __version__


def main() -> None:
    """Run the command line and exit with its code: 0 nothing found, 1 findings, 2 the run failed, 130 interrupted."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"fastapi-guardrails {__version__}")
        return
    try:
        from fastapi_guardrails.cli import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while this was still being imported
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
