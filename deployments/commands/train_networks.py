"""The commands `digits train-reader` and `digits train-detector`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import typer

from deployments.commands.tables import print_table
from deployments.commands.training_display import Epochs
from digit_core.training.detector.shards import DetectorParams
from digit_core.training.strip_reader.shards import StripParams
from flows.launch import network_training
from flows.settings import load_settings


def train_reader(chapters: int, fine_tune: bool, **options: Any) -> None:
    """Train the strip reader, showing each chapter, and print the result."""
    usual = StripParams.fine_tuning() if fine_tune else StripParams()
    _train("strip reader", "strip-reader", chapters or usual.chapters, chapters=chapters, fine_tune=fine_tune, **options)


def train_detector(chapters: int, **options: Any) -> None:
    """Train the detector, showing each chapter, and print the result."""
    _train("detector", "detector", chapters or DetectorParams().chapters, chapters=chapters, **options)


def _train(kind: str, network: str, shown: int, **options: Any) -> None:
    with Epochs(sys.stderr, _state) as display, network_training(load_settings(), network, display.tell) as flow:
        display.begin(kind, shown)
        done = flow(**options)
        display.end(f"{kind}: version {done.version}")
    figures = done.card["figures"]
    typer.echo(
        f"{done.card['figures_of']}: {figures['strips_exact']:.1%} read exactly, "
        f"{figures['strips_wrong_in_surest_half']:.1%} of the surest half wrong"
    )
    if rows := done.card["figures_by_set"]:
        print_table(("set", "rows", "never seen", "numbers", "exact", "wrong in surest half"), map(_row, rows))
    typer.echo(f"Next: digits promote challenger --network {network}")


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    never = "yes" if one["never_seen"] else "other rows of it"
    return one["name"], one["split"], never, str(one["numbers"]), f"{one['exact']:.1%}", f"{one['wrong_in_surest_half']:.1%}"


def _state(chapter: int, chapters: int, losses: Mapping[str, float]) -> str:
    return f"chapter {chapter + 1} of {chapters}, loss {losses['loss']:.3f}, {losses['seconds']:.0f} s"
