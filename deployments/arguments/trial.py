"""Pages to try it with, and what is known to stand on them: synth, evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Dest = Annotated[str, typer.Argument(metavar="DEST", help="Results: the --out of `digits digitise`.")]


def synth(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write to.")],
    pages: Annotated[int, typer.Option(min=1, help="How many pages.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same pages.")] = 1,
    style: Annotated[str, typer.Option(help="ledger, dense, clean or hard.")] = "ledger",
) -> None:
    """Write ledger pages by invented hands into DIR, and what stands on them into DIR/truth.

    \b
    Examples:
      digits synth pages --pages 20 --seed 7
      digits synth pages --pages 100 --style dense
    """
    from deployments.commands.synth import synth

    synth(folder, pages, seed, style)


def evaluate(
    dest: Dest,
    truth: Annotated[Path, typer.Argument(metavar="TRUTH", help="Folder of CSVs with what stands on the pages, or one CSV.")],
    corrected: Annotated[bool, typer.Option("--corrected", help="With what people said, not the machine alone.")] = False,
    json: Annotated[bool, typer.Option("--json", help="All figures as JSON.")] = False,
) -> None:
    """Compare results with what is known to stand on the pages.

    A truth CSV bears its page's name and has the columns row, column, text, digits, certain. With --corrected a number that
    people settled counts as accepted, as they left it.

    \b
    Examples:
      digits evaluate results pages/truth
      digits evaluate results pages/truth --json
      digits evaluate results pages/truth --corrected
    """
    from deployments.commands.evaluate import evaluate

    evaluate(dest, truth, corrected, json)
