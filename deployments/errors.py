"""One place that turns errors into a line for a person and an exit code for a script."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from digit_core.errors import DigitsError

INTERRUPTED = 130
_HOW_TO_GO_ON = {"digitise": "; every finished batch is kept. To go on where it was, run the same command again"}


class DigitsGroup(TyperGroup):
    """Commands whose DigitsErrors are one line on standard error, and whose Ctrl-C says how to go on."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except DigitsError as error:
            if ctx.params.get("debug"):
                raise
            typer.echo(f"digits: {one_line(str(error))}", err=True)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt:
            typer.echo(f"\nstopped{_HOW_TO_GO_ON.get(ctx.invoked_subcommand, '')}", err=True)
            raise typer.Exit(INTERRUPTED) from None


def one_line(text: str) -> str:
    """The text without line breaks and control characters, which a file's name may hold."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
