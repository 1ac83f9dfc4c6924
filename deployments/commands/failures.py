"""The commands `digits failures` and `digits retry`."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import islice

import typer

from deployments.commands.open_results import open_results
from deployments.commands.run_display import Display
from deployments.commands.tables import print_table
from digit_core.errors import FailureReason, InputError
from flows.options import RunOptions
from flows.progress import RunProgress
from flows.settings import load_settings
from flows.sources import FailedPages
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage

NAMED = 5
"""Number of quarantined pages that a run with nothing to do names."""

WHAT_TO_DO = {
    FailureReason.EMPTY: "scan or copy it again",
    FailureReason.NOT_AN_IMAGE: "save it as JPEG, PNG or TIFF if it is a scan, else move it out of the source",
    FailureReason.TRUNCATED: "copy it again",
    FailureReason.DAMAGED: "copy or scan it again",
    FailureReason.TOO_LARGE: "raise the limit in the message, if it really is a page",
    FailureReason.NO_PAGES: "move it out of the source",
    FailureReason.ENCRYPTED: "remove its password",
    FailureReason.MISSING: "check that it exists and may be read; the next run tries it again",
    FailureReason.CRASHED: "report it; it was also tried alone",
    FailureReason.TIMED_OUT: "raise DIGITS_PAGE_SECONDS, if it really is a page; it was also tried alone",
}


def failures(dest: str, reason: str | None, limit: int) -> None:
    """List the quarantined pages by reason, most frequent first, with some pages of each."""
    stored = open_results(dest)
    rows = [row for row in stored.quarantined() if reason in (None, row["reason"])]
    if not rows:
        typer.echo(f"no page of {stored.dest} is quarantined" + (f" as {reason!r}" if reason else ""))
        return
    counts = Counter(row["reason"] for row in rows)
    print_table(("pages", "reason", "what to do"), ((n, word, WHAT_TO_DO.get(word, "")) for word, n in counts.most_common()))
    typer.echo()
    listed = sorted(rows, key=lambda row: (-counts[row["reason"]], row["reason"], row["file"], row["page"]))
    cells = ((row["reason"], row["file"], row["page"], row["message"]) for row in listed[:limit])
    print_table(("reason", "file", "page", "message"), cells)
    if len(rows) > limit:
        typer.echo(f"… the first {limit} of {len(rows):,}; --limit shows more", err=True)
    typer.echo(f"Next: digits retry {dest} --failed")


def tell_quarantined(results: Results) -> None:
    """Name the first quarantined pages, if there are any."""
    rows = list(islice(results.quarantined(), NAMED + 1))
    for row in rows[:NAMED]:
        typer.echo(f"quarantined ({row['reason']}): {row['file']!r}, page {row['page']}: {row['message']}")
    if rows:
        more = "there are more: " if len(rows) > NAMED else ""
        typer.echo(f"{more}digits failures {results.dest}; to retry: digits retry {results.dest} --failed")


def retry(dest: str, reason: str | None, options: RunOptions) -> None:
    """Read the quarantined pages again and print how many could be read."""
    stored = open_results(dest)
    settings = load_settings()
    _check_reason(reason)
    failed = FailedPages(Storage(settings.storage_options), stored, reason or "")
    count = sum(1 for _ in failed)
    if failed.gone:
        typer.echo(f"{failed.gone:,} of the files no longer exist; their pages stay quarantined")
    if not count:
        typer.echo("nothing to retry")
        return
    progress = RunProgress(listed=count, all_listed=True)
    with Display(progress, sys.stderr):
        from flows.launch import run_retry

        tally = run_retry(settings, progress, out=stored.dest, reason=reason or "", **options.given())
    typer.echo(f"{tally.read:,} of {tally.pages:,} pages could be read this time, {tally.quarantined:,} are still quarantined")
    typer.echo(f"Next: digits {'failures' if tally.quarantined else 'results'} {dest}")


def _check_reason(reason: str | None) -> None:
    known = [str(one) for one in FailureReason]
    if reason is not None and reason not in known:
        raise InputError(f"{reason!r} is not a reason; known reasons are {', '.join(known)}")
