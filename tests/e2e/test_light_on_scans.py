"""Pages in dark surroundings, in shadow, and with print that shines through, drawn after what archives report: their numbers are
read whole and in their cells, or left to people."""

from __future__ import annotations

import csv
from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest

from digit_core.imaging.decode import decode_page
from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser
from digit_core.inference.reader import OnnxReader
from digit_core.params import DecodeLimits
from digit_core.readings import Reading, State
from digit_core.recognition.pipeline import PageReader
from digit_core.records import PageRef

CASES = Path(__file__).parents[3] / "shared" / "cases"


@lru_cache(maxsize=5)
def readings_of(name: str) -> tuple[Reading, ...]:
    if not (CASES / name).exists():
        pytest.skip(f"needs the picture {name}: ../shared/cases is not there")
    image = decode_page((CASES / name).read_bytes(), 0, DecodeLimits())
    ref = PageRef(name, "", "")
    reader = PageReader(OnnxReader(), OnnxRecogniser(SHIPPED_MODEL, "shipped"))
    return reader.read(image, ref).readings


def right_numbers() -> dict[tuple[str, str], str]:
    """The digits of each cell, by row and column."""
    with (CASES / "plainref.right.csv").open() as file:
        return {(row["row"], row["column"]): row["digits"] for row in csv.DictReader(file)}


PAGES = ["dark_border45.jpg", "dark_border60_grey40.jpg", "dark_sides55_HANGS.jpg", "bleed25.png"]


@pytest.mark.parametrize("name", [*PAGES, "shadow30_soft.png"])
def test_numbers_are_found_whatever_surrounds_the_page_and_none_is_accepted_in_part(name: str) -> None:
    readings = readings_of(name)
    right = list(right_numbers().values())

    found = Counter(reading.digits for reading in readings) & Counter(right)
    accepted = Counter(reading.digits for reading in readings if reading.state is State.ACCEPTED)
    in_part = [wrong for wrong in accepted - Counter(right) if any(wrong in whole for whole in right)]

    assert found.total() >= 0.85 * len(right)
    assert in_part == []


@pytest.mark.parametrize("name", PAGES)
def test_each_number_stands_in_its_cell_and_none_is_accepted_wrong(name: str) -> None:
    right = right_numbers()

    cells = {(one.cell.row, one.cell.column): one for one in readings_of(name) if one.cell}

    accepted = {place: one.digits for place, one in cells.items() if one.state is State.ACCEPTED}
    assert cells.keys() == right.keys()
    assert sum(cells[place].digits == digits for place, digits in right.items()) >= 0.85 * len(right)
    assert accepted == {place: right[place] for place in accepted}
