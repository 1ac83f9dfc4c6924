"""Shards of strips: written ahead by another process, each determined by the seed and its number, kept as files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from digit_core.inference.network_spec import STRIP_HEIGHT
from digit_core.inference.reader import OnnxReader
from digit_core.params import Params
from digit_core.synthesis.number_strips import Stock, Strip, write_number_strip
from digit_core.synthesis.real_strips import CutOut, vary
from digit_core.training.ingredients import (
    Ingredients,
    cut_from,
    keep_cut_outs,
    kept_cut_outs,
    make_stock,
    numbers_to_cut,
    sorted_out,
)
from digit_core.training.mnist import Labelled
from digit_core.training.number_sets import NumberSet
from digit_core.training.strip_reader.batches import LONGEST
from digit_core.training.transcribed_numbers import read_set

_HELD_OUT = 99_999
"""Number of the shard that is never trained on."""


@dataclass(frozen=True, slots=True)
class StripParams(Params):
    """Parameters of the strip reader's training: `chapters` shards of `strips` strips, each used in `uses` chapters.

    The rate rises during the first `warm_up` steps, is `learning_rate` until the last `decay` of all chapters, and then falls
    along a cosine. real: share of cut-outs among the strips, if there are any. average: decay of the weights' running average,
    which is what is exported.
    """

    seed: int = 1
    chapters: int = 44
    strips: int = 4_000
    uses: int = 4
    batch: int = 48
    digits: int = 1_500  # of MNIST, redrawn for each shard
    pens: int = 40
    real: float = 0.28
    learning_rate: float = 2e-3
    decay: float = 0.45
    warm_up: int = 300
    weight_decay: float = 2e-4
    average: float = 0.998

    @classmethod
    def further(cls) -> StripParams:
        """Return the parameters for training an exported network further: half the rate, which falls from the start."""
        return cls(learning_rate=1e-3, decay=0.9)

    @classmethod
    def fine_tuning(cls) -> StripParams:
        """Return the parameters for learning a collection from a few hundred numbers of it, in some minutes of one core."""
        return cls(
            chapters=4,
            strips=2_000,
            uses=2,
            digits=500,
            pens=20,
            real=0.5,
            learning_rate=5e-4,
            decay=1.0,
            warm_up=40,
        )


@dataclass(frozen=True, slots=True)
class Sources:
    """Training data: MNIST's digits and the files of number sets. start: an exported strip reader to start from, not from random
    weights."""

    mnist: Labelled
    sets: tuple[Path, ...] = ()
    start: Path | None = None


class ShardWriter:
    """Writer of shards in another process, one ahead of the requested one."""

    def __init__(self, sources: Sources, params: StripParams, folder: Path) -> None:
        self._job = sources, params, folder
        self._coming: dict[int, Future[Path]] = {}

    def __enter__(self) -> Callable[[int], Path]:
        self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_polite)
        return self._shard

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _shard(self, number: int) -> Path:
        for wanted in (number, number + 1, number + 2):
            if wanted not in self._coming and wanted < self._job[1].chapters:
                self._coming[wanted] = self._pool.submit(write_shard, *self._job, wanted)
        return self._coming[number].result()


def _polite() -> None:
    os.nice(1)


_READY: dict[str, Ingredients] = {}
"""Material of this process: reading the sets takes seconds, once."""


def write_shard(sources: Sources, params: StripParams, folder: Path, number: int) -> Path:
    """Write a shard unless it exists, and return its file. It depends on the seed and its number only."""
    path = folder / f"shard-{params.strips}-{number:03d}.npz"
    if path.exists():
        return path
    cv2.setNumThreads(1)
    ingredients = _ingredients(sources, params, folder)
    rng = np.random.default_rng((params.seed, 2, number))
    stock = make_stock(ingredients, rng, params.digits, params.pens)
    real = params.real if ingredients.cut_outs else 0.0
    strips = [_strip(is_real, ingredients, stock, rng) for is_real in rng.random(params.strips) < real]
    keep_shard(path, [strip for strip in strips if can_be_learned(strip)])
    (folder / f"shard-{params.strips}-{number - params.uses - 2:03d}.npz").unlink(missing_ok=True)
    return path


def _strip(is_real: bool, ingredients: Ingredients, stock: Stock, rng: np.random.Generator) -> Strip:
    if not is_real:
        return write_number_strip(stock, rng)
    return vary(ingredients.cut_outs[int(rng.integers(len(ingredients.cut_outs)))], stock.patterns, rng)


def can_be_learned(strip: Strip) -> bool:
    """Whether the strip has a column for each character, and one between equal ones."""
    again = sum(a == b for a, b in zip(strip.text, strip.text[1:], strict=False))
    return len(strip.text) + again <= strip.pixels.shape[1] // 2 and len(strip.text) <= LONGEST


def keep_shard(path: Path, strips: Sequence[Strip]) -> None:
    """Write strips as one file, which appears completely or not at all."""
    part = path.with_suffix(".part.npz")
    pixels = np.concatenate([strip.pixels.ravel() for strip in strips])
    widths = np.array([strip.pixels.shape[1] for strip in strips], np.int32)
    np.savez(part, pixels=pixels, widths=widths, texts=np.array([strip.text for strip in strips], np.str_))
    part.replace(path)


def load_shard(path: Path) -> list[Strip]:
    """Load what `keep_shard` wrote."""
    with np.load(path, allow_pickle=False) as kept:
        pixels, widths, texts = kept["pixels"], kept["widths"], kept["texts"]
    parts = np.split(pixels, np.cumsum(widths[:-1].astype(np.int64) * STRIP_HEIGHT))
    return [Strip(part.reshape(STRIP_HEIGHT, -1), str(text)) for part, text in zip(parts, texts, strict=True)]


def _ingredients(sources: Sources, params: StripParams, folder: Path) -> Ingredients:
    key = str(folder)
    if key not in _READY:
        sets = [read_set(path, learn=True) for path in sources.sets]
        _READY[key] = sorted_out(sets, sources.mnist, _cut_outs(sets, params, folder))
    return _READY[key]


def _cut_outs(sets: Sequence[NumberSet], params: StripParams, folder: Path) -> Sequence[CutOut]:
    """Return the cut-outs, made once per training: finding thousands of numbers takes minutes."""
    path = folder / "cut-outs.npz"
    if not path.exists():
        rows = numbers_to_cut(sets, np.random.default_rng((params.seed, 0)))
        reader = OnnxReader() if rows else None
        found = [one for row in rows if reader and (one := cut_from(row, reader)) is not None]
        keep_cut_outs(path, found)
    return kept_cut_outs(path)


def held_out(sources: Sources, params: StripParams, folder: Path, strips: int = 1_200) -> list[Strip]:
    """Return strips of a shard that no training with these parameters uses."""
    return load_shard(write_shard(sources, replace(params, strips=strips), folder, _HELD_OUT))
