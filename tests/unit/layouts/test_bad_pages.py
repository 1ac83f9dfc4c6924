"""Pages that are no whole page of the form: nothing on them is found under a name that it does not have."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from digit_core.imaging.line_detection import line_maps
from digit_core.layouts.registration import best_fit
from digit_core.records import Grey
from tests.support.drawn.forms import Move, prepared
from tests.support.drawn.printings import as_it_is, cells_off
from tests.support.drawn.registers import Register

FORM = Register(tuple(range(300, 1501, 75)), tuple(range(180, 1081, 150)))
LAYOUT = FORM.layout()

SAME: Move = np.eye(2, 3)


def right_half(page: Grey) -> tuple[Grey, Move]:
    cut = page.shape[1] // 2
    return np.ascontiguousarray(page[:, cut:]), np.array([[1.0, 0, -cut], [0, 1, 0]])


def upside_down(page: Grey) -> tuple[Grey, Move]:
    height, width = page.shape
    return np.ascontiguousarray(np.rot90(page, 2)), np.array([[-1.0, 0, width - 1], [0, -1, height - 1]])


BAD: dict[str, Callable[[Grey], tuple[Grey, Move]]] = {
    "upper half": lambda page: (page[: page.shape[0] // 2], SAME),
    "lower half": lambda page: (page[800:], np.array([[1.0, 0, 0], [0, 1, -800]])),
    "left half": lambda page: (np.ascontiguousarray(page[:, : page.shape[1] // 2]), SAME),
    "right half": right_half,
    "cut through the last row": lambda page: (page[:1460], SAME),
    "cut through the first column": lambda page: (
        np.ascontiguousarray(page[:, 250:]),
        np.array([[1.0, 0, -250], [0, 1, 0]]),
    ),
    "spread of two pages": lambda page: (np.hstack([page, page]), SAME),
    "upside down": upside_down,
}


@pytest.mark.parametrize("bad", BAD)
def test_a_page_that_is_no_whole_page_of_the_form_is_refused_or_found_where_it_is(bad: str) -> None:
    made = as_it_is(FORM.filled(3)).scanned(BAD[bad])

    found = best_fit([LAYOUT], line_maps(prepared(made.page).darkness))

    assert found is None or not cells_off(found, made)
