"""The scale at which a page is looked at first."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from digit_core.imaging.prepare import PreparedPage
from digit_core.inference.network_spec import PLAIN, NetworkForm
from digit_core.recognition.detector import look
from digit_core.records import Grey

NOTHING = len(PLAIN.characters)


class _Sees:
    """A reader that sees so many digits, 24 pixels high, on small pictures and on large ones; it remembers their heights."""

    detector = strips = NetworkForm(PLAIN.characters)

    def __init__(self, small: int, large: int) -> None:
        self._small, self._large = small, large
        self.heights: list[int] = []

    def find(self, darkness: Grey) -> NDArray[np.float32]:
        self.heights.append(darkness.shape[0])
        rows, columns = -(-darkness.shape[0] // 4), -(-darkness.shape[1] // 4)
        cells = np.zeros((rows, columns, NOTHING + 6), np.float32)
        cells[..., NOTHING] = 9
        cells[..., NOTHING + 1 : NOTHING + 5] = np.log(12 / 8)
        for i in range(self._large if darkness.shape[0] > 1000 else self._small):
            at = 4 + 7 * (i // 3), 4 + 7 * (i % 3)
            cells[at][3], cells[at][NOTHING] = 9, 0
        return cells

    def read(self, strips: object) -> list[NDArray[np.float64]]:
        raise AssertionError("nothing is read here")


def _page_with_large_ink() -> PreparedPage:
    ink = np.zeros((1500, 1200), np.uint8)
    ink[100:500, 100:400] = 255
    return PreparedPage(ink.copy(), ink, np.zeros_like(ink), np.eye(2, 3), 0.0)


@pytest.mark.parametrize(("small", "large", "found"), [(0, 60, 60), (8, 12, 8)])
def test_large_ink_is_figures_only_where_digits_are_seen_in_it(small: int, large: int, found: int) -> None:
    reader = _Sees(small, large)
    assert len(look(_page_with_large_ink(), reader)) == found


def test_a_page_of_usual_ink_is_looked_at_once() -> None:
    ink = np.zeros((1500, 1200), np.uint8)
    ink[100:124, 100:112] = 255
    reader = _Sees(0, 40)
    look(PreparedPage(ink.copy(), ink, np.zeros_like(ink), np.eye(2, 3), 0.0), reader)
    assert reader.heights == [1500]
