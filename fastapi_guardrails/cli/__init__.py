"""The command line: `check`, `routes`, `rule`, `new-rule`. One file per command, loaded when it is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from fastapi_guardrails import __version__
from fastapi_guardrails.config import ConfigError

#: Commands, each in the module of its name (with `_` for `-`), in the order of `--help`.
COMMANDS = ("check", "routes", "rule", "new-rule")

#: Set to see where an internal error comes from.
TRACEBACK = "GUARDRAILS_TRACEBACK"


class _LazyGroup(click.Group):
    """A group that imports a command's module only for that command (and for `--help`)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name.replace('-', '_')}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from fastapi_guardrails.config import did_you_mean

        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            near = did_you_mean(name, COMMANDS)
            if not near and os.path.exists(name):
                near = f"; did you mean `fastapi-guardrails check {name}`?"
            ctx.fail(f"there is no command {name!r}{near or '; the commands are: ' + ', '.join(COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.command(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", message="fastapi-guardrails %(version)s")
def main() -> None:
    """Find and fix what breaks a FastAPI project.

    The whole project is read and followed across files; nothing of it is imported or run.

    \b
    Examples:
      fastapi-guardrails check                  check the project in this folder
      fastapi-guardrails check app/api --fix    report one folder, and mend what is safe
      fastapi-guardrails routes                 the routes of the project's apps
      fastapi-guardrails rule FG213             explain a rule

    Exit codes: 0 nothing found, 1 findings, 2 the run itself failed, 130 interrupted.
    """


def run(arguments: Sequence[str]) -> int:
    """Run the command line and give its exit code; whatever fails says so on stderr, and what to do next."""
    try:
        code = main.main(args=list(arguments), prog_name="fastapi-guardrails", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted")
        return 130
    except BrokenPipeError:
        _close_stdout()
        return 2
    except (ConfigError, OSError) as error:
        _close_stdout()
        _say(f"error: {error}")
        return 2
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        _say(
            f"internal error: {type(error).__name__}: {error}\n"
            f"Please report it; {TRACEBACK}=1 in the environment shows where it comes from."
        )
        return 2


def _say(message: str) -> None:
    click.echo(message.encode("utf-8", "backslashreplace").decode(), err=True)


def _close_stdout() -> None:
    """Let Python's last flush of what nobody reads go nowhere."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
