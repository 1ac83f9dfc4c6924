"""The flow `train-reader`: trains the strip reader on MNIST and number sets, and registers it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from digit_core.training.strip_reader.card import ship as ship_reader
from digit_core.training.strip_reader.shards import Sources, StripParams
from digit_core.training.strip_reader.training import identity_digest
from flows.networks import registry
from flows.settings import load_settings
from flows.workspace import spool
from tasks.adapters.registry.networks import STRIP_READER
from tasks.train import data
from tasks.train_reader import examine, fit, read_sets, register


def _nobody(chapter: int, losses: Mapping[str, float]) -> None:
    """Ignore the chapter."""


watching: ContextVar[Callable[[int, Mapping[str, float]], None]] = ContextVar("watching", default=_nobody)
"""Set before the flow is called; told of every chapter (from 0) with its losses."""


@dataclass(frozen=True)
class RegisteredReader:
    """Result of a training: the version in the registry, and its card."""

    version: str
    card: dict[str, Any]


@flow(name="train-reader", persist_result=False)
def train_reader(
    mnist: str | None = None,
    sets: Sequence[str] = (),
    measure: Sequence[str] = (),
    ship: str | None = None,
    seed: int = 1,
    chapters: int = 0,
) -> RegisteredReader:
    """Train the strip reader, measure it on strips of MNIST's test digits and on number sets, and register it.

    A stopped training continues after its last complete chapter when it is started again with the same seed and sets, also with
    more chapters. mnist: path of mnist.npz, by default the setting DIGITS_MNIST, else Keras fetches it. sets: number sets to
    train on; measure: sets that are only read at the end. ship: a folder to save the networks and the card in. chapters: 0 is the
    usual number. Raises InputError for an invalid mnist.npz or number set.
    """
    settings = load_settings()
    usual = StripParams()
    params = replace(usual, seed=seed, chapters=chapters or usual.chapters)
    folder = settings.spool_folder / f"reader-{uuid.uuid4().hex}"
    with spool(folder):
        known = read_sets([Path(path) for path in sets], [Path(path) for path in measure])
        digits = data("reader", Path(mnist) if mnist else settings.mnist, None)
        sources = Sources(digits.train, tuple(Path(path).resolve() for path in sets))
        kept = settings.home_folder / "training" / f"strips-{identity_digest(params, sources)}"
        fitted = fit(sources, params, kept, folder / "reader", watching.get())
        card = examine(fitted, digits, known, params, registry(settings).champion().path)
        version = register(registry(settings, STRIP_READER), fitted, card)
        if ship:
            ship_reader(fitted.folder, Path(ship))
    create_markdown_artifact(_summary(version, card), key="digits-reader", description="train-reader")
    return RegisteredReader(version, card)


def _summary(version: str, card: Mapping[str, Any]) -> str:
    rows = "\n".join(f"| {name} | {value} |" for name, value in {"version": version, **card["figures"]}.items())
    return f"# Reader\n\n| | |\n|---|---|\n{rows}\n"
