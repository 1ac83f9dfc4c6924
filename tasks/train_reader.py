"""The stages of the reader's training: fit -> examine -> register. What they do is in digit_core and in the adapters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from prefect import task

from digit_core.inference.classifier import OnnxRecogniser
from digit_core.inference.reader import OnnxReader
from digit_core.recognition.pipeline import PageReader
from digit_core.training.held_out_strips import evaluate_strips, worn_strips
from digit_core.training.mnist import Mnist
from digit_core.training.reader_card import write_card
from digit_core.training.reader_training import Progress, ReaderParams, export_reader, train_reader
from tasks.adapters.registry.registry import Registry
from tasks.adapters.registry.tracking import TrainingArtifacts
from tasks.retries import STAGE

STRIPS = 600


@dataclass(frozen=True)
class FittedReader:
    """The networks in `folder`, the losses of each chapter learned now, and how long all chapters took."""

    folder: Path
    history: tuple[Mapping[str, float], ...]
    seconds: float


@task(name="fit reader", **STAGE)
def fit(digits: Mnist, params: ReaderParams, kept: Path, folder: Path, progress: Progress) -> FittedReader:
    """Train, going on from the last whole chapter in `kept`, and write both networks into `folder`."""
    trained = train_reader(digits, params, kept, progress)
    export_reader(trained, digits.train, params, folder)
    return FittedReader(folder, trained.history, trained.seconds)


@task(name="examine reader", **STAGE)
def examine(fitted: FittedReader, digits: Mnist, params: ReaderParams, classifier: Path) -> dict[str, Any]:
    """Read strips written with MNIST's test digits, and write the card."""
    papers = list(worn_strips(digits.test, STRIPS, np.random.default_rng(0)))
    marks = evaluate_strips(papers, PageReader(OnnxReader.of_folder(fitted.folder), OnnxRecogniser(classifier, "")))
    return write_card(fitted.folder, params, marks, STRIPS, fitted.seconds, date.today())


@task(name="register reader", **STAGE)
def register(registries: Sequence[Registry], fitted: FittedReader, card: Mapping[str, Any]) -> dict[str, str]:
    """A new version of each of these networks, with the alias `challenger`; returns their numbers by kind."""
    return {one.network.kind: _register(one, fitted, card) for one in registries}


def _register(registry: Registry, fitted: FittedReader, card: Mapping[str, Any]) -> str:
    name = registry.network.onnx
    own = {**card, "recipe": registry.network.kind, "sha256": card["sha256"][name], "bytes": card["bytes"][name]}
    return registry.register(fitted.folder / name, own, evidence=TrainingArtifacts(fitted.history))
