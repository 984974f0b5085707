"""`python -m app` serves; `seed` fills a laptop's database; `promote EMAIL` makes administrators.

It runs uvicorn with the settings of the app, so that the number of workers is known to both.
"""

import argparse
import asyncio
import sys

import uvicorn

from app.config import Settings, get_settings
from app.core.exceptions import AppException
from app.seed import promote, seed


def serve(settings: Settings) -> None:
    """Answer requests until a signal comes, then finish those that have begun."""
    if settings.is_local:
        print("Demo data: python -m app seed · API: /docs", file=sys.stderr)
    uvicorn.run(
        "app.main:app",
        host=settings.HOST,
        port=settings.PORT,
        workers=settings.WEB_CONCURRENCY,
        timeout_graceful_shutdown=settings.SHUTDOWN_SECONDS,
        ws_max_size=settings.MAX_BODY_BYTES,
        log_config=None,
        server_header=False,
    )


def main(arguments: list[str] | None = None) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m app")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="answer requests (the default)")
    commands.add_parser("seed", help="make demo users and products (local environment only)")
    commands.add_parser("promote", help="make an account an administrator").add_argument("email")
    options = parser.parse_args(arguments)

    settings = get_settings()
    if options.command == "seed":
        if not settings.is_local:
            parser.error("seed works in the local environment only")
        print("\n".join(asyncio.run(seed(settings))))
    elif options.command == "promote":
        try:
            asyncio.run(promote(settings, options.email))
        except AppException as exc:
            parser.error(exc.detail)
    else:
        serve(settings)


if __name__ == "__main__":
    main()
