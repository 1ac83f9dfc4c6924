"""Training of the strip reader: strips are written ahead into shards, each used several times, always on other paper.

A chapter trains on one new shard and the previous ones. It depends on the seed and its number only, and ends with a checkpoint:
an interrupted training continues after its last chapter, with more chapters than before if desired.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digit_core.inference.network_spec import CHARACTERS
from digit_core.synthesis.number_strips import Strip
from digit_core.training.checkpoints import keep, kept_history, load_state
from digit_core.training.mnist import digest
from digit_core.training.strip_reader.batches import batch_of, by_width, on_other_paper, some_batches
from digit_core.training.strip_reader.network import Learner, TrainingState
from digit_core.training.strip_reader.shards import ShardWriter, Sources, StripParams, load_shard
from digit_core.training.transcribed_numbers import set_digest

Progress = Callable[[int, Mapping[str, float]], None]


@dataclass(frozen=True, slots=True)
class TrainedStrips:
    """The state after the last chapter, and the losses of every chapter."""

    state: TrainingState
    history: tuple[Mapping[str, float], ...]

    @property
    def seconds(self) -> float:
        """Return the duration of all chapters, also those of earlier runs."""
        return sum(losses["seconds"] for losses in self.history)


def train_strips(sources: Sources, params: StripParams, folder: Path, progress: Progress) -> TrainedStrips:
    """Train by `params`, continuing from the last complete chapter in `folder`.

    Deterministic by seed, except for the order in which threads add numbers. Raises InputError for an unusable set.
    """
    folder.mkdir(parents=True, exist_ok=True)
    identity = _identity(params, sources)
    history = kept_history(folder, identity, params.chapters)
    learner = Learner(params.seed, params.weight_decay, params.average)
    shards: dict[int, list[Strip]] = {}
    with ShardWriter(sources, params, folder) as coming:
        if history:
            learner.restore(load_state(folder, len(history) - 1))
        elif sources.start is not None:
            learner.start_from(sources.start, some_batches(load_shard(coming(0)), np.random.default_rng((params.seed, 3))))
        for chapter in range(len(history), params.chapters):
            started = time.monotonic()
            for number in range(max(0, chapter - params.uses + 1), chapter + 1):
                if number not in shards:
                    shards[number] = load_shard(coming(number))
            shards = {number: shard for number, shard in shards.items() if number > chapter - params.uses}
            waited = time.monotonic() - started
            loss, steps = _learn_chapter(learner, [strip for shard in shards.values() for strip in shard], params, chapter)
            history.append({"loss": loss, "steps": steps, "waited": waited, "seconds": time.monotonic() - started})
            keep(folder, identity, learner.state(), history)
            progress(chapter, history[-1])
    return TrainedStrips(learner.state(), tuple(history))


def _learn_chapter(learner: Learner, strips: Sequence[Strip], params: StripParams, chapter: int) -> tuple[float, int]:
    """Train on one chapter; return the mean loss, and the number of steps."""
    rng = np.random.default_rng((params.seed, 1, chapter))
    groups = by_width(strips, params.batch, rng)
    losses = []
    for step, group in enumerate(groups):
        rate = _rate(params, (chapter + step / len(groups)) / params.chapters, step if chapter == 0 else params.warm_up)
        pixels, classes = batch_of([strips[i] for i in group])
        losses.append(learner.learn(on_other_paper(pixels, rng), classes, rate))
    return float(np.mean(losses)), len(groups)


def _rate(params: StripParams, done: float, step: int) -> float:
    """Return the learning rate when that share of all chapters is done."""
    left = min(1.0, (1 - done) / params.decay) if params.decay else 1.0
    falling = 0.01 + 0.99 * (1 - np.cos(np.pi * left)) / 2
    return float(params.learning_rate * falling * min(1.0, (step + 1) / params.warm_up))


def identity_digest(params: StripParams, sources: Sources) -> str:
    """Return 12 hexadecimal characters, equal for trainings of which one can continue the other."""
    return hashlib.sha256(json.dumps(_identity(params, sources), sort_keys=True).encode()).hexdigest()[:12]


def _identity(params: StripParams, sources: Sources) -> dict[str, Any]:
    """Return what must be equal to continue a training: all but the number of chapters."""
    values = {name: value for name, value in asdict(params).items() if name != "chapters"}
    sets = {path.name: set_digest(path) for path in sources.sets}
    start = {"start": hashlib.sha256(sources.start.read_bytes()).hexdigest()} if sources.start else {}
    return {**values, "mnist": digest(sources.mnist), "sets": sets, "characters": CHARACTERS, **start}
