"""Shards of patches: written ahead by another process, each determined by the seed and its number, kept as files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from digit_core.inference.reader import OnnxDetector
from digit_core.params import Params
from digit_core.synthesis.non_digits import Ink
from digit_core.synthesis.number_strips import Stock
from digit_core.synthesis.patches import Patch, write_patch
from digit_core.training.detector.labelled_file import keep_pictures, kept_pictures
from digit_core.training.detector.labelled_pictures import LabelledPicture, labelled_pages, labelled_strips
from digit_core.training.detector.real_patches import cut_patch, real_words, tile_strips
from digit_core.training.ingredients import make_stock, sorted_out
from digit_core.training.mnist import Labelled
from digit_core.training.number_sets import TRAIN, LabelledNumber, NumberSet
from digit_core.training.transcribed_numbers import read_set

HELD_OUT = 99_999
"""Number of the shard that is never trained on."""

_STOCK = 4
"""Number of shards written with one stock: making it takes as long as writing one."""


@dataclass(frozen=True, slots=True)
class DetectorParams(Params):
    """Parameters of the detector's training: `chapters` shards of `patches` patches of `height` x `width`, each used in `uses`
    chapters.

    The rate is `learning_rate` until the last `decay` of all chapters, and then falls along a cosine. pages and strips: shares of
    patches cut out of real pages and made of real strips, if there are any. average: decay of the weights' running average, which
    is what is exported.
    """

    seed: int = 1
    chapters: int = 20
    patches: int = 960
    height: int = 96
    width: int = 256
    uses: int = 4
    batch: int = 16
    digits: int = 800  # of MNIST, redrawn for each stock
    pens: int = 30
    pages: float = 0.3
    strips: float = 0.17
    learning_rate: float = 1e-3
    decay: float = 0.4
    weight_decay: float = 2e-4
    average: float = 0.998


@dataclass(frozen=True, slots=True)
class DetectorSources:
    """Training data: MNIST's digits, the files of number sets, folders of transcribed pages; and the exported detector to start
    from, or None.

    That detector, or without it the shipped one, also locates the digits in the pictures.
    """

    mnist: Labelled
    sets: tuple[Path, ...]
    pages: tuple[Path, ...]
    start: Path | None


@contextmanager
def writing(sources: DetectorSources, params: DetectorParams, folder: Path) -> Iterator[Callable[[int], Path]]:
    """Provide a function that returns the file of a shard; shards are written in another process, two ahead."""
    waiting: dict[int, Future[Path]] = {}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_polite) as pool:

        def shard(number: int) -> Path:
            for wanted in range(number, min(number + 3, params.chapters)):
                if wanted not in waiting:
                    waiting[wanted] = pool.submit(write_shard, sources, params, folder, wanted)
            return waiting[number].result()

        try:
            yield shard
        finally:
            pool.shutdown(cancel_futures=True)


def _polite() -> None:
    os.nice(1)


@dataclass(frozen=True, slots=True, eq=False)
class _Real:
    pages: list[LabelledPicture]
    strips: list[LabelledPicture]
    words: list[Ink]


_STOCKS: dict[tuple[str, int], Stock] = {}
_REAL: dict[str, _Real] = {}
"""Real material of the writing process, which takes minutes to make."""


def write_shard(sources: DetectorSources, params: DetectorParams, folder: Path, number: int) -> Path:
    """Write a shard unless it exists, and return its file. It depends on the seed and its number only."""
    path = folder / f"patches-{number:03d}.npz"
    if path.exists():
        return path
    cv2.setNumThreads(1)
    sets = [read_set(file, learn=True) for file in sources.sets]
    real, stock = real_pictures(sources, sets, folder), _stock(sources, sets, params, folder, number)
    rng = np.random.default_rng((params.seed, 2, number))
    keep_shard(path, [_patch(real, stock, params, rng) for _ in range(params.patches)])
    (folder / f"patches-{number - params.uses - 2:03d}.npz").unlink(missing_ok=True)
    return path


def _patch(real: _Real, stock: Stock, params: DetectorParams, rng: np.random.Generator) -> Patch:
    size = params.height, params.width
    luck = rng.random()
    if real.pages and luck < params.pages:
        return cut_patch(real.pages[int(rng.integers(len(real.pages)))], stock.patterns, rng, *size)
    if real.strips and luck > 1 - params.strips:
        return tile_strips(real.strips, stock.patterns, rng, *size)
    return write_patch(stock, real.words, rng, *size)


def _stock(sources: DetectorSources, sets: Sequence[NumberSet], params: DetectorParams, folder: Path, number: int) -> Stock:
    key = str(folder), number // _STOCK
    if key not in _STOCKS:
        _STOCKS.clear()
        rng = np.random.default_rng((params.seed, 3, number // _STOCK))
        _STOCKS[key] = make_stock(sorted_out(sets, sources.mnist, ()), rng, params.digits, params.pens)
    return _STOCKS[key]


def real_pictures(sources: DetectorSources, sets: Sequence[NumberSet], folder: Path) -> _Real:
    if str(folder) not in _REAL:
        pages, strips = label_pages(sources, folder), label_strips(sources, sets, folder)
        _REAL[str(folder)] = _Real(pages, strips, real_words(pages))
    return _REAL[str(folder)]


def label_pages(sources: DetectorSources, folder: Path) -> list[LabelledPicture]:
    """Label the places of the digits on the pages, by the detector that is started from; once per training."""
    path = folder / "pages.npz"
    if not path.exists():
        found = [page for pages in sources.pages for page in labelled_pages(pages, _labeller(sources))]
        keep_pictures(path, found)
    return kept_pictures(path)


def label_strips(sources: DetectorSources, sets: Sequence[NumberSet], folder: Path) -> list[LabelledPicture]:
    """Label the pictures of numbers of several digits in the sets, once per training."""
    path = folder / "strips.npz"
    if not path.exists():
        keep_pictures(path, labelled_strips(_whole_numbers(sets), _labeller(sources)))
    return kept_pictures(path)


def _labeller(sources: DetectorSources) -> OnnxDetector:
    return OnnxDetector() if sources.start is None else OnnxDetector(sources.start)


def _whole_numbers(sets: Sequence[NumberSet]) -> list[LabelledNumber]:
    """Return the rows of all sets except those of single digits, which serve as glyphs."""
    rows = [row for one in sets if np.mean([len(row.text) == 1 for row in one.of(TRAIN)]) < 0.95 for row in one.of(TRAIN)]
    return [row for row in rows if row.picture is not None]


def keep_shard(path: Path, patches: Sequence[Patch]) -> None:
    """Write patches of one size as one file, which appears completely or not at all."""
    pictures = [LabelledPicture(patch.pixels, patch.places, patch.open) for patch in patches]
    asked = np.array([place.asked for patch in patches for place in patch.places], bool)
    part = path.with_suffix(".labelled.npz")
    keep_pictures(part, pictures)
    np.savez(path.with_suffix(".asked.npz"), asked=asked)
    part.replace(path)


def load_shard(path: Path) -> list[Patch]:
    """Load what `keep_shard` wrote."""
    with np.load(path.with_suffix(".asked.npz"), allow_pickle=False) as kept:
        asked = iter(kept["asked"].tolist())
    return [
        Patch(one.pixels, tuple(replace(place, asked=next(asked)) for place in one.places), one.open)
        for one in kept_pictures(path)
    ]
