"""Real collections: the number sets beside the checkout, read row by row by every reader, each collection counted by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.decode import decode_page
from digit_core.params import DecodeLimits
from tests.benchmarks.accuracy.counting import StripRead, error_among
from tests.benchmarks.accuracy.readers import SURE
from tests.benchmarks.accuracy.report import percent, section
from tests.benchmarks.real_sets import SETS, RealSet, pictures


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """A collection's pictures, uint8 grey, with their digits. unseen: nothing was learned from it."""

    name: str
    unseen: bool
    pixels: tuple[NDArray[np.uint8], ...]
    digits: tuple[str, ...]


def collections_in(folder: Path, most: int) -> list[Collection]:
    """Load the sets that are in the folder, of each `most` numbers at most; none if there is no such folder."""
    return [_collection(one, folder, most) for one in SETS if (folder / f"{one.file}.parquet").is_file()]


def _collection(one: RealSet, folder: Path, most: int) -> Collection:
    rows = [(decode_page(data, 0, DecodeLimits()).pixels, digits) for data, digits in pictures(one, folder, most)]
    return Collection(one.name, one.measures, tuple(pixels for pixels, _ in rows), tuple(digits for _, digits in rows))


def collections_part(reads: Mapping[str, Mapping[str, Sequence[StripRead]]], unseen: Sequence[str]) -> str:
    """The table of the report: by collection and reader the share read exactly, the share wrong among the surest half, how many
    are as sure as the threshold, and how many of these are wrong. reads: by reader and collection; unseen: marked with *."""
    readers = list(reads)
    rows = []
    for name, first in reads[readers[0]].items():
        shown = f"{name} *" if name in unseen else name
        rows.append([shown, str(len(first)), *(cell for reader in readers for cell in _cells(reads[reader][name]))])
    head = [f"{reader}: {what}" for reader in readers for what in ("exact", "wrong of surest half", f"{SURE} and more, wrong")]
    return section("Real collections", ["", "numbers", *head], rows)


def _cells(reads: Sequence[StripRead]) -> tuple[str, str, str]:
    sure = [read for read in reads if read.digits and read.confidence >= SURE]
    wrong = sum(not read.exact for read in sure)
    return percent(sum(read.exact for read in reads) / len(reads)), percent(error_among(reads, 0.5)), f"{len(sure)}, {wrong}"
