"""Pages in dark surroundings and in shadow, drawn after what archives report: their numbers are read whole, or left to people."""

from __future__ import annotations

import csv
from collections import Counter
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


def readings_of(name: str) -> tuple[Reading, ...]:
    if not (CASES / name).exists():
        pytest.skip(f"needs the picture {name}: ../shared/cases is not there")
    image = decode_page((CASES / name).read_bytes(), 0, DecodeLimits())
    ref = PageRef(name, "", "")
    reader = PageReader(OnnxReader(), OnnxRecogniser(SHIPPED_MODEL, "shipped"))
    return reader.read(image, ref).readings


def right_numbers() -> list[str]:
    with (CASES / "plainref.right.csv").open() as file:
        return [row["digits"] for row in csv.DictReader(file)]


@pytest.mark.parametrize("name", ["dark_border45.jpg", "dark_border60_grey40.jpg", "dark_sides55_HANGS.jpg", "shadow30_soft.png"])
def test_numbers_are_found_whatever_surrounds_the_page_and_none_is_accepted_in_part(name: str) -> None:
    readings = readings_of(name)
    right = right_numbers()

    found = Counter(reading.digits for reading in readings) & Counter(right)
    accepted = Counter(reading.digits for reading in readings if reading.state is State.ACCEPTED)
    in_part = [wrong for wrong in accepted - Counter(right) if any(wrong in whole for whole in right)]

    assert found.total() >= 0.85 * len(right)
    assert in_part == []
