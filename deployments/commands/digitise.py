"""The command `digits digitise`."""

from __future__ import annotations

import json
import shlex
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from itertools import chain
from typing import Any

import typer

from deployments.cli.errors import one_line
from deployments.cli.output import OutputForm
from deployments.commands.failures import tell_quarantined
from deployments.commands.run_display import Display
from deployments.commands.tables import about_forms
from digit_core.calibration.risk_control import promise
from digit_core.errors import DigitsError, InputError
from digit_core.wording import counted
from flows.advice import advice, where_measured
from flows.options import RunOptions
from flows.planning import make_plan
from flows.progress import RunProgress
from flows.run_stats import Tally
from flows.settings import load_settings
from flows.sources import Listing
from flows.workspace import clear
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage
from tasks.run_plan import RunPlan


def digitise(
    source: str,
    out: str,
    options: RunOptions,
    share: str | None = None,
    dry_run: bool = False,
    output: OutputForm = OutputForm.USUAL,
) -> None:
    """Start the flow if there is anything new to read."""
    settings = load_settings().replaced_by(options)
    plan = make_plan(source, out, settings, share=share)
    if plan.note:
        typer.echo(f"digits: {one_line(plan.note)}", err=True)
    storage = Storage(settings.storage_options)
    listing = Listing(storage, Results(storage, plan.out, plan.share), plan, on_skip=_tell_skipped)
    if output is OutputForm.VERBOSE:
        listing.on_passed_over = _tell_skipped
    objects = iter(listing)
    first = next(objects, None)
    if first is None:
        clear(settings.spool_folder)
        _nothing_new(plan, listing, output)
        return
    if dry_run:
        from deployments.commands.forecast import forecast

        forecast(chain([first], objects), listing, settings)
        return
    if plan.promise and output in (OutputForm.USUAL, OutputForm.VERBOSE):
        typer.echo(promise(plan.promise))
    progress = RunProgress()
    try:
        with _counting(progress, chain([first], objects)), _display(progress, output):
            from flows.launch import run_digitise

            run_digitise(settings, progress, source=plan.source, out=plan.out, share=share, **options.given())
    finally:
        if progress.tally.pages:  # also of a run that was stopped: this much is done
            _tell(plan, progress, listing, output)


def _tell_skipped(uri: str, why: str) -> None:
    typer.echo(f"digits: skipped {one_line(uri)}: {why}", err=True)


def _display(progress: RunProgress, output: OutputForm) -> AbstractContextManager[object]:
    return nullcontext() if output in (OutputForm.QUIET, OutputForm.JSON) else Display(progress, sys.stderr)


def _tell(plan: RunPlan, progress: RunProgress, listing: Listing, output: OutputForm) -> None:
    """What the run did, as it was asked for."""
    if output is OutputForm.JSON:
        typer.echo(json.dumps(_figures(plan, progress.tally, listing), indent=1))
    elif output is not OutputForm.QUIET:
        if output is OutputForm.VERBOSE:
            for one in progress.tally.failures:
                typer.echo(f"digits: quarantined {one_line(one.uri)}, page {one.page}: {one_line(one.message)}", err=True)
        _summary(plan, progress.tally, progress.tally.pages / progress.seconds_reading, listing)


def _figures(plan: RunPlan, tally: Tally, listing: Listing) -> dict[str, Any]:
    """The summary as one object; `failures` are the first ones."""
    names = ("read", "quarantined", "numbers", "digits", "to_review")
    return {
        "source": plan.source,
        "results": plan.out,
        "pages": tally.pages,
        **{name: getattr(tally, name) for name in names},
        "asked_numbers": tally.asked_numbers,
        "pilot": plan.read_by.pilot_version,
        "measured": where_measured(plan),
        "seconds": round(tally.seconds, 3),
        "reasons": dict(tally.reasons),
        "sums": dict(tally.sums),
        "failures": [{"file": one.uri, "page": one.page, "reason": one.reason, "message": one.message} for one in tally.failures],
        "known_files": listing.known,
        "passed_over_files": listing.passed_over,
        "hidden": listing.hidden,
    }


def _nothing_new(plan: RunPlan, listing: Listing, output: OutputForm) -> None:
    known = listing.known
    if output is OutputForm.JSON and (known or plan.share.of > 1):
        typer.echo(json.dumps(_figures(plan, Tally(), listing), indent=1))
        return
    if output is OutputForm.QUIET and (known or plan.share.of > 1):
        return
    if not known and plan.share.of > 1:
        typer.echo(f"nothing to read in share {plan.share} of {plan.source}")
        return
    if not known:
        others = f" ({_passed_over(listing)})" if _passed_over(listing) else ""
        raise InputError(f"{plan.source} contains no scans{others}: give a folder, a file or a URL with scans")
    files = "1 file is" if known == 1 else f"{known:,} files are"
    typer.echo(f"nothing new: {files} in {plan.source}, all already read; the results are in {plan.out}")
    if others := _passed_over(listing):
        typer.echo(others)
    tell_quarantined(listing.results)
    typer.echo(f"Next: digits results {plan.out}")


def _passed_over(listing: Listing) -> str:
    """What of the source was not looked at; "" for nothing."""
    others = f"{listing.passed_over:,} other files passed over (.csv, .txt and the like)" if listing.passed_over else ""
    hidden = f"{listing.hidden:,} hidden files or folders passed over" if listing.hidden else ""
    return "; ".join(part for part in (others, hidden) if part)


@contextmanager
def _counting(progress: RunProgress, objects: Iterator[object]) -> Iterator[None]:
    """Count the files to be read in the background, so that the display can estimate the time left."""
    stop = threading.Event()

    def count() -> None:
        with suppress(DigitsError):  # the run lists the same source and reports the error
            for number, _ in enumerate(objects, start=1):
                progress.listed = number
                if stop.is_set():
                    return
            progress.all_listed = True

    threading.Thread(target=count, daemon=True).start()
    try:
        yield
    finally:
        stop.set()


def _summary(plan: RunPlan, tally: Tally, speed: float, listing: Listing) -> None:
    typer.echo(f"{counted(tally.read, 'page')} read in {tally.seconds:.1f} s ({speed:.1f} pages/s), results in {plan.out}")
    found = f"{counted(tally.numbers, 'number')}, {counted(tally.digits, 'digit')}"
    typer.echo(f"{found}, {tally.to_review:,} ({tally.review_share:.1%}) for review")
    if plan.spec.layouts:
        typer.echo(about_forms(tally.sums))
    for line in advice(plan, tally):
        typer.echo(line)
    if others := _passed_over(listing):
        typer.echo(others)
    if tally.quarantined:
        typer.echo(f"{tally.quarantined:,} quarantined ({tally.commonest(5)}): digits failures {plan.out}")
    typer.echo(f"Next: digits results {plan.out}")
    if tally.example:
        typer.echo(f"      digits show {shlex.quote(tally.example)} --results {plan.out} -o look.png")
