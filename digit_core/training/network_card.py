"""Cards of detector and strip reader: how each was made, from which data and licences, and its figures on unseen data."""

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
from digit_core.params import Params
from digit_core.training.mnist import MNIST_SHA256
from digit_core.training.number_sets import TRAIN, NumberSet
from digit_core.training.set_exam import SetFigures
from digit_core.training.strip_reader.held_out_strips import StripScore


@dataclass(frozen=True, slots=True)
class NetworkOfCard:
    """A network with a card: the names of its file and of its card, what it is, and its training data."""

    file: str
    card: str
    network: str
    data: str


STRIP_READER = NetworkOfCard(
    READER,
    "reader.json",
    "convolutions and columns (CTC); digit_core/training/strip_reader/network.py",
    "MNIST's training digits, invented pens and the sets below, on strips; digit_core/training/ingredients.py",
)
DETECTOR = NetworkOfCard(
    FINDER,
    "finder.json",
    "convolutions on three scales, one class for each 4x4 pixels (FCOS); digit_core/training/detector/network.py",
    "MNIST's training digits, invented pens and the sets below, on patches of pages; digit_core/training/detector/shards.py",
)


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """Figures of the networks, the new one among them: on strips of MNIST's test digits, and on number sets."""

    written: StripScore
    strips: int
    sets: tuple[SetFigures, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Making:
    """Record of how a network was made: parameters, number sets, number of transcribed pages per folder, number format ("int8" or
    "float32"), duration in seconds, and the SHA-256 of the network that its training started from, if any."""

    params: Params
    learned: Sequence[NumberSet]
    pages: Mapping[str, int]
    numbers: str
    seconds: float
    started_from: str | None = None


def write_card(folder: Path, network: NetworkOfCard, making: Making, examined: Examined, today: date) -> dict[str, Any]:
    """Write the card of the network in `folder` beside it, and return it."""
    file = folder / network.file
    card = {
        "package": version("archive-digits"),
        "network": network.network,
        "data": network.data,
        "data_sha256": MNIST_SHA256,
        "sets": [terms(one) for one in making.learned],
        "pages": dict(making.pages),
        "params": asdict(making.params),
        "numbers": making.numbers,
        "sha256": {network.file: hashlib.sha256(file.read_bytes()).hexdigest()},
        "bytes": {network.file: file.stat().st_size},
        "seconds": round(making.seconds, 1),
        "started_from": making.started_from,
        "figures": {f"strips_{name}": round(value, 4) for name, value in asdict(examined.written).items()},
        "figures_of": f"{examined.strips} strips written with MNIST's test digits",
        "figures_by_set": [figures.to_dict() for figures in examined.sets],
        "date": today.isoformat(),
    }
    (folder / network.card).write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return card


def terms(one: NumberSet) -> dict[str, Any]:
    """Return what a card says of a set that was trained on."""
    return {
        "name": one.name,
        "licence": one.licence,
        "source": one.source,
        "sha256": one.sha256,
        "numbers": len(one.of(TRAIN)),
    }


def ship(folder: Path, network: NetworkOfCard, into: Path) -> None:
    """Copy the network and its card to the place of the shipped ones."""
    into.mkdir(parents=True, exist_ok=True)
    for name in (network.file, network.card):
        shutil.copyfile(folder / name, into / name)


def read_card(folder: Path, network: NetworkOfCard) -> Mapping[str, Any]:
    """Read the card of the network in `folder`."""
    card: Mapping[str, Any] = json.loads((folder / network.card).read_text(encoding="utf-8"))
    return card
