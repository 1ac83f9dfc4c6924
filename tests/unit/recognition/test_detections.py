"""Cells of the detector become characters: peaks that are likely enough, without the less likely ones that they cover."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from digit_core.inference.network_spec import CHARACTERS, FULL, NOTHING, OTHER, OUTPUTS
from digit_core.recognition.detections import characters, overlapping

CLEAR = 9.0
"""Score of a character that is certainly there; bare paper has as much for nothing."""


def paper(rows: int, columns: int) -> NDArray[np.float32]:
    cells = np.zeros((rows, columns, OUTPUTS), np.float32)
    cells[..., NOTHING] = CLEAR
    return cells


def put(cells: NDArray[np.float32], row: int, column: int, character: str, score: float) -> None:
    cells[row, column, NOTHING] = 0.0
    cells[row, column, CHARACTERS.index(character)] = score


def test_bare_paper_has_no_characters() -> None:
    assert len(characters(paper(20, 30))) == 0


def test_each_peak_is_a_character_in_the_middle_of_its_cell_and_the_likeliest_comes_first() -> None:
    cells = paper(20, 30)
    put(cells, 4, 6, "7", 5.0)
    put(cells, 15, 20, ".", 8.0)

    found = characters(cells)

    assert [CHARACTERS[i] for i in found.best] == [".", "7"]
    assert ((found.boxes[:, :2] + found.boxes[:, 2:]) / 2).tolist() == [[82.0, 62.0], [26.0, 18.0]]


@pytest.mark.parametrize(
    ("character", "score", "seen"), [("7", -0.3, True), ("7", -1.0, False), (".", -1.0, True), (".", -2.5, False)]
)
def test_a_mark_needs_less_probability_than_a_digit(character: str, score: float, seen: bool) -> None:
    cells = paper(8, 8)
    cells[4, 4, :NOTHING] = -20.0
    put(cells, 4, 4, character, score)

    assert len(characters(cells)) == seen


def test_another_character_is_none_of_ours() -> None:
    cells = paper(8, 8)
    put(cells, 4, 4, OTHER, CLEAR)

    assert len(characters(cells, FULL)) == 0


def test_a_less_likely_character_that_a_likelier_one_covers_is_dropped_and_what_only_that_one_covered_stays() -> None:
    cells = paper(10, 40)
    for column, score in ((10, 8.0), (12, 7.0), (14, 6.0)):  # each box is 16 wide, each next one 8 further
        put(cells, 5, column, "1", score)
    cells[..., NOTHING + 1 : NOTHING + 5] = np.log(5 / 4)  # boxes of 20 x 20: neighbours share 12 of 20, others 4

    found = characters(cells)

    assert ((found.boxes[:, 0] + found.boxes[:, 2]) / 2).tolist() == [42.0, 58.0]


def test_pairs_of_boxes_that_begin_within_each_other_are_all_told() -> None:
    lefts = np.sort(np.random.default_rng(3).uniform(0, 60, 40)).astype(np.float32)
    boxes = np.stack([lefts, lefts, lefts + 7, lefts], axis=1)

    a, b = overlapping(boxes)

    expected = {(i, j) for i in range(40) for j in range(i + 1, 40) if boxes[j, 0] < boxes[i, 2]}
    assert set(zip(a.tolist(), b.tolist(), strict=True)) == expected
