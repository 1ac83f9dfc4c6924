"""Conversion of errors into one line for the user and an exit code for scripts."""

from __future__ import annotations

import signal
import threading
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from deployments.cli.run_options import RunCommand
from digit_core.errors import DigitsError

INTERRUPTED, TERMINATED = 130, 143
PANELS = ("Read", "Layouts", "Review", "Models", "Operate")
"""Headings of `digits --help`, in this order."""

_HOW_TO_GO_ON = {
    "digitise": "; every finished batch is kept. To continue, run the same command again",
    "retry": "; every finished batch is kept. Run the same command again for the rest",
    "train": "; the unfinished training is lost, finished ones are registered (`digits models`). "
    "Run the same command again for the rest",
}


class Terminated(KeyboardInterrupt):
    """Interruption by SIGTERM: the run ends as at Ctrl-C, with its summary."""


def _terminate(signum: int, frame: object) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second SIGTERM ends the process at once
    raise Terminated


class DigitsGroup(TyperGroup):
    """Group of commands that prints a DigitsError as one line on standard error, and says at Ctrl-C how to continue."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command, with its run options if it takes any."""
        command = super().get_command(ctx, cmd_name)
        return command.whole() if isinstance(command, RunCommand) else command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands under their headings."""
        panels: dict[str, list[tuple[str, str]]] = {panel: [] for panel in PANELS}
        width = formatter.width - 6 - max(len(name) for name in self.commands)
        for name, command in self.commands.items():
            panels[str(getattr(command, "rich_help_panel", ""))].append((name, command.get_short_help_str(width)))
        for panel, rows in panels.items():
            with formatter.section(panel):
                formatter.write_dl(rows)

    def invoke(self, ctx: Any) -> Any:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _terminate)
        try:
            return super().invoke(ctx)
        except DigitsError as error:
            if ctx.params.get("debug"):
                raise
            typer.echo(f"digits: {one_line(str(error))}", err=True)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as stop:
            typer.echo(f"\nstopped{_HOW_TO_GO_ON.get(ctx.invoked_subcommand, '')}", err=True)
            raise typer.Exit(TERMINATED if isinstance(stop, Terminated) else INTERRUPTED) from None


def one_line(text: str) -> str:
    """Replace line breaks and control characters, which a file name may contain, by spaces."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
