"""`routes`: the route table of the project's apps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from fastapi_guardrails.cli import shared


@click.command("routes", short_help="Show the routes of the project's apps.")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option("--output-format", type=click.Choice(["table", "json"]), default="table", show_default=True)
@shared.run_options
def command(path: Path, output_format: str, config_file: Path | None, isolated: bool, jobs: int, no_cache: bool) -> int:
    """Show the routes that the project's apps will have, in the order in which they are tried.

    Nothing is imported: the table comes from reading the project. A `?` marks a route of which something could not be
    followed; an unknown part of a path is shown as {?}.

    \b
    Examples:
      fastapi-guardrails routes
      fastapi-guardrails routes backend --output-format json
    """
    config = shared.load_config((path,), config_file, isolated)
    workspace = shared.open_workspace((path,), config, jobs, no_cache)
    project = workspace.project()
    if output_format == "json":
        shared.write(json.dumps({"version": 1, "apps": project.route_table()}, ensure_ascii=False, indent=2) + "\n")
    else:
        shared.write(_tables(project.route_table(schemes=True), shared.terminal_width()))
    for error in sorted(workspace.contents.errors.items()):
        shared.say("error: {}: {}".format(*error))
    return 2 if workspace.contents.errors else 0


def _tables(apps: Sequence[dict[str, Any]], width: int | None) -> str:
    if not apps:
        return "No FastAPI app was found. Is this the folder of the project?\n"
    return "\n".join(_table(app, width) for app in apps)


def _table(app: dict[str, Any], width: int | None) -> str:
    routes = app["routes"]
    uncertain = sum(not route["certain"] for route in routes)
    count = f"{len(routes)} route{'' if len(routes) == 1 else 's'}" + (f", {uncertain} uncertain" if uncertain else "")
    head = f"{app['name']} ({app['path']}:{app['line']}) · {count}\n".lstrip()
    rows: list[tuple[str, ...]] = [("METHOD", "PATH", "ENDPOINT", "RESPONSE MODEL", "SECURED BY", "WHERE")]
    rows += (_row(route) for route in routes)
    return head + "".join(line + "\n" for line in _columns(rows, width))


def _row(route: dict[str, Any]) -> tuple[str, ...]:
    methods = "WEBSOCKET" if route["websocket"] else ",".join(route["methods"])
    return (
        methods if route["certain"] else f"{methods} ?",
        route["path"],
        route["endpoint"],
        route["response_model"] or "–",
        ", ".join(route["schemes"]) or "–",
        f"{route['file']}:{route['line']}",
    )


def _columns(rows: Sequence[Sequence[str]], width: int | None) -> Iterable[str]:
    """Rows with aligned columns; where they do not fit, one block of lines per row."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    if width is not None and sum(widths) + 2 * len(widths) > width:
        for row in rows[1:]:
            yield f"  {row[0]} {row[1]}"
            yield from (f"      {rows[0][i].lower()}: {row[i]}" for i in range(2, len(row)))
        return
    for row in rows:
        yield "  " + "  ".join(cell.ljust(size) for cell, size in zip(row, widths)).rstrip()
