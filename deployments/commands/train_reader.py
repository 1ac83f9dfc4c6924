"""`digits train-reader`"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import typer

from deployments.commands.training_display import Epochs
from digit_core.training.reader_training import ReaderParams
from flows.launch import reader_training
from flows.settings import load_settings


def train_reader(chapters: int, cycles: int, **options: Any) -> None:
    """Train, showing each chapter, and say what came of it."""
    with Epochs(sys.stderr, _state) as display, reader_training(load_settings(), display.tell) as flow:
        usual = ReaderParams()
        display.begin("reader", (chapters or usual.chapters) * (cycles or usual.cycles))
        done = flow(chapters=chapters, cycles=cycles, **options)
        display.end(", ".join(f"{kind}: version {version}" for kind, version in done.versions.items()))
    figures = done.card["figures"]
    typer.echo(
        f"{done.card['figures_of']}: {figures['strips_exact']:.1%} read exactly, "
        f"{figures['strips_wrong_in_surest_half']:.1%} of the surest half wrong"
    )
    typer.echo("Next: digits promote challenger --network detector   (and --network strip-reader)")


def _state(chapter: int, chapters: int, losses: Mapping[str, float]) -> str:
    return f"chapter {chapter + 1} of {chapters}, loss {losses['loss']:.3f}, {losses['seconds']:.0f} s"
