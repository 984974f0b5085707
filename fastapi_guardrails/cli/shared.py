"""What commands share: options, the workspace that they ask for, and writing what they found."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from fastapi_guardrails import config as configuration
from fastapi_guardrails.config import Config
from fastapi_guardrails.engine import Progress, Workspace
from fastapi_guardrails.source import files

_Command = TypeVar("_Command", bound=Callable[..., Any])


def run_options(command: _Command) -> _Command:
    """The options of every command that reads a project."""
    for option in (
        click.option("--isolated", is_flag=True, help="Read no configuration at all."),
        click.option(
            "--config",
            "config_file",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="Take the configuration from this file.",
        ),
        click.option(
            "--jobs", type=click.IntRange(min=0), default=0, metavar="N", help="Processes that may work (0: all cores)."
        ),
        click.option("--no-cache", is_flag=True, help="Neither use nor write .guardrails_cache."),
    ):
        command = option(command)
    return command


def load_config(paths: tuple[Path, ...], config_file: Path | None, isolated: bool) -> Config:
    """The configuration that the options ask for.

    Raises:
        click.UsageError: a path does not exist, or the options contradict each other.
        ConfigError: the configuration is wrong.
    """
    for path in paths:
        if not path.exists():
            near = configuration.did_you_mean_path(path) or "; PATHS are files or folders to report on"
            raise click.UsageError(f"{path}: there is no such file or folder{near}")
    if config_file is not None and isolated:
        raise click.UsageError("--config and --isolated contradict each other; leave one of them out")
    return configuration.load(files.find_root(paths), file=config_file, isolated=isolated)


def open_workspace(paths: tuple[Path, ...], config: Config, jobs: int, no_cache: bool) -> Workspace:
    """The project that paths belong to, with progress on a terminal."""
    return Workspace(list(paths), config, jobs=jobs, use_cache=not no_cache, progress=progress())


def progress() -> Progress | None:
    """A function that shows how far reading has come; None where nobody looks."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return None
    shown = 0

    def show(done: int, total: int) -> None:
        nonlocal shown
        if done < total and total - done < 200 and not shown:
            return  # over before anybody has read it
        shown = done < total
        text = f"reading {done} of {total} files" if shown else ""
        sys.stderr.write(f"\r\x1b[2K{text}")
        sys.stderr.flush()

    return show


def is_coloured() -> bool:
    """Whether stdout gets colours: a terminal does, unless NO_COLOR says no; FORCE_COLOR says yes anywhere."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def terminal_width() -> int | None:
    """Columns of the terminal; None where stdout is none."""
    if not sys.stdout.isatty():
        return None
    import shutil  # brings the archive formats

    return shutil.get_terminal_size().columns


def write(report: str | bytes, output_file: Path | None = None) -> None:
    """Write a report (or a patch, as bytes) to stdout, or to a file as a whole.

    What an encoding does not have (names of files that are no text) comes out as an escape, which JSON reads as such.

    Raises:
        OSError: it cannot be written.
    """
    encoding = "utf-8" if output_file else sys.stdout.encoding or "utf-8"
    data = report if isinstance(report, bytes) else report.encode(encoding, "backslashreplace")
    if output_file is not None:
        from fastapi_guardrails.fix import replace_file

        replace_file(output_file, data)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.flush()


def say(message: str) -> None:
    """Tell something to the person at the terminal, on stderr."""
    click.echo(message.encode("utf-8", "backslashreplace").decode(), err=True)
