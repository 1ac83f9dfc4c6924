"""`digits status`"""

from __future__ import annotations

from collections import Counter

import pyarrow.compute as pc
import typer

from deployments.commands.open_results import open_results
from deployments.commands.tables import about_forms, print_table
from digit_core.calibration.risk_control import percent
from digit_core.results.drift import Distribution
from digit_core.results.run_history import RunFacts, history_of
from flows.settings import load_settings
from tasks.adapters.results.dataset import Results

_HEADER = ("run", "model", "began", "last batch", "pages", "quarantined", "digits", "for review", "pages/s")


def status(dest: str, runs: int) -> None:
    """Pages by state, digits, review backlog, residual error, throughput, last runs."""
    from tasks.adapters.review.queue import ReviewQueue

    stored = open_results(dest)
    history = history_of(stored.manifests())
    with ReviewQueue(load_settings().review_url) as queue:
        items = queue.counts(stored.dest)
    pages, digits, to_review = _pages(stored)
    rows = [
        *((f"pages {state}", f"{count:,}") for state, count in sorted(pages.items(), reverse=True)),
        ("digits", f"{digits:,}, {to_review:,} of them for review"),
        ("review backlog", ", ".join(f"{items[state]:,} {state}" for state in sorted(items)) or "none"),
        ("residual error", _residual(history.shape)),
        ("throughput", _throughput(history.runs)),
        *([("forms", about_forms(history.counts))] if any(history.counts[name] for name in ("summed", "no_layout", "layout_off")) else []),
    ]
    print_table(("", stored.dest), rows)
    typer.echo()
    print_table(_HEADER, (_row(run) for run in history.runs[::-1][:runs]))
    if pages.get("quarantined"):
        typer.echo(f"Next: digits failures {dest}")


def _pages(stored: Results) -> tuple[Counter[str], int, int]:
    """Of the rows that count now: pages by state, digits, digits for review."""
    states, digits, to_review = Counter[str](), 0, 0
    for rows in stored.iter_batches("pages", ["state", "digits", "to_review"]):
        states.update({row["values"]: row["counts"] for row in rows["state"].value_counts().to_pylist()})
        digits += pc.sum(rows["digits"]).as_py() or 0
        to_review += pc.sum(rows["to_review"]).as_py() or 0
    return states, digits, to_review


def _residual(shape: Distribution) -> str:
    if not shape.accepted:
        return "unknown: no digit was accepted"
    share = percent(shape.doubt / shape.accepted)
    return f"{share} of the {shape.accepted:,} accepted digits, by the model's calibration; audits by people tell for sure"


def _throughput(runs: tuple[RunFacts, ...]) -> str:
    known = [run.pages_per_second for run in runs if run.pages_per_second]
    return (
        f"{known[-1]:.1f} pages/s in the last run that was long enough to tell"
        if known
        else "unknown: no run was long enough to tell"
    )


def _row(run: RunFacts) -> tuple[str, ...]:
    counts = run.counts
    speed = f"{run.pages_per_second:.1f}" if run.pages_per_second else "-"
    return (
        *(run.run_id[-12:], run.model_version, f"{run.first:%Y-%m-%d %H:%M}", f"{run.last:%Y-%m-%d %H:%M}"),
        *(f"{counts[name]:,}" for name in ("pages", "quarantined", "digits", "to_review")),
        speed,
    )
