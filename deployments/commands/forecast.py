"""The command `digits digitise --dry-run`: estimates what a run would do from the listing, past runs and a sample of pages."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from deployments.commands.local_reader import read_files
from deployments.commands.run_display import duration
from digit_core.readings import PageRead
from digit_core.records import SourceObject
from digit_core.results.run_history import History, history_of
from flows.settings import Settings
from flows.sources import Listing, spread

SAMPLE = 8
"""Number of objects read for the estimate; every 1st, 2nd, 4th, 8th … of the listing, so that the sample covers it."""


@dataclass(frozen=True)
class Measured:
    """Figures of the sample or of past runs: pages per object, pages per second of the whole machine, digits per page …"""

    pages_per_object: float
    pages_per_second: float
    digits_per_page: float
    review_share: float
    source: str


def forecast(objects: Iterable[SourceObject], listing: Listing, settings: Settings) -> None:
    """Print the files, pages, time and review hours of the run that would follow; write nothing."""
    count, size, sample = spread(objects, SAMPLE)
    history = history_of(listing.results.manifests())
    measured = _from_history(history) or _from_sample(sample, listing, settings)
    pages = count * measured.pages_per_object
    to_review = pages * measured.digits_per_page * measured.review_share
    typer.echo(f"{count:,} files ({size / 1e9:,.2f} GB) are new or changed, {listing.known:,} were read before")
    typer.echo(f"about {pages:,.0f} pages, {pages * measured.digits_per_page:,.0f} digits")
    typer.echo(
        f"about {duration(pages / measured.pages_per_second)} at {measured.pages_per_second:.1f} pages/s on this machine alone"
    )
    hours = to_review * settings.review_seconds / 3600
    typer.echo(
        f"about {to_review:,.0f} digits for review ({measured.review_share:.1%}): {hours:,.1f} "
        f"hours of a person at {settings.review_seconds:g} s each (DIGITS_REVIEW_SECONDS)"
    )
    typer.echo(f"by {measured.source}; nothing was written")


def _from_history(history: History) -> Measured | None:
    speeds = [run.pages_per_second for run in history.runs if run.pages_per_second]
    counts = history.counts
    read = counts["pages"] - counts["quarantined"]
    if not speeds or not read or not counts["digits"]:
        return None
    speed = sorted(speeds[-5:])[len(speeds[-5:]) // 2]
    words = f"the {len(history.runs)} runs that wrote these results"
    return Measured(history.pages_per_object, speed, counts["digits"] / read, counts["to_review"] / counts["digits"], words)


def _from_sample(sample: list[SourceObject], listing: Listing, settings: Settings) -> Measured:
    """Read the sample in worker processes. The time includes loading the model: better an estimate too high than too low."""
    with tempfile.TemporaryDirectory(prefix="digits-") as folder:
        small = [one.uri for one in sample if one.size <= settings.max_megabytes * 1e6]
        files = [file for file in listing.storage.fetch(small, Path(folder)) if isinstance(file, Path)]
        start = time.monotonic()
        outcomes = [outcome for pages in read_files(files, listing.plan.spec, settings) for outcome in pages]
        seconds = time.monotonic() - start
    digits, to_review = _counts(outcome for outcome in outcomes if isinstance(outcome, PageRead))
    pages = max(1, len(outcomes))
    return Measured(
        *(pages / max(1, len(files)), pages / seconds, digits / pages, to_review / max(1, digits)),
        f"{len(files)} files of it that were read for this forecast",
    )


def _counts(pages: Iterator[PageRead]) -> tuple[int, int]:
    """Count the digits, and those that go to review."""
    parts = [part for page in pages for reading in page.readings for part in reading.parts]
    return sum(part.digit != "" for part in parts), sum(part.reason != "" for part in parts)
