"""The command `digits synth`."""

from __future__ import annotations

from pathlib import Path

import typer

from digit_core.errors import InputError
from digit_core.synthesis.ledger.page import STYLES, write_pages
from digit_core.wording import counted


def synth(folder: Path, pages: int, seed: int, style: str) -> None:
    """Write the pages one by one, so that an interrupted run leaves complete pages."""
    if style not in STYLES:
        raise InputError(f"there is no style {style!r}; choose one of {', '.join(STYLES)}")
    for page in range(pages):
        write_pages(folder, 1, seed, STYLES[style], first=page)
    typer.echo(f"{counted(pages, 'page')} in {folder}, their true numbers in {folder / 'truth'}")
    typer.echo(f"Next: digits digitise {folder} --out {folder.with_name(folder.name + '-results')}")
