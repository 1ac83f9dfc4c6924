"""The command `digits status`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow.compute as pc
import typer

from deployments.cli.output import OutputForm
from deployments.commands.open_results import open_results
from deployments.commands.tables import about_forms, print_table
from digit_core.calibration.risk_control import percent
from digit_core.results.drift import Distribution
from digit_core.results.run_history import History, RunFacts, history_of
from flows.settings import load_settings
from tasks.adapters.results.dataset import Results

_Pages = tuple[Counter[str], int, int]
_HEADER = ("run", "model", "began", "last batch", "pages", "quarantined", "digits", "for review", "pages/s")


def status(dest: str, runs: int, output: OutputForm = OutputForm.USUAL) -> None:
    """Pages by state, digits, review backlog, residual error, throughput, last runs."""
    from tasks.adapters.review.queue import ReviewQueue

    stored = open_results(dest)
    history = history_of(stored.manifests())
    with ReviewQueue(load_settings().review_url) as queue:
        items = queue.counts(stored.dest)
    pages, digits, to_review = _pages(stored)
    if output is OutputForm.JSON:
        typer.echo(json.dumps(_figures(stored, history, (pages, digits, to_review), items), indent=1))
        return
    rows = [
        *((f"pages {state}", f"{count:,}") for state, count in sorted(pages.items(), reverse=True)),
        ("digits", f"{digits:,}, {to_review:,} of them for review"),
        ("review backlog", ", ".join(f"{items[state]:,} {state}" for state in sorted(items)) or "none"),
        ("residual error", _residual(history.shape)),
        ("throughput", _throughput(history.runs)),
        *(
            [("forms", about_forms(history.counts))]
            if any(history.counts[name] for name in ("summed", "no_layout", "layout_off"))
            else []
        ),
    ]
    print_table(("", stored.dest), rows)
    if output is not OutputForm.QUIET:
        typer.echo()
        print_table(_HEADER, (_row(run) for run in history.runs[::-1][: None if output is OutputForm.VERBOSE else runs]))
    if pages.get("quarantined"):
        typer.echo(f"Next: digits failures {dest}")


def _figures(stored: Results, history: History, pages: _Pages, items: Mapping[str, int]) -> dict[str, Any]:
    """The same as one object; `residual_error` is null where nothing was accepted."""
    states, digits, to_review = pages
    shape = history.shape
    return {
        "results": stored.dest,
        "pages": dict(states),
        "digits": digits,
        "digits_to_review": to_review,
        "review_items": dict(items),
        "residual_error": shape.doubt / shape.accepted if shape.accepted else None,
        "sums": dict(history.counts),
        "runs": [_run(run) for run in history.runs[::-1]],
    }


def _run(run: RunFacts) -> dict[str, Any]:
    return {
        "run": run.run_id,
        "model": run.model_version,
        "began": (run.began or run.first).isoformat(),
        "last_batch": run.last.isoformat(),
        **{name: run.counts[name] for name in ("pages", "quarantined", "digits", "to_review")},
        "pages_per_second": run.pages_per_second,
    }


def _pages(stored: Results) -> _Pages:
    """Of the rows that count now: pages by state, digits, digits for review."""
    states, digits, to_review = Counter[str](), 0, 0
    for rows in stored.iter_batches("pages", ["state", "digit_count", "review_count"]):
        states.update({row["values"]: row["counts"] for row in rows["state"].value_counts().to_pylist()})
        digits += pc.sum(rows["digit_count"]).as_py() or 0
        to_review += pc.sum(rows["review_count"]).as_py() or 0
    return states, digits, to_review


def _residual(shape: Distribution) -> str:
    if not shape.accepted:
        return "unknown: no digit was accepted"
    share = percent(shape.doubt / shape.accepted)
    return f"{share} of the {shape.accepted:,} accepted digits, by the model's calibration; audits by people measure it"


def _throughput(runs: tuple[RunFacts, ...]) -> str:
    known = [run.pages_per_second for run in runs if run.pages_per_second]
    return (
        f"{known[-1]:.1f} pages/s in the last run that was long enough to measure"
        if known
        else "unknown: no run was long enough to measure"
    )


def _row(run: RunFacts) -> tuple[str, ...]:
    counts = run.counts
    speed = f"{run.pages_per_second:.1f}" if run.pages_per_second else "-"
    return (
        *(run.run_id[-12:], run.model_version, f"{run.began or run.first:%Y-%m-%d %H:%M}", f"{run.last:%Y-%m-%d %H:%M}"),
        *(f"{counts[name]:,}" for name in ("pages", "quarantined", "digits", "to_review")),
        speed,
    )
