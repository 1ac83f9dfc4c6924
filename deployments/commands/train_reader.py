"""The command `digits train-reader`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import typer

from deployments.commands.tables import print_table
from deployments.commands.training_display import Epochs
from digit_core.training.strip_reader.shards import StripParams
from flows.launch import reader_training
from flows.settings import load_settings


def train_reader(chapters: int, **options: Any) -> None:
    """Train, showing each chapter, and print the result."""
    with Epochs(sys.stderr, _state) as display, reader_training(load_settings(), display.tell) as flow:
        display.begin("reader", chapters or StripParams().chapters)
        done = flow(chapters=chapters, **options)
        display.end(f"strip reader: version {done.version}")
    figures = done.card["figures"]
    typer.echo(
        f"{done.card['figures_of']}: {figures['strips_exact']:.1%} read exactly, "
        f"{figures['strips_wrong_in_surest_half']:.1%} of the surest half wrong"
    )
    if rows := done.card["figures_by_set"]:
        print_table(("set", "rows", "never seen", "numbers", "exact", "wrong in surest half"), map(_row, rows))
    typer.echo("Next: digits promote challenger --network strip-reader")


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    never = "yes" if one["never_seen"] else "other rows of it"
    return one["name"], one["split"], never, str(one["numbers"]), f"{one['exact']:.1%}", f"{one['wrong_in_surest_half']:.1%}"


def _state(chapter: int, chapters: int, losses: Mapping[str, float]) -> str:
    return f"chapter {chapter + 1} of {chapters}, loss {losses['loss']:.3f}, {losses['seconds']:.0f} s"
