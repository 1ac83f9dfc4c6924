"""The command `digits pilot`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime

import typer

from deployments.commands.tables import print_table
from digit_core.calibration.risk_control import DialSetting, percent
from digit_core.errors import InputError
from digit_core.review.pilot import (
    TARGETS,
    PilotSettings,
    SampledNumbers,
    dial_of,
    pilot_promise,
    read_alike,
    sampled_numbers,
    settings_of,
    undecided,
)
from flows.options import RunOptions
from flows.pilot import corrected_sample, take_sample
from flows.planning import make_plan
from flows.settings import Settings, load_settings
from tasks.adapters.results.pilots import Pilots, PilotSample
from tasks.adapters.review.queue import ReviewQueue
from tasks.adapters.review.statistics import NUMBER_VIEWS
from tasks.adapters.storage.storage import Storage, normalise

HEADER = ("max error", "threshold", "accepted", "wrong at most", "wrong seen", "hours of review for the rest")


def pilot(source: str, out: str, options: RunOptions, count: int, max_error: float | None, json: bool) -> None:
    """Take a sample if there is none of so many numbers; else tell what waits, or fit the settings and write them."""
    settings = load_settings().replaced_by(options)
    plan = make_plan(source, out, settings)
    pilots = Pilots(Storage(settings.storage_options), plan.out)
    with ReviewQueue(settings.review_url) as queue:
        sample = pilots.sample()
        if sample is None or sample.asked_for < count or not read_alike(sample.read_by, plan.read_by):
            sample = take_sample(plan, settings, queue, count)
        table = corrected_sample(sample, queue, plan.out)
        if waiting := undecided(table, sample.asked):
            _tell_waiting(sample, waiting, plan.out, json)
            return
        seconds, measured = _seconds(queue, settings, sample)
    numbers = sampled_numbers(table, sample.asked)
    found = _fitted(pilots, numbers, sample, max_error, settings)
    _tell(found, numbers, sample, (source, plan.out), (seconds, measured), json)


def remove(out: str) -> None:
    """Let later runs do without the pilot's settings. Raises InputError where there are none."""
    pilots = Pilots(Storage(load_settings().storage_options), out)
    if (last := pilots.settings()) is None:
        raise InputError(f"no pilot of {normalise(out)} is used: there is nothing to remove")
    pilots.add_settings(replace(last, version=last.version + 1, used=False, created=_now()))
    typer.echo(f"pilot {last.version} of {normalise(out)} is not used any more; rows that were read with it name it")


def _fitted(
    pilots: Pilots, numbers: SampledNumbers, sample: PilotSample, max_error: float | None, settings: Settings
) -> PilotSettings:
    """Return the settings that follow, and write them unless they count already."""
    newest = pilots.newest_settings()
    facts = {"version": newest.version + 1 if newest else 1, "created": _now(), "read_by": sample.read_by}
    found = settings_of(numbers, max_error, settings.certainty, settings.threshold, facts)
    if newest is not None and newest == replace(found, version=newest.version, created=newest.created):
        return newest
    pilots.add_settings(found)
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _seconds(queue: ReviewQueue, settings: Settings, sample: PilotSample) -> tuple[float, bool]:
    """Return the seconds that a number takes, and whether people's times were measured."""
    paces = [pace for pace in queue.statistics.pace() if pace.view in NUMBER_VIEWS and pace.items]
    if paces:
        return sum(pace.seconds * pace.items for pace in paces) / sum(pace.items for pace in paces), True
    digits = sum(len(one) for one in sample.numbers["digits"].to_pylist()) / max(1, sample.numbers.num_rows)
    return settings.review_seconds * digits, False


def _tell_waiting(sample: PilotSample, waiting: int, out: str, as_json: bool) -> None:
    asked = len(sample.asked)
    if as_json:
        typer.echo(json.dumps({"pages": sample.pages, "numbers": sample.numbers.num_rows, "asked": asked, "waiting": waiting}))
        return
    typer.echo(
        f"{sample.pages:,} of about {sample.source_pages:,} pages were read for the pilot: {sample.numbers.num_rows:,} numbers"
    )
    typer.echo(
        f"{asked - waiting:,} of {asked:,} numbers are decided; the pilot needs them all, since the unsure ones come first"
    )
    typer.echo(f"Next: digits review serve   ({shlex.quote(out)}), then this command again")


def _tell(
    found: PilotSettings,
    numbers: SampledNumbers,
    sample: PilotSample,
    places: tuple[str, str],
    pace: tuple[float, bool],
    as_json: bool,
) -> None:
    dials = [dial_of(numbers, one, found.certainty, found.temperature) for one in sorted({*TARGETS, found.max_error} - {1.0})]
    total = sample.source_pages * sample.numbers.num_rows / max(1, sample.pages)
    seconds, measured = pace
    if as_json:
        table = [asdict(dial) for dial in dials]
        figures = {"numbers": round(total), "seconds_a_number": seconds, "seconds_measured": measured}
        typer.echo(json.dumps({**asdict(found), **figures, "table": table}, indent=1))
        return
    typer.echo(f"{int(numbers.asked.sum()):,} numbers of {sample.pages:,} pages decided; about {total:,.0f} numbers in all")
    print_table(HEADER, (_row(dial, total * seconds / 3600) for dial in dials))
    how = "as people took for the last ones" if measured else "an assumption: DIGITS_REVIEW_SECONDS a digit"
    typer.echo(f"guaranteed with {percent(found.certainty)} certainty, one row at a time; {seconds:.1f} s a number, {how}")
    typer.echo(pilot_promise(found))
    hours = total * (1 - found.accepted_share) * seconds / 3600
    typer.echo(f"temperature {found.temperature:.2f}, threshold {found.threshold:.4f}: {hours:,.1f} hours of review for the rest")
    source, out = map(shlex.quote, places)
    typer.echo(f"Next: digits digitise {source} --out {out}   (another row: digits pilot {source} --out {out} --max-error E)")


def _row(dial: DialSetting, hours: float) -> Sequence[str]:
    if not dial.feasible:
        return percent(dial.target), "-", "-", "-", "-", "-"
    accepted, left = f"{1 - dial.review_share:.0%}", f"{dial.review_share * hours:,.1f}"
    return percent(dial.target), f"{dial.threshold:.4f}", accepted, percent(dial.bound), percent(dial.observed_error), left
