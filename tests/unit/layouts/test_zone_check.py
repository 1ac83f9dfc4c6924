"""A form of single boxes is refused where the page has another row of them, lacks one, or has other rulings beside them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digit_core.imaging.line_detection import line_maps, page_lines
from digit_core.layouts.registration import best_fit
from digit_core.layouts.template import Area, Layout, Zone
from digit_core.records import Grey
from tests.support.drawn.forms import PAPER, PRINT, prepared
from tests.support.drawn.printings import DOWN, with_twice, without


def maps_of(page: Grey):
    return line_maps(prepared(page).darkness)


def boxes(*rows: int) -> Grey:
    """Rows of boxes at these heights, each row with boxes of other widths."""
    page = np.full((1400, 1000), PAPER, np.uint8)
    for i, y in enumerate(rows):
        for x, width in ((80, 150 + 40 * i), (420 - 20 * i, 200), (700, 220 - 30 * i)):
            cv2.rectangle(page, (x, y), (x + width, y + 70), PRINT, 2)
    for y in (90, 110, 1300):
        cv2.line(page, (80, y), (920, y), PRINT, 2)
    return page


HEIGHTS = (200, 330, 460, 590, 720, 850)


def form_of_boxes(head: tuple[int, ...] = ()) -> tuple[Grey, Layout]:
    """Six rows of boxes, with rulings of a head above them at these heights."""
    page = boxes(*(y + 200 for y in HEIGHTS))
    for y in head:
        cv2.line(page, (80, y), (920, y), PRINT, 2)
    zones = tuple(
        Zone(f"{i}/{x}", Area(x, y + 200, width, 70))
        for i, y in enumerate(HEIGHTS)
        for x, width in ((80, 150 + 40 * i), (420 - 20 * i, 200), (700, 220 - 30 * i))
    )
    return page, Layout("boxes", 1000, 1400, zones=zones, lines=page_lines(maps_of(page)))


BETWEEN = tuple(y + 170 for y in (*HEIGHTS, 980))
LIKE_A_ROW = (270, 310, 340)
"""Rulings of a head that lie where another first row would."""


@pytest.mark.parametrize(("i", "head"), [(0, ()), (0, LIKE_A_ROW), (1, ()), (5, ())])
def test_a_form_of_boxes_is_refused_where_a_row_of_them_stands_twice(i: int, head: tuple[int, ...]) -> None:
    page, layout = form_of_boxes(head)

    assert best_fit([layout], maps_of(with_twice(page, DOWN, BETWEEN, i).page)) is None


@pytest.mark.parametrize("i", [0, 5])
def test_a_form_of_boxes_is_refused_where_a_row_of_them_is_missing(i: int) -> None:
    page, layout = form_of_boxes()

    assert best_fit([layout], maps_of(without(page, DOWN, BETWEEN, i).page)) is None


def test_a_fold_beside_its_boxes_does_not_lose_a_form() -> None:
    page, layout = form_of_boxes(LIKE_A_ROW)
    cv2.line(page, (0, 365), (1000, 368), 150, 3)

    assert best_fit([layout], maps_of(page)) is not None
