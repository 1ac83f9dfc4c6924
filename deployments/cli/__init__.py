"""The command `digits`. Only arguments are parsed here; each command imports what it needs once they are valid."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from deployments.cli import layouts, models, operations, reading, review, trial
from deployments.cli.errors import DigitsGroup
from deployments.cli.run_options import add_command

app = typer.Typer(
    name="digits",
    help="Read the handwritten numbers on scanned archive pages into tables that people can trust.",
    cls=DigitsGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("archive-digits"))
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Read the handwritten numbers on scanned archive pages into tables that people can trust.

    \b
    Try it:
      digits synth pages --pages 20
      digits digitise pages --out results
      digits results results
    """


def settings() -> None:
    """List all settings with their values and sources; passwords are masked.

    A setting is an environment variable, or a line in settings.env in the home folder (or in the file that
    DIGITS_SETTINGS_FILE names).

    \b
    Examples:
      digits settings
      DIGITS_WORKERS=4 digits digitise scans --out results
    """
    from deployments.commands.settings import settings

    settings()


def version() -> None:
    """Print the version.

    \b
    Examples:
      digits version
    """
    _version(True)


class Shell(StrEnum):
    """Shells that can complete commands."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


def completion(shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell.")]) -> None:
    """Print what makes a shell complete the commands and options of `digits`; put it where your shell looks for such scripts.

    \b
    Examples:
      digits completion bash > ~/.local/share/bash-completion/completions/digits
      digits completion zsh > ~/.zfunc/_digits
      digits completion fish > ~/.config/fish/completions/digits.fish
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    typer.echo(get_completion_script(prog_name="digits", complete_var="_DIGITS_COMPLETE", shell=shell.value))


_NAMES = {layouts.app: "layout", review.app: "review"}
_PANELS = {
    "Read": (reading.digitise, reading.read, reading.results, reading.export, reading.show),
    "Layouts": (layouts.app,),
    "Review": (review.app, review.pilot, review.feedback),
    "Models": (
        *(models.recipes, models.train, models.train_reader, models.train_detector),
        *(models.models, models.promote, models.rollback, models.dial),
        *(trial.synth, trial.evaluate),
    ),
    "Operate": (
        operations.status,
        operations.failures,
        operations.verify,
        operations.retry,
        operations.deploy,
        operations.worker,
        settings,
        completion,
        version,
    ),
}
for _panel, _commands in _PANELS.items():
    for _command in _commands:
        if isinstance(_command, typer.Typer):
            app.add_typer(_command, name=_NAMES[_command], rich_help_panel=_panel)
        else:
            add_command(app, _command, _panel)


def main() -> None:
    """Run the command line; the entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
