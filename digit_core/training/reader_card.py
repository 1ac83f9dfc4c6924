"""The reader's card: how its two networks were made, and how they did on digits that they never saw."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from digit_core.inference.reader import FINDER, READER
from digit_core.training.held_out_strips import StripScore
from digit_core.training.mnist import MNIST_SHA256
from digit_core.training.reader_training import ReaderParams

CARD = "reader.json"


def write_card(folder: Path, params: ReaderParams, marks: StripScore, strips: int, seconds: float, today: date) -> dict[str, Any]:
    """Writes the card of the two files in `folder` beside them, and returns it."""
    card = {
        "network": "one trunk of convolutions, two heads: cells (detection) and columns (CTC); "
        "digit_core/training/reader_network.py",
        "data": "MNIST's training digits and invented pens on strips and patches; digit_core/synthesis/training_images.py",
        "data_sha256": MNIST_SHA256,
        "params": asdict(params),
        "sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (FINDER, READER)},
        "bytes": {name: (folder / name).stat().st_size for name in (FINDER, READER)},
        "seconds": round(seconds, 1),
        "figures": {f"strips_{name}": round(value, 4) for name, value in asdict(marks).items()},
        "figures_of": f"{strips} strips written with MNIST's test digits",
        "date": today.isoformat(),
    }
    (folder / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return card


def ship(folder: Path, into: Path) -> None:
    """Puts the files where the program reads by them."""
    into.mkdir(parents=True, exist_ok=True)
    for name in (FINDER, READER, CARD):
        shutil.copyfile(folder / name, into / name)


def read_card(folder: Path) -> Mapping[str, Any]:
    """The card in `folder`."""
    card: Mapping[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
    return card
