"""The stages of training strip reader or detector: read sets -> fit -> examine -> register. The work itself is in digit_core."""

from __future__ import annotations

import hashlib
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
from digit_core.training.detector.export import export_detector
from digit_core.training.detector.shards import HELD_OUT, DetectorParams, DetectorSources, load_shard, write_shard
from digit_core.training.detector.training import train_detector
from digit_core.training.mnist import Mnist
from digit_core.training.network_card import DETECTOR, STRIP_READER, Examined, Making, NetworkOfCard, write_card
from digit_core.training.number_sets import NumberSet
from digit_core.training.set_exam import examine_set
from digit_core.training.strip_reader.export import export_strip_reader
from digit_core.training.strip_reader.held_out_strips import evaluate_strips, worn_strips
from digit_core.training.strip_reader.shards import Sources, StripParams, held_out
from digit_core.training.strip_reader.training import Progress, train_strips
from digit_core.training.transcribed_numbers import read_set
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
class FittedNetwork:
    """Detector and strip reader in `folder`, one of them new; how it was made, and the losses of each chapter."""

    folder: Path
    network: NetworkOfCard
    making: Making
    history: tuple[Mapping[str, float], ...]


@task(name="read number sets", **STAGE)
def read_sets(learned: Sequence[Path], measured: Sequence[Path]) -> NumberSets:
    """Read and check all sets before the training starts."""
    return NumberSets(tuple(read_set(path, learn=True) for path in learned), tuple(read_set(path) for path in measured))


@task(name="fit reader", **STAGE)
def fit_reader(
    sources: Sources, sets: NumberSets, params: StripParams, kept: Path, folder: Path, progress: Progress
) -> FittedNetwork:
    """Train the strip reader, continuing from the last complete chapter in `kept`, and write it beside the shipped detector."""
    trained = train_strips(sources, params, kept, progress)
    folder.mkdir(parents=True)
    shutil.copyfile(SHIPPED_READER / FINDER, folder / FINDER)
    exported = export_strip_reader(trained.state, held_out(sources, params, kept), folder / READER, sources.start)
    making = Making(params, sets.learned, {}, exported.kind, trained.seconds, _sha256(sources.start))
    return FittedNetwork(folder, STRIP_READER, making, trained.history)


@task(name="fit detector", **STAGE)
def fit_detector(
    sources: DetectorSources, sets: NumberSets, params: DetectorParams, kept: Path, folder: Path, progress: Progress
) -> FittedNetwork:
    """Train the detector, continuing from the last complete chapter in `kept`, and write it beside the shipped strip reader."""
    trained = train_detector(sources, params, kept, progress)
    folder.mkdir(parents=True)
    shutil.copyfile(SHIPPED_READER / READER, folder / READER)
    exported = export_detector(trained.state, load_shard(write_shard(sources, params, kept, HELD_OUT)), folder / FINDER)
    pages = {path.name: len(list(path.glob("*.xml"))) for path in sources.pages}
    seconds = sum(losses["seconds"] for losses in trained.history)
    making = Making(params, sets.learned, pages, exported.kind, seconds, _sha256(sources.start))
    return FittedNetwork(folder, DETECTOR, making, trained.history)


def _sha256(start: Path | None) -> str | None:
    return hashlib.sha256(start.read_bytes()).hexdigest() if start else None


@task(name="examine network", **STAGE)
def examine(fitted: FittedNetwork, digits: Mnist, sets: NumberSets, classifier: Path) -> dict[str, Any]:
    """Read strips of MNIST's test digits and numbers of the sets that were not trained on; write the card."""
    pages = PageReader(OnnxReader.of_folder(fitted.folder), OnnxRecogniser(classifier, ""))
    written = evaluate_strips(list(worn_strips(digits.test, STRIPS, np.random.default_rng(0))), pages)
    examined = [examine_set(one, one in sets.learned, pages) for one in (*sets.learned, *sets.measured)]
    figures = Examined(written, STRIPS, tuple(one for one in examined if one is not None))
    return write_card(fitted.folder, fitted.network, fitted.making, figures, date.today())


@task(name="register network", **STAGE)
def register(registry: Registry, fitted: FittedNetwork, card: Mapping[str, Any]) -> str:
    """Register a new version of the network with the alias `challenger`; return its number."""
    name = registry.network.onnx
    own = {**card, "recipe": registry.network.kind, "sha256": card["sha256"][name], "bytes": card["bytes"][name]}
    return registry.register(fitted.folder / name, own, evidence=TrainingArtifacts(fitted.history))
