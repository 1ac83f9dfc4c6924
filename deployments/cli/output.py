"""How much a command says: --quiet, --verbose, --json."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class OutputForm(StrEnum):
    """What a command prints; errors stand on standard error in each."""

    USUAL = "usual"
    QUIET = "quiet"
    VERBOSE = "verbose"
    JSON = "json"


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only what matters most, and errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="All there is to tell.")]
Json = Annotated[bool, typer.Option("--json", help="All figures as JSON on standard output.")]


def chosen(quiet: bool, verbose: bool, json: bool) -> OutputForm:
    """The form that was asked for. Raises BadParameter for several."""
    forms = {OutputForm.QUIET: quiet, OutputForm.VERBOSE: verbose, OutputForm.JSON: json}
    given = [form for form, wanted in forms.items() if wanted]
    if len(given) > 1:
        raise typer.BadParameter(f"{' and '.join(f'--{form}' for form in given)}: give one of them")
    return given[0] if given else OutputForm.USUAL
