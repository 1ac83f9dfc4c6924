"""Training of the two-headed reader: chapters of newly written pictures, trained one after the other, each with a checkpoint.

A chapter depends on the seed and its number only, so an interrupted training continues after its last chapter.
"""

from __future__ import annotations

import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import CHARACTERS, COLUMN, STRIP_HEIGHT
from digit_core.inference.reader import FINDER, READER
from digit_core.params import Params
from digit_core.synthesis.glyph_bank import make_glyph_bank
from digit_core.synthesis.training_images import Sample, write_patch, write_strip
from digit_core.training.keras_setup import keras_module
from digit_core.training.mnist import Labelled, Mnist
from digit_core.training.quantization import quantise
from digit_core.training.reader_network import build, cell_loss, cell_targets, column_loss, column_targets

PATCH = (64, 192)
"""Height and width of a training patch in pixels."""

_BUCKET = 64
"""Pixels: strips of one batch are padded to a multiple of this, so that few shapes are compiled."""


_SAMPLE, _PATCHES, _STRIPS = (160, 512), 24, 150
"""Height and width of the patches, and number of patches and strips, that give the value ranges of the layers."""


@dataclass(frozen=True, slots=True)
class ReaderParams(Params):
    """Parameters of the reader's training. A chapter has `steps` batches of `patches` patches and `strips` strips.

    The rate falls along a cosine through `chapters` chapters, and then restarts, lower: Loshchilov and Hutter, "SGDR: Stochastic
    gradient descent with warm restarts" (ICLR 2017).
    """

    seed: int = 1
    chapters: int = 32
    cycles: int = 2
    steps: int = 160
    patches: int = 16
    strips: int = 48
    digits: int = 5000  # of MNIST, drawn anew for each chapter
    pens: int = 150
    learning_rate: float = 2e-3
    restart: float = 0.6  # of the rate, at each cycle
    weight_decay: float = 2e-4

    @property
    def all_chapters(self) -> int:
        return self.chapters * self.cycles


@dataclass(frozen=True, slots=True, eq=False)
class TrainedReader:
    """The two Keras models; the losses of every chapter, and the duration of all in seconds, earlier runs included."""

    finder: Any
    reader: Any
    history: tuple[Mapping[str, float], ...]

    @property
    def seconds(self) -> float:
        return sum(losses["seconds"] for losses in self.history)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingBatch:
    """Pictures in [0, 255], and the targets of both heads."""

    patches: NDArray[np.uint8]
    strips: NDArray[np.uint8]
    patch_cells: NDArray[np.float32]
    strip_cells: NDArray[np.float32]
    texts: NDArray[np.int32]


Progress = Callable[[int, Mapping[str, float]], None]


def write_chapter(learned: Labelled, params: ReaderParams, chapter: int) -> list[TrainingBatch]:
    """Write all batches of a chapter, in random order."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng((params.seed, chapter))
    hands = make_glyph_bank(*learned, rng, digits=params.digits, pens=params.pens)
    strips = sorted((write_strip(hands, rng) for _ in range(params.steps * params.strips)), key=lambda s: s.pixels.shape[1])
    batches = []
    for step in range(params.steps):
        part = strips[step * params.strips : (step + 1) * params.strips]
        batches.append(_batch([write_patch(hands, rng, *PATCH) for _ in range(params.patches)], part))
    return [batches[i] for i in rng.permutation(len(batches))]


def _batch(patches: list[Sample], strips: list[Sample]) -> TrainingBatch:
    filled = _batch_of(strips)
    return TrainingBatch(
        np.stack([patch.pixels for patch in patches]),
        filled,
        np.stack([cell_targets(patch.places, *PATCH) for patch in patches]),
        np.stack([cell_targets(strip.places, *filled.shape[1:]) for strip in strips]),
        column_targets(strips),
    )


def _batch_of(strips: list[Sample]) -> NDArray[np.uint8]:
    """Stack strips, (n, 40, width), padded with paper on the right."""
    width = -(-max(s.pixels.shape[1] for s in strips) // _BUCKET) * _BUCKET
    filled = np.zeros((len(strips), STRIP_HEIGHT, width), np.uint8)
    for row, strip in enumerate(strips):
        filled[row, :, : strip.pixels.shape[1]] = strip.pixels
    return filled


def _chapters(learned: Labelled, params: ReaderParams, first: int) -> Iterator[tuple[int, list[TrainingBatch]]]:
    """Yield chapters from `first` on; another process writes the next one while this one is trained."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_polite) as writer:
        coming: Future[list[TrainingBatch]] = writer.submit(write_chapter, learned, params, first)
        for chapter in range(first, params.all_chapters):
            now = coming.result()
            if chapter + 1 < params.all_chapters:
                coming = writer.submit(write_chapter, learned, params, chapter + 1)
            yield chapter, now


def _polite() -> None:
    os.nice(1)


def train_reader(mnist: Mnist, params: ReaderParams, folder: Path, progress: Progress) -> TrainedReader:
    """Train by `params`, continuing from the last complete chapter in `folder`.

    Deterministic by seed, except for the order in which threads add numbers.
    """
    keras = keras_module()
    keras.utils.set_random_seed(params.seed)
    finder, reader, both = build(keras)
    history = _kept(params, folder)
    if history:
        _restore(keras, both, params, folder, len(history) - 1)
    for chapter, batches in _chapters(mnist.train, params, len(history)):
        started = time.monotonic()
        if chapter % params.chapters == 0:
            _compile(keras, both, params, chapter)
        both.reset_metrics()
        losses = [_learn(both, batch) for batch in batches]
        means = {name: float(np.mean([one[name] for one in losses])) for name in losses[0]}
        history.append({**means, "seconds": time.monotonic() - started})
        _keep(both, params, folder, history)
        progress(chapter, history[-1])
    return TrainedReader(finder, reader, tuple(history))


def _compile(keras: Any, both: Any, params: ReaderParams, chapter: int) -> None:
    """Set a new optimiser for the cycle of that chapter."""
    highest = params.learning_rate * params.restart ** (chapter // params.chapters)
    rate = keras.optimizers.schedules.CosineDecay(
        1e-5, params.chapters * params.steps, alpha=0.01, warmup_target=highest, warmup_steps=params.steps
    )
    both.compile(
        keras.optimizers.AdamW(rate, weight_decay=params.weight_decay, clipnorm=5.0),
        loss=[cell_loss(keras), cell_loss(keras), column_loss(keras)],
        loss_weights=[1.0, 1.0, 0.5],
        jit_compile=False,
    )


def _learn(both: Any, batch: TrainingBatch) -> dict[str, float]:
    pictures = [_in_unit(batch.patches), _in_unit(batch.strips)]
    result = both.train_on_batch(pictures, [batch.patch_cells, batch.strip_cells, batch.texts], return_dict=True)
    return {name: float(value) for name, value in result.items()}


def _in_unit(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    return (pictures[..., np.newaxis] / np.float32(255)).astype(np.float32)


def _keep(both: Any, params: ReaderParams, folder: Path, history: list[Mapping[str, float]]) -> None:
    """Save the model with its optimiser after a complete chapter; the note that names it is written last."""
    folder.mkdir(parents=True, exist_ok=True)
    chapter = len(history) - 1
    weights = folder / f"chapter-{chapter:03d}.weights.h5"
    both.save_weights(str(weights))
    note = folder / "training.json"
    part = note.with_suffix(".part")
    part.write_text(json.dumps({"params": asdict(params), "history": history}), encoding="utf-8")
    part.replace(note)
    (folder / f"chapter-{chapter - 1:03d}.weights.h5").unlink(missing_ok=True)


def _kept(params: ReaderParams, folder: Path) -> list[Mapping[str, float]]:
    """Return the losses of the chapters already trained: none when the saved ones have other parameters."""
    note = folder / "training.json"
    if not note.exists():
        return []
    kept = json.loads(note.read_text(encoding="utf-8"))
    if kept["params"] != asdict(params):
        return []
    history: list[Mapping[str, float]] = kept["history"]
    return history


def _restore(keras: Any, both: Any, params: ReaderParams, folder: Path, chapter: int) -> None:
    """Restore model and optimiser as they were at the end of that chapter."""
    _compile(keras, both, params, chapter)
    both.optimizer.build(both.trainable_variables)  # its state is saved with the weights
    both.load_weights(str(folder / f"chapter-{chapter:03d}.weights.h5"))


def export_reader(trained: TrainedReader, learned: Labelled, params: ReaderParams, folder: Path) -> None:
    """Write both networks as quantised ONNX files into `folder`; pictures of one more chapter give the value ranges."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng((params.seed, params.all_chapters))
    hands = make_glyph_bank(*learned, rng, digits=params.digits, pens=params.pens)
    patches = [_in_unit(write_patch(hands, rng, *_SAMPLE).pixels[np.newaxis]) for _ in range(_PATCHES)]
    strips = [_in_unit(_batch_of([write_strip(hands, rng)])) for _ in range(_STRIPS)]
    for model, name, pictures in ((trained.finder, FINDER, patches), (trained.reader, READER, strips)):
        model(np.zeros((1, STRIP_HEIGHT, 64, 1), np.float32))  # Keras exports only models that were called once
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # tf2onnx uses a deprecated NumPy name
            model.export(str(folder / name), format="onnx", verbose=False)
        quantise(folder / name, pictures)
        _tell(folder / name, {"characters": CHARACTERS, "height": str(STRIP_HEIGHT), "column": str(COLUMN)})


def _tell(file: Path, facts: Mapping[str, str]) -> None:
    """Write the facts that digit_core.inference.network_spec.NetworkForm reads into a network's file."""
    import onnx

    model = onnx.load(str(file))
    onnx.helper.set_model_props(model, dict(facts))
    onnx.save(model, str(file))
