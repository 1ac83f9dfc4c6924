"""Columns that are none: margins beside the frame, and slits between the lines of a ruling."""

from __future__ import annotations

import cv2
import numpy as np

from digit_core.imaging.line_detection import line_maps
from digit_core.layouts.tables.content import NumberSeen
from digit_core.layouts.tables.detection import ruled_tables
from digit_core.layouts.tables.names import named
from digit_core.layouts.template import Area, Grid
from digit_core.records import Grey
from tests.support.drawn.forms import PRINT, prepared, write_in

ROWS = tuple(range(200, 1501, 100))
COLUMNS = (150, 350, 550, 750, 950)
EDGE = 1040
"""Of the paper, to which the rulings of the rows run on."""

HEAD = 2
"""Rulings at the top that end at the frame."""


def page(columns: tuple[int, ...] = COLUMNS) -> Grey:
    made = np.full((1600, 1100), 235, np.uint8)
    for x in columns:
        cv2.line(made, (x, ROWS[0]), (x, ROWS[-1]), PRINT, 3)
    for y in ROWS:
        cv2.line(made, (COLUMNS[0], y), (COLUMNS[-1], y), PRINT, 3)
    return made


def with_margin(made: Grey) -> Grey:
    """Paper that is ruled all over, and whose edge is seen."""
    for y in ROWS[HEAD:]:
        cv2.line(made, (COLUMNS[-1], y), (EDGE, y), PRINT, 3)
    cv2.line(made, (EDGE, ROWS[0] - 40), (EDGE, ROWS[-1] + 40), PRINT, 3)
    return made


def proposed(made: Grey, filled: int = 4) -> Grid:
    """The table with a number in each cell below the head of the first columns."""
    written = []
    for top in ROWS[1:-1]:
        for left in COLUMNS[:filled]:
            box = (left + 60.0, top + 25.0, left + 140.0, top + 75.0)
            write_in(made, Area(box[0], box[1], 80, 50), "47", height=40)
            written.append(NumberSeen(box, "47", 0.0))
    maps = line_maps(prepared(made).darkness)
    return named(ruled_tables(maps)[0], maps, written)


def test_the_margin_between_the_frame_and_the_edge_of_the_paper_is_no_column_though_others_are_empty_too() -> None:
    grid = proposed(with_margin(page()), filled=2)

    assert len(grid.columns.names) == 4
    assert abs(grid.columns.edges[-1] - COLUMNS[-1]) < 6


def test_a_last_column_that_the_head_reaches_is_one_though_it_has_no_numbers() -> None:
    made = with_margin(page())
    for y in ROWS[:HEAD]:
        cv2.line(made, (COLUMNS[-1], y), (EDGE, y), PRINT, 3)

    whole = ruled_tables(line_maps(prepared(made).darkness))[0]

    assert len(whole.columns.names) == 5


def test_a_slit_between_two_lines_of_a_ruling_is_no_column() -> None:
    slit = (*COLUMNS[:2], COLUMNS[1] + 40, *COLUMNS[2:])

    grid = proposed(page(slit))

    assert len(grid.columns.names) == 4


def test_a_narrow_column_with_numbers_in_it_stays_one() -> None:
    made = page((*COLUMNS[:2], COLUMNS[1] + 40, *COLUMNS[2:]))
    for top in ROWS[1:-1]:
        write_in(made, Area(COLUMNS[1] + 8, top + 25, 26, 50), "1", height=36)

    assert len(proposed(made).columns.names) == 5
