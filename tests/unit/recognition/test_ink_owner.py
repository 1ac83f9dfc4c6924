"""Whose ink it is: a tail that hangs into the cell below is no digit of that cell."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from digit_core.imaging.decode import decode_page
from digit_core.imaging.line_detection import line_maps
from digit_core.inference.reader import OnnxReader
from digit_core.layouts.registration import nearest_fit
from digit_core.layouts.template import Holds, Place
from digit_core.layouts.template_file import parse_layout
from digit_core.params import DecodeLimits
from digit_core.recognition.cells import FoundCell, find_cells
from digit_core.recognition.ink_owner import InkOwners, near_tail
from digit_core.records import CellState, Grey
from tests.support.drawn.forms import DrawnForm, prepared

FORM = DrawnForm(height=1000, rows=(300, 420, 540, 660, 780, 900))
LAYOUT = FORM.layout(Holds(digits=(1, 4)))
SCANS = Path(__file__).parents[4] / "shared" / "data" / "pages"
QUADS = [np.array([(0, y), (40, y), (40, y + 40), (0, y + 40)], np.float64) for y in (0, 40)]


def ink(*strokes: tuple[tuple[int, int], tuple[int, int]]) -> np.ndarray:
    page = np.zeros((80, 40), np.uint8)
    for start, end in strokes:
        cv2.line(page, start, end, 255, 3)
    return page


def test_ink_that_lies_mostly_in_one_cell_is_but_a_tail_in_the_other() -> None:
    owners = InkOwners.of(ink(((20, 5), (20, 50))), QUADS)

    assert owners.is_tail(np.array([18, 42, 23, 52], np.float32), 1)
    assert not owners.is_tail(np.array([18, 4, 23, 38], np.float32), 0)


def test_ink_that_two_cells_share_evenly_is_neither_s_tail() -> None:
    owners = InkOwners.of(ink(((20, 5), (20, 75))), QUADS)

    assert not owners.tails


def test_ink_of_the_cell_itself_is_no_tail_though_another_s_reaches_in() -> None:
    owners = InkOwners.of(ink(((8, 5), (8, 50)), ((28, 46), (28, 74))), QUADS)

    assert not owners.is_tail(np.array([26, 45, 31, 76], np.float32), 1)
    assert len(owners.tails_in(1, 20)) == 1


def test_a_tail_beside_a_number_may_have_been_read_with_it_and_one_far_away_not() -> None:
    tail = [np.array([10, 40, 14, 60], np.float32)]

    assert near_tail(np.array([[16, 45, 30, 75]], np.float32), tail, 30)
    assert not near_tail(np.array([[30, 45, 38, 75]], np.float32), tail, 30)


@pytest.fixture(scope="module")
def reader() -> OnnxReader:
    return OnnxReader()


def cells_of(page: Grey, reader: OnnxReader, layout=LAYOUT) -> dict[Place, FoundCell]:
    ready = prepared(page)
    maps = line_maps(ready.darkness)
    fit = nearest_fit([layout], maps)
    assert fit is not None
    assert fit.sure
    return {cell.place: cell for cell in find_cells(ready, maps, fit, reader)}


def with_tail(page: Grey, foot: tuple[int, int], far: int, ink: int = 60) -> Grey:
    """The page with a stroke that goes on down from a place in the ink."""
    made = page.copy()
    cv2.line(made, foot, (foot[0] - far // 6, foot[1] + far), ink, 4)
    return made


@pytest.mark.slow
def test_a_long_tail_is_no_digit_of_the_empty_cell_below(reader: OnnxReader) -> None:
    page = FORM.filled({("2", "2"): "7", ("2", "4"): "359"})
    column = np.flatnonzero((page[470:500, 260:400] < 120).any(axis=0)) + 260
    foot = (int(column[len(column) // 2]), 495)
    made = with_tail(page, foot, 70)

    below = cells_of(made, reader)[Place("grid", "3", "2")]

    assert below.number is None
    assert below.state is CellState.BLANK


@pytest.mark.slow
@pytest.mark.skipif(not SCANS.is_dir(), reason=f"needs the scans in {SCANS}")
@pytest.mark.parametrize("cell", [("Mar", "1901"), ("Sep", "1907")])
def test_on_a_real_scan_a_tail_changes_no_number_below_without_being_told(reader: OnnxReader, cell: tuple[str, str]) -> None:
    layout = parse_layout((Path(__file__).parents[2] / "layouts" / "rainfall-ten-years.yaml").read_text("utf-8"))
    page = decode_page((SCANS / "rainfall_lyden-croft_1900-1909.jpg").read_bytes(), 0, DecodeLimits()).pixels
    before = cells_of(page, reader, layout)
    places = list(before)
    above, below = Place("rain", *cell), next(p for p in places[places.index(Place("rain", *cell)) + 1 :] if p.column == cell[1])
    number = before[above].number
    assert number is not None
    left, top, right, bottom = number.boxes[-1]
    own = page[round(top) : round(bottom), round(left) : round(right)]
    foot = int(np.argmin(own[-4:].min(axis=0))) + round(left)
    made = with_tail(page, (foot, round(bottom) - 3), round(0.9 * (bottom - top)), int(own.min()))

    after = cells_of(made, reader, layout)[below]

    assert after.shared or written(after) == written(before[below])


def written(cell: FoundCell) -> str:
    """The cell's text; a gap between its digits may be told as a space or not."""
    return "" if cell.number is None else cell.number.text.replace(" ", "")
