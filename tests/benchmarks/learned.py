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
import readers
from without import Changes, changed, wanted

from digit_core import reader_training, strips
from digit_core.mnist import Mnist, read_mnist
from digit_core.numerals import manner
from digit_core.reader import OnnxReader
from digit_core.reader_training import ReaderParams, export_reader, train_reader
from digit_core.strangers import Ink

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


def _digits_alone(rng: np.random.Generator, whole: Callable[[np.random.Generator], str] = strips.number_text) -> str:
    return "".join(filter(str.isdigit, whole(rng))) or str(rng.integers(10))


PARTS: dict[str, Changes] = {
    "everything": {},
    "without flags and bars": {"digit_core.augment._restyle": _plain},
    "without printers' type": {"digit_core.strips.manner": partial(manner, printed_share=0.0)},
    "without invented pens": {"digit_core.strips.manner": partial(manner, drawn=0.0)},
    "without old-style figures and long tails": {
        "digit_core.numerals._HANGING": {},
        "digit_core.numerals._SMALL": {},
        "digit_core.numerals._TAILS": {},
    },
    "without rulings, words, neighbours, blots": {
        "digit_core.strips.rule": _nothing,
        "digit_core.strips.word": _bare,
        "digit_core.strips.flourish": _bare,
        "digit_core.strips.blots": _nothing,
        "digit_core.strips.shown_through": _no_ink,
        "digit_core.strips._rows_beside": _nothing,
        "digit_core.strips._scrap_at_edge": _nothing,
    },
    "without paper and wear": {"digit_core.strips._worn": _unworn},
    "without points and dashes": {"digit_core.strips.number_text": _digits_alone},
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
            with changed({"readers._finders": lambda folder=folder: (OnnxReader.of_folder(folder),)}):
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
