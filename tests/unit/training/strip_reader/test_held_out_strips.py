"""Counting right and wrong on strips: the strips here are drawn, and what is said to stand on them is sometimes a lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digit_core.inference.reader import OnnxReader
from digit_core.recognition.pipeline import PageReader
from digit_core.synthesis.pen import draw_number, make_writer
from digit_core.synthesis.training_images import CharacterPlace, Sample
from digit_core.training.strip_reader.held_out_strips import (
    LabelledStrip,
    clean_strips,
    evaluate_digits,
    evaluate_strips,
    legible,
)


class Undecided:
    """A classifier that has no opinion."""

    version = "test"

    def __call__(self, crops: np.ndarray) -> np.ndarray:
        return np.full((len(crops), 11), 1 / 11, np.float32)


@pytest.fixture(scope="module")
def reader() -> PageReader:
    return PageReader(OnnxReader(), Undecided())


def paper(text: str) -> LabelledStrip:
    ink, boxes = draw_number(text, make_writer(3), 40, np.random.default_rng(0))
    strip = np.pad(ink, 12)
    places = tuple((int(d), box.x + 12.0, box.right + 12.0) for d, box in zip(text, boxes, strict=True))
    return LabelledStrip((250 - strip * 0.9).astype(np.uint8), places)


def test_digits_that_stand_where_they_are_said_to_stand_are_right(reader: PageReader) -> None:
    answers = evaluate_digits(iter([paper("358"), paper("2047")]), reader)

    assert answers.right.tolist() == [True] * 7
    assert answers.confidence.min() > 0.3


def test_a_figure_taken_for_another_is_wrong_and_its_neighbours_are_not(reader: PageReader) -> None:
    true = paper("358")
    lie = replace(true, places=(true.places[0], (9, *true.places[1][1:]), true.places[2]))

    assert evaluate_digits(iter([lie]), reader).right.tolist() == [True, False, True]


def test_a_digit_that_was_missed_is_wrong_and_as_sure_as_the_least_sure_of_its_number(reader: PageReader) -> None:
    true = paper("358")
    more = replace(true, places=(*true.places, (7, true.scan.shape[1] + 10.0, true.scan.shape[1] + 30.0)))

    answers = evaluate_digits(iter([more]), reader)

    assert answers.right.tolist() == [True, True, True, False]
    assert answers.confidence[3] == answers.confidence[:3].min()


def test_what_is_read_where_nothing_stands_is_wrong(reader: PageReader) -> None:
    assert evaluate_digits(iter([replace(paper("35"), places=())]), reader).right.tolist() == [False, False]


def test_marks_tell_exact_numbers_from_numbers_of_the_right_length(reader: PageReader) -> None:
    true, other = paper("358"), paper("2047")
    lie = replace(other, places=tuple((1, left, right) for _, left, right in other.places))

    marks = evaluate_strips([true, lie], reader)

    assert (marks.exact, marks.length) == (0.5, 1.0)
    assert marks.digits == pytest.approx(3 / 7)


def test_every_digit_is_used_once_on_clean_strips() -> None:
    images = np.zeros((12, 28, 28), np.uint8)

    papers = list(clean_strips((images, np.arange(12) % 10), np.random.default_rng(0)))

    assert sorted("".join(p.digits for p in papers)) == sorted("".join(str(i % 10) for i in range(12)))
    assert all(p.scan.shape == (32, 4 * 22 + 12) for p in papers)


def test_a_digit_without_ink_or_without_a_place_of_its_own_is_not_asked_for() -> None:
    pixels = np.zeros((40, 80), np.uint8)
    pixels[8:32, 10:22] = 200

    def scrap(*lefts: int) -> Sample:
        return Sample(pixels, "1" * len(lefts), tuple(CharacterPlace("1", x, 8, x + 12, 32, False) for x in lefts))

    assert legible(scrap(10))
    assert not legible(scrap(10, 40))
    assert not legible(scrap(10, 11))
