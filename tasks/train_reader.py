"""The stages of the strip reader's training: read sets -> fit -> examine -> register. The work itself is in digit_core."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from prefect import task

from digit_core.inference.classifier import OnnxRecogniser
from digit_core.inference.reader import FINDER, READER, SHIPPED_READER, OnnxReader
from digit_core.recognition.pipeline import PageReader
from digit_core.training.mnist import Mnist
from digit_core.training.number_sets import NumberSet, read_number_set
from digit_core.training.strip_reader.card import Examined, write_card
from digit_core.training.strip_reader.export import Exported, export_strip_reader
from digit_core.training.strip_reader.held_out_strips import evaluate_strips, worn_strips
from digit_core.training.strip_reader.set_exam import examine_set
from digit_core.training.strip_reader.shards import Sources, StripParams, held_out
from digit_core.training.strip_reader.training import Progress, train_strips
from tasks.adapters.registry.registry import Registry
from tasks.adapters.registry.tracking import TrainingArtifacts
from tasks.retries import STAGE

STRIPS = 600


@dataclass(frozen=True)
class NumberSets:
    """Sets to train on, and sets that only measure."""

    learned: tuple[NumberSet, ...]
    measured: tuple[NumberSet, ...]


@dataclass(frozen=True)
class FittedReader:
    """The networks in `folder`, the export of the strip reader, the losses of each chapter, and the duration."""

    folder: Path
    exported: Exported
    history: tuple[Mapping[str, float], ...]
    seconds: float


@task(name="read number sets", **STAGE)
def read_sets(learned: Sequence[Path], measured: Sequence[Path]) -> NumberSets:
    """Read and check all sets before the training starts."""
    return NumberSets(
        tuple(read_number_set(path, learn=True) for path in learned), tuple(read_number_set(path) for path in measured)
    )


@task(name="fit reader", **STAGE)
def fit(sources: Sources, params: StripParams, kept: Path, folder: Path, progress: Progress) -> FittedReader:
    """Train, continuing from the last complete chapter in `kept`, and write the network beside the shipped detector."""
    trained = train_strips(sources, params, kept, progress)
    folder.mkdir(parents=True)
    shutil.copyfile(SHIPPED_READER / FINDER, folder / FINDER)
    exported = export_strip_reader(trained.state, held_out(sources, params, kept), folder / READER)
    return FittedReader(folder, exported, trained.history, trained.seconds)


@task(name="examine reader", **STAGE)
def examine(fitted: FittedReader, digits: Mnist, sets: NumberSets, params: StripParams, classifier: Path) -> dict[str, Any]:
    """Read strips of MNIST's test digits and numbers of the sets that were not trained on; write the card."""
    pages = PageReader(OnnxReader.of_folder(fitted.folder), OnnxRecogniser(classifier, ""))
    written = evaluate_strips(list(worn_strips(digits.test, STRIPS, np.random.default_rng(0))), pages)
    examined = [examine_set(one, one in sets.learned, pages) for one in (*sets.learned, *sets.measured)]
    figures = Examined(written, STRIPS, tuple(one for one in examined if one is not None))
    return write_card(fitted.folder, params, sets.learned, fitted.exported, figures, fitted.seconds, date.today())


@task(name="register reader", **STAGE)
def register(registry: Registry, fitted: FittedReader, card: Mapping[str, Any]) -> str:
    """Register a new version of the strip reader with the alias `challenger`; return its number."""
    name = registry.network.onnx
    own = {**card, "recipe": registry.network.kind, "sha256": card["sha256"][name], "bytes": card["bytes"][name]}
    return registry.register(fitted.folder / name, own, evidence=TrainingArtifacts(fitted.history))
