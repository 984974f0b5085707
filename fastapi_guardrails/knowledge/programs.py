"""Libraries that programs start with: servers, and command lines."""

from __future__ import annotations

#: Packages of servers for ASGI apps.
SERVERS = ("uvicorn", "hypercorn", "granian", "daphne")

#: Beginnings of the names of decorators that make a function a command.
COMMAND_LIBRARIES = ("click.", "typer.", "cyclopts.", "asyncclick.", "rich_click.", "invoke.")
