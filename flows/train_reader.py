"""The flow `train-reader`: the networks that find and read numbers, from MNIST to a version in the model registry."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from digit_core.training.reader_card import ship as ship_reader
from digit_core.training.reader_training import ReaderParams
from flows.networks import registry
from flows.settings import load_settings
from flows.workspace import spool
from tasks.adapters.registry.networks import DETECTOR, STRIP_READER
from tasks.train import data
from tasks.train_reader import examine, fit, register


def _nobody(chapter: int, losses: Mapping[str, float]) -> None:
    """Nobody watches."""


watching: ContextVar[Callable[[int, Mapping[str, float]], None]] = ContextVar("watching", default=_nobody)
"""Set before the flow is called; told of every chapter (from 0) with its losses."""


@dataclass(frozen=True)
class RegisteredReader:
    """What a training gave: the versions in the registry by kind of network, and their card."""

    versions: Mapping[str, str]
    card: dict[str, Any]


@flow(name="train-reader", persist_result=False)
def train_reader(
    mnist: str | None = None, ship: str | None = None, seed: int = 1, chapters: int = 0, cycles: int = 0, steps: int = 0
) -> RegisteredReader:
    """Train the networks that find and read numbers, examine them on strips of MNIST's test digits, and register them.

    A training that was stopped goes on after its last whole chapter when it is started again with the same values.
    mnist: path of mnist.npz, by default the setting DIGITS_MNIST, else Keras fetches it. ship: a folder that the networks
    and their card are put into. chapters (of a cycle), cycles, steps: 0 is the usual number. Raises InputError for a file
    that is no mnist.npz.
    """
    settings = load_settings()
    usual = ReaderParams()
    params = replace(
        usual, seed=seed, chapters=chapters or usual.chapters, cycles=cycles or usual.cycles, steps=steps or usual.steps
    )
    kept = settings.home_folder / "training" / f"reader-{params.digest()}"
    folder = settings.spool_folder / f"reader-{uuid.uuid4().hex}"
    with spool(folder):
        digits = data("reader", Path(mnist) if mnist else settings.mnist, None)
        fitted = fit(digits, params, kept, folder / "reader", watching.get())
        card = examine(fitted, digits, params, registry(settings).champion().path)
        versions = register([registry(settings, one) for one in (DETECTOR, STRIP_READER)], fitted, card)
        if ship:
            ship_reader(fitted.folder, Path(ship))
    create_markdown_artifact(_summary(versions, card), key="digits-reader", description="train-reader")
    return RegisteredReader(versions, card)


def _summary(versions: Mapping[str, str], card: Mapping[str, Any]) -> str:
    rows = "\n".join(f"| {name} | {value} |" for name, value in {**versions, **card["figures"]}.items())
    return f"# Reader\n\n| | |\n|---|---|\n{rows}\n"
