"""The strip reader's card: how it was made, of what and on whose terms, and how it did on what it never saw."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from digit_core.inference.reader import FINDER, READER
from digit_core.training.mnist import MNIST_SHA256
from digit_core.training.number_sets import TRAIN, NumberSet
from digit_core.training.strip_reader.export import Exported
from digit_core.training.strip_reader.held_out_strips import StripScore
from digit_core.training.strip_reader.set_exam import SetFigures
from digit_core.training.strip_reader.shards import StripParams

CARD = "reader.json"


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """How a strip reader did: on strips written with MNIST's test digits, and on number sets."""

    written: StripScore
    strips: int
    sets: tuple[SetFigures, ...]


def write_card(
    folder: Path,
    params: StripParams,
    learned: Sequence[NumberSet],
    exported: Exported,
    examined: Examined,
    seconds: float,
    today: date,
) -> dict[str, Any]:
    """Writes the card of the network in `folder` beside it, and returns it."""
    card = {
        "package": version("archive-digits"),
        "network": "convolutions and columns (CTC); digit_core/training/strip_reader/network.py",
        "data": "MNIST's training digits, invented pens and the sets below, on strips; digit_core/training/ingredients.py",
        "data_sha256": MNIST_SHA256,
        "sets": [_terms(one) for one in learned],
        "params": asdict(params),
        "numbers": exported.kind,
        "sha256": {READER: hashlib.sha256((folder / READER).read_bytes()).hexdigest()},
        "bytes": {READER: (folder / READER).stat().st_size},
        "seconds": round(seconds, 1),
        "figures": {f"strips_{name}": round(value, 4) for name, value in asdict(examined.written).items()},
        "figures_of": f"{examined.strips} strips written with MNIST's test digits",
        "figures_by_set": [figures.to_dict() for figures in examined.sets],
        "date": today.isoformat(),
    }
    (folder / CARD).write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return card


def _terms(one: NumberSet) -> dict[str, Any]:
    return {
        "name": one.name,
        "licence": one.licence,
        "source": one.source,
        "sha256": one.sha256,
        "numbers": len(one.of(TRAIN)),
    }


def ship(folder: Path, into: Path) -> None:
    """Puts the networks and the card where the program reads by them."""
    into.mkdir(parents=True, exist_ok=True)
    for name in (FINDER, READER, CARD):
        shutil.copyfile(folder / name, into / name)


def read_card(folder: Path) -> Mapping[str, Any]:
    """The card in `folder`."""
    card: Mapping[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
    return card
