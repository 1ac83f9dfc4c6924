"""The reader trained in short, with all that it learns from and without each part of it; resumable, a folder a variant."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np

from digit_core.inference.reader import OnnxReader
from digit_core.synthesis import training_images
from digit_core.synthesis.non_digits import Ink
from digit_core.synthesis.number_writer import manner
from digit_core.training import reader_training
from digit_core.training.mnist import Mnist, read_mnist
from digit_core.training.reader_training import ReaderParams, export_reader, train_reader
from tests.benchmarks.accuracy import readers
from tests.benchmarks.without import Changes, changed, wanted

_as_without = reader_training._polite
"""What the process that writes chapters begins with."""


def _bare(*_: object) -> Ink:
    return np.zeros((4, 4), np.uint8)


def _nothing(*_: object) -> None:
    return None


def _no_ink(layer: Ink, rng: object) -> Ink:
    return np.zeros_like(layer)


def _unworn(ink: Ink, faintest: float, rng: object) -> Ink:
    return ink


def _plain(canvas: Ink, label: int, rng: object) -> Ink:
    return canvas


def _digits_alone(rng: np.random.Generator, whole: Callable[[np.random.Generator], str] = training_images.number_text) -> str:
    return "".join(filter(str.isdigit, whole(rng))) or str(rng.integers(10))


PARTS: dict[str, Changes] = {
    "everything": {},
    "without flags and bars": {"digit_core.synthesis.augmentation._restyle": _plain},
    "without printers' type": {"digit_core.synthesis.training_images.manner": partial(manner, printed_share=0.0)},
    "without invented pens": {"digit_core.synthesis.training_images.manner": partial(manner, drawn=0.0)},
    "without old-style figures and long tails": {
        "digit_core.synthesis.number_writer._HANGING": {},
        "digit_core.synthesis.number_writer._SMALL": {},
        "digit_core.synthesis.number_writer._TAILS": {},
    },
    "without rulings, words, neighbours, blots": {
        "digit_core.synthesis.training_images.rule": _nothing,
        "digit_core.synthesis.training_images.word": _bare,
        "digit_core.synthesis.training_images.flourish": _bare,
        "digit_core.synthesis.training_images.blots": _nothing,
        "digit_core.synthesis.training_images.shown_through": _no_ink,
        "digit_core.synthesis.training_images._rows_beside": _nothing,
        "digit_core.synthesis.training_images._scrap_at_edge": _nothing,
    },
    "without paper and wear": {"digit_core.synthesis.training_images._worn": _unworn},
    "without points and dashes": {"digit_core.synthesis.training_images.number_text": _digits_alone},
}
"""The process that writes chapters finds here, by its name, what it shall leave out."""


def write_without(name: str) -> None:
    """Makes the process that writes chapters leave the part out, for as long as it lives."""
    _as_without()
    for target, instead in PARTS[name].items():
        patch(target, instead).start()


def trained(options: argparse.Namespace) -> Iterator[tuple[str, readers.Reader]]:
    """The reader as it comes out of each training; what was trained before is taken from its folder."""
    mnist = read_mnist(options.mnist)
    for seed in options.training_seeds:
        params = ReaderParams(seed=seed, chapters=options.chapters, cycles=1)
        for name, _ in wanted(PARTS, options.only):
            folder = Path("bench") / "ablations" / f"{params.digest()}-{'-'.join(name.split())}"
            if not (folder / "done").exists():
                _train(name, mnist, params, folder)
            with changed({"tests.benchmarks.accuracy.readers._finders": lambda folder=folder: (OnnxReader.of_folder(folder),)}):
                yield f"{name}, seed {seed}", readers.Ours()


def _train(name: str, mnist: Mnist, params: ReaderParams, folder: Path) -> None:
    with patch.object(reader_training, "_polite", partial(write_without, name)):
        made = train_reader(mnist, params, folder, _told(name))
    export_reader(made, mnist.train, params, folder)
    (folder / "done").write_text(json.dumps(made.history), encoding="utf-8")


def _told(name: str) -> reader_training.Progress:
    def tell(chapter: int, losses: object) -> None:
        print(f"{name}: chapter {chapter + 1} learned, {losses}", file=sys.stderr, flush=True)

    return tell
