"""Ditto marks look like the number 11: they are told by their height, and never accepted as a number."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from digit_core.inference.reader import OnnxReader
from digit_core.layouts.template import Holds, Layout, Mark
from digit_core.params import ReviewPolicy, SegmentationParams
from digit_core.readings import Reading, State
from digit_core.recognition.acceptance import judge
from digit_core.recognition.ditto import ditto_doubted, may_be_ditto, usual_height
from digit_core.recognition.pipeline import find_digits
from digit_core.recognition.transcription.fusion import FoundNumber
from digit_core.records import CellState, Grey, PageFound, PageImage, PageRef
from tests.support.drawn.forms import DrawnForm

FORM = DrawnForm(height=1000, rows=(300, 420, 540, 660, 780, 900))
NUMBERS = {("1", str(column)): text for column, text in enumerate(("358", "2047", "61", "799", "11"), start=1)}
DITTOS = [(str(row), str(column)) for row in range(2, 6) for column in range(1, 6)]


def number(text: str, height: float) -> FoundNumber:
    boxes = np.array([(20 * n, 0, 20 * n + 15, height) for n in range(len(text))], np.float32)
    return FoundNumber(boxes, np.full((len(text), 11), 1 / 11, np.float32), 1.0, 0.0, text, 9.0)


@pytest.mark.parametrize(
    ("text", "height", "expected"),
    [("11", 20.0, True), ("1", 20.0, False), ("11", 40.0, False), ("17", 20.0, False), ("-11", 20.0, True), ('"', 20.0, False)],
)
def test_only_two_strokes_far_shorter_than_the_digits_of_the_page_may_be_a_ditto(
    text: str, height: float, expected: bool
) -> None:
    assert may_be_ditto(number(text, height), usual=44.0) is expected


def test_a_small_eleven_in_print_is_a_figure_of_the_form() -> None:
    assert not may_be_ditto(replace(number("11", 20.0), printed=0.9), usual=44.0)


def test_the_usual_height_is_that_of_digits_on_a_page_full_of_dittos() -> None:
    assert usual_height([number("358", 44.0), *[number("11", 18.0)] * 20]) == 44.0


def test_nothing_is_told_where_there_is_nothing_to_compare_with() -> None:
    alone = [number("11", 18.0)]

    assert usual_height(alone) == 0.0
    assert ditto_doubted(alone)[0].marks == 1.0


def test_a_possible_ditto_is_in_doubt_and_all_others_stay_as_they_are() -> None:
    before = [number("358", 44.0), number("11", 44.0), number("11", 18.0)]

    after = ditto_doubted(before)

    assert after[:2] == before[:2]
    assert after[2].marks <= 0.5


def with_dittos() -> Grey:
    """A first row of numbers, an 11 among them, and a ditto mark in each cell below."""
    page = FORM.filled(NUMBERS)
    for (row, column), area in ((place, FORM.layout().cells()) for place in DITTOS):
        at = next(box for place, box in area.items() if (place.row, place.column) == (row, column))
        x, y = round(at.x + at.w / 2), round(at.y + at.h / 2)
        for left in (x - 10, x + 6):
            cv2.line(page, (left + 3, y - 10), (left, y + 8), 40, 5, cv2.LINE_AA)
    return page


def cells(page: Grey, *layouts: Layout) -> dict[tuple[str, str], Reading]:
    digits = find_digits(PageImage(page), SegmentationParams(), OnnxReader(), layouts)
    undecided = np.full((len(digits.crops), 11), 1 / 11, np.float32)
    found = PageFound(PageRef("a.png", "", "ab" * 32), page.shape[1], page.shape[0], 300.0, digits)
    policy = ReviewPolicy(threshold=0.6, audit_share=0.0)
    read = judge(found, undecided, policy, layouts)
    return {(one.cell.row, one.cell.column): one for one in read.readings if one.cell}


def test_a_ditto_is_one_where_the_layout_allows_it_and_an_eleven_stays_a_number() -> None:
    found = cells(with_dittos(), FORM.layout(Holds(digits=(1, 4), marks=(Mark.DITTO,))))

    dittos = [found[place] for place in DITTOS]
    assert {one.cell.state for one in dittos if one.cell} == {CellState.DITTO}
    assert {(one.text, one.digits, one.value, one.state) for one in dittos} == {('"', "", None, State.ACCEPTED)}
    assert {place: found[place].digits for place in NUMBERS} == NUMBERS


def test_a_ditto_is_for_a_person_where_the_layout_does_not_allow_it() -> None:
    found = cells(with_dittos(), FORM.layout(Holds(digits=(1, 4))))

    assert {found[place].state for place in DITTOS} == {State.REVIEW}


def test_no_ditto_is_accepted_as_a_number_where_there_is_no_layout() -> None:
    found = cells(with_dittos())

    assert [found[place].digits for place in DITTOS if place in found and found[place].state is State.ACCEPTED] == []
    assert found["1", "5"].state is State.ACCEPTED
