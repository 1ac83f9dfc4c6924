"""The collections of real handwriting beside the checkout, as the fit of the readers' voices asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "real"


@dataclass(frozen=True, slots=True)
class RealSet:
    """A collection: its file, the split that is read, how many numbers at most, and whether it is for measuring only.

    known_hands: whether our strip reader learned from other pages by the same writers.
    """

    name: str
    file: str
    split: str = ""
    most: int = 400
    known_hands: bool = False

    @property
    def measures(self) -> bool:
        return self.file.startswith("measure_")


SETS = (
    RealSet("french notaries", "french_notaries", "dev", 400, known_hands=True),
    RealSet("french manuscripts", "french_manuscripts", "dev"),
    RealSet("swiss digits", "swiss_digits", "dev", 200),
    RealSet("optdigits", "optdigits", "dev", 100),
    RealSet("cheque amounts", "measure_cheque_amounts"),
    RealSet("climate cells", "measure_climate_cells", most=250),
    RealSet("row numbers", "measure_row_numbers", most=100),
    RealSet("weather table", "measure_weather_table"),
    RealSet("photographed strings", "measure_photographed_strings", most=120),
    RealSet("old ink digits", "measure_old_ink_digits", most=200),
)


def pictures(one: RealSet, folder: Path = REAL, most: int = 10**6) -> Iterator[tuple[bytes, str]]:
    """Pictures as files, and the digits on them, `most` at most; the same ones whenever it is asked."""
    rows = pq.read_table(folder / f"{one.file}.parquet", columns=["image", "digits", "split"]).to_pylist()
    rows = [row for row in rows if not one.split or row["split"] == one.split]
    chosen = np.sort(np.random.default_rng(0).permutation(len(rows))[: min(one.most, most)])
    for i in chosen.tolist():
        yield rows[i]["image"], rows[i]["digits"]
