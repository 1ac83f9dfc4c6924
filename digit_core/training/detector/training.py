"""Training of the detector: patches are written ahead into shards, each used several times, always in other light.

A chapter writes one shard and trains on it and the previous ones. It depends on the seed and its number only, and ends with a
checkpoint: an interrupted training continues after its last chapter, with more or fewer chapters than before if desired.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digit_core.synthesis.patches import Patch
from digit_core.training.checkpoints import keep, kept_history, load_state
from digit_core.training.detector.learner import DetectorLearner, LearnerState
from digit_core.training.detector.network import DETECTED, cell_targets
from digit_core.training.detector.shards import DetectorParams, DetectorSources, load_shard, writing
from digit_core.training.mnist import digest
from digit_core.training.transcribed_numbers import set_digest

Progress = Callable[[int, Mapping[str, float]], None]

_WARM_UP = 200  # steps


@dataclass(frozen=True, slots=True)
class TrainedDetector:
    """The state after the last chapter, and the losses of every chapter."""

    state: LearnerState
    history: tuple[Mapping[str, float], ...]


def train_detector(sources: DetectorSources, params: DetectorParams, folder: Path, progress: Progress) -> TrainedDetector:
    """Train by `params`, continuing from the last complete chapter in `folder`.

    Deterministic by seed, except for the order in which threads add numbers. Raises InputError for an unusable set or folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    identity = _identity(params, sources)
    history = kept_history(folder, identity, params.chapters)
    if len(history) == params.chapters:
        return TrainedDetector(load_state(folder, len(history) - 1), tuple(history))
    shards: dict[int, list[Patch]] = {}
    with writing(sources, params, folder) as coming:
        first = load_shard(coming(len(history)))
        learner = DetectorLearner(params.seed, params.weight_decay, params.average)
        if history:
            learner.restore(load_state(folder, len(history) - 1))
        elif sources.start is not None:
            learner.start_from(sources.start, in_unit(np.stack([patch.pixels for patch in first[:48]])))
        for chapter in range(len(history), params.chapters):
            started = time.monotonic()
            for number in range(max(0, chapter - params.uses + 1), chapter + 1):
                if number not in shards:
                    shards[number] = load_shard(coming(number))
            shards = {number: shard for number, shard in shards.items() if number > chapter - params.uses}
            waited = time.monotonic() - started
            loss = _learn_chapter(learner, [patch for shard in shards.values() for patch in shard], params, chapter)
            history.append({"loss": loss, "waited": waited, "seconds": time.monotonic() - started})
            keep(folder, identity, learner.state(), history)
            progress(chapter, history[-1])
    return TrainedDetector(learner.state(), tuple(history))


def _learn_chapter(learner: DetectorLearner, patches: Sequence[Patch], params: DetectorParams, chapter: int) -> float:
    rng = np.random.default_rng((params.seed, 1, chapter))
    order = rng.permutation(len(patches))
    groups = [order[start : start + params.batch] for start in range(0, len(order), params.batch)]
    losses = []
    for step, group in enumerate(groups):
        rate = _rate(params, (chapter + step / len(groups)) / params.chapters, step if chapter == 0 else _WARM_UP)
        pixels, targets = batch_of([patches[i] for i in group])
        losses.append(learner.learn(_in_other_light(pixels, rng), targets, rate))
    return float(np.mean(losses))


def _rate(params: DetectorParams, done: float, step: int) -> float:
    """Return the learning rate when that share of all chapters is done."""
    left = min(1.0, (1 - done) / params.decay) if params.decay else 1.0
    falling = 0.01 + 0.99 * (1 - np.cos(np.pi * left)) / 2
    return float(params.learning_rate * falling * min(1.0, (step + 1) / _WARM_UP))


def batch_of(patches: Sequence[Patch]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return pixels (n, h, w), and cell targets (n, h/4, w/4, TARGETS)."""
    pixels = np.stack([patch.pixels for patch in patches])
    targets = np.stack([cell_targets(patch.places, *patch.pixels.shape) for patch in patches])
    targets[..., -1][np.stack([patch.open for patch in patches])] = 0.0
    return pixels, targets


def in_unit(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return (pixels / np.float32(255)).astype(np.float32)


def _in_other_light(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the patches in [0, 1], lighter or darker, and on rougher paper than before."""
    count = len(pixels)
    gain = (rng.uniform(0.75, 1.15, (count, 1, 1)) / 255).astype(np.float32)
    rough = (rng.uniform(0, 0.03, (count, 1, 1)) * (rng.random((count, 1, 1)) < 0.5)).astype(np.float32)
    noise = rng.standard_normal(pixels.shape, np.float32)
    return np.asarray(np.clip(pixels * gain + rough * noise, 0, 1), np.float32)


def detector_identity(params: DetectorParams, sources: DetectorSources) -> str:
    """Return 12 hexadecimal characters, equal for trainings of which one can continue the other."""
    return hashlib.sha256(json.dumps(_identity(params, sources), sort_keys=True).encode()).hexdigest()[:12]


def _identity(params: DetectorParams, sources: DetectorSources) -> dict[str, object]:
    """Return what must be equal to continue a training: all but the number of chapters, and when the rate falls."""
    values = {name: value for name, value in asdict(params).items() if name not in {"chapters", "decay"}}
    sets = {path.name: set_digest(path) for path in sources.sets}
    pages = {path.name: sorted(file.name for file in path.iterdir()) for path in sources.pages}
    start = hashlib.sha256(sources.start.read_bytes()).hexdigest() if sources.start else ""
    return {**values, "mnist": digest(sources.mnist), "sets": sets, "pages": pages, "start": start, "characters": DETECTED}
