"""The command `digits feedback`."""

from __future__ import annotations

import shlex
from pathlib import Path

import typer

from deployments.commands.tables import print_table
from digit_core.errors import GateRefusedError, InputError
from flows.settings import load_settings
from tasks.adapters.review.queue import ReviewQueue


def feedback(dest: str | None, at_least: int, recipe: str | None, epochs: int, mnist: Path | None) -> None:
    """Start the flow if there are any decisions."""
    settings = load_settings()
    with ReviewQueue(settings.review_url) as queue:
        if not queue.decisions.count():
            raise InputError("there are no decisions yet; `digits review serve` opens the review page")
    from flows.launch import run_feedback

    fed = run_feedback(settings, out=dest, at_least=at_least, recipe=recipe, epochs=epochs, mnist=str(mnist) if mnist else None)
    rows = [(view.collection, *(view.states.get(state, 0) for state in _STATES)) for view in fed.views]
    print_table(("collection", *(_STATES[state] for state in _STATES)), rows)
    if fed.training_set:
        typer.echo(f"{fed.digits:,} reviewed digits for training: {fed.training_set}")
    else:
        typer.echo(f"{fed.new_decisions:,} new decisions, and --at-least {at_least:,} make a new training set")
    if fed.refused:
        raise GateRefusedError(fed.refused)
    if fed.promoted:
        typer.echo(f"version {fed.version} was trained with them, passed, and is the champion now")
    for view in fed.views[:1]:
        typer.echo(f"Next: digits results {shlex.quote(view.collection)}")


_STATES = {"corrected": "corrected", "confirmed": "confirmed", "unreadable": "unreadable", "review": "in part"}
