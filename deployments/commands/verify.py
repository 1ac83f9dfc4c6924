"""The command `digits verify`."""

from __future__ import annotations

import typer

from deployments.cli.errors import one_line
from deployments.commands.tables import print_table
from digit_core.errors import StorageError
from flows.settings import load_settings
from tasks.adapters.results.verification import VerifiedBatch, verified
from tasks.adapters.storage.storage import Storage

NAMED = 50
"""Greatest number of pages listed."""


def verify(dest: str, forget: bool) -> None:
    """Check every table and manifest by its checksum. Raises StorageError where something is damaged and `forget` is not set."""
    storage = Storage(load_settings().storage_options)
    sound, damaged = 0, []
    for batch in verified(storage, dest):
        if batch.problems:
            damaged.append(batch)
        else:
            sound += 1
    typer.echo(f"{sound:,} {'batch is' if sound == 1 else 'batches are'} sound")
    if not damaged:
        return
    _tell(damaged)
    if not forget:
        raise StorageError(
            f"{_count(damaged)} to be read again: `digits verify {dest} --forget` removes their manifests, and the next "
            "`digits digitise` of the same source reads them"
        )
    storage.delete([batch.manifest_uri for batch in damaged])
    typer.echo(f"forgotten: {_count(damaged)} to be read again. Next: digits digitise SOURCE --out {dest}")


def _tell(damaged: list[VerifiedBatch]) -> None:
    problems = [problem for batch in damaged for problem in batch.problems]
    print_table(("damaged file", "what is wrong"), ((one_line(one.uri), one_line(one.what)) for one in problems))
    pages = [page for batch in damaged for page in batch.pages]
    typer.echo()
    print_table(("to be read again", "page"), ((one_line(page.uri), page.index + 1) for page in pages[:NAMED]))
    if len(pages) > NAMED:
        typer.echo(f"… and {len(pages) - NAMED:,} more")


def _count(damaged: list[VerifiedBatch]) -> str:
    pages, batches = sum(len(batch.pages) for batch in damaged), len(damaged)
    has = "has" if pages == 1 else "have"
    return f"{pages:,} page{'s' * (pages != 1)} of {batches:,} batch{'es' * (batches != 1)} {has}"
