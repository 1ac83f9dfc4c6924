"""Print against handwriting by the page as a whole: on numbers that are made up, and on pages."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from digit_core.inference.reader import OnnxReader
from digit_core.params import SegmentationParams
from digit_core.recognition import print_detection
from digit_core.recognition.pipeline import find_digits
from digit_core.recognition.print_detection import by_likes, told_by_page, with_page_prior
from digit_core.records import Box, NumberString, PageDigits, PageImage
from digit_core.synthesis.glyph_bank import printed as type_


def odds(*probabilities: float) -> np.ndarray:
    return np.array([np.log(p / (1 - p)) for p in probabilities])


def shapes(seed: int, count: int) -> np.ndarray:
    """Crops of shapes that have nothing to do with each other."""
    noise = np.random.default_rng(seed).integers(0, 256, (count, 5, 5)).astype(np.uint8)
    return np.stack([np.pad(cv2.resize(one, (20, 20), interpolation=cv2.INTER_CUBIC), 4) for one in noise])


def page_of(printed: list[float], crops: np.ndarray, digit: int = 0) -> PageDigits:
    """A page with a number of one digit for each crop."""
    numbers = tuple(NumberString(line, (Box(10, 40 * line, 20, 30),), printed=p) for line, p in enumerate(printed))
    evidence = np.zeros((len(printed), 11), np.float32)
    evidence[:, digit] = 1
    return PageDigits(numbers, crops, evidence=evidence)


def told(found: PageDigits) -> list[float]:
    return [number.printed for number in told_by_page(found).numbers]


def test_on_a_page_full_of_print_what_is_in_doubt_is_print_and_among_handwriting_it_is_not() -> None:
    among_print = with_page_prior(odds(*[0.99] * 40, 0.5))
    among_writing = with_page_prior(odds(*[0.01] * 40, 0.5))

    assert among_print[-1] > 0.8
    assert among_writing[-1] < 0.3


def test_a_lone_number_keeps_about_its_own_odds() -> None:
    (alone,) = told(page_of([0.3], shapes(1, 1)))

    assert alone == pytest.approx(0.3, abs=0.05)


def test_a_page_full_of_print_leaves_room_for_a_note_by_hand() -> None:
    among_print = with_page_prior(odds(*[0.999] * 500, 0.01))

    assert among_print[-1] < 0.5


def test_a_figure_that_is_taken_for_handwriting_is_print_when_its_likes_are() -> None:
    one_type, others = np.repeat(shapes(1, 1), 9, axis=0), shapes(2, 9)

    repeated = by_likes(odds(*[0.9] * 8, 0.2), np.arange(9), np.zeros(9, np.intp), one_type)
    alone = by_likes(odds(*[0.9] * 8, 0.2), np.arange(9), np.zeros(9, np.intp), others)

    assert repeated[-1] > 1
    assert alone[-1] == pytest.approx(odds(0.2)[0], abs=0.05)


def test_likes_are_looked_for_among_the_same_digit_of_other_numbers() -> None:
    one_type = np.repeat(shapes(1, 1), 4, axis=0)

    other_digits = by_likes(odds(0.9, 0.9, 0.9, 0.2), np.arange(4), np.arange(4), one_type)
    one_number = by_likes(odds(0.2), np.zeros(4, np.intp), np.zeros(4, np.intp), one_type)

    assert other_digits[-1] == pytest.approx(odds(0.2)[0])
    assert one_number[0] == pytest.approx(odds(0.2)[0])


def test_a_figure_that_the_page_repeats_is_rather_print() -> None:
    repeated = by_likes(odds(*[0.5] * 9), np.arange(9), np.zeros(9, np.intp), np.repeat(shapes(1, 1), 9, axis=0))

    assert (repeated > 0.3).all()


def test_a_digit_is_compared_with_a_sample_where_there_are_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    crops, owner, digits = np.repeat(shapes(1, 1), 50, axis=0), np.arange(50), np.zeros(50, np.intp)
    alone = odds(*np.linspace(0.3, 0.9, 50))
    whole = by_likes(alone, owner, digits, crops)

    monkeypatch.setattr(print_detection, "_COMPARED", 10)
    monkeypatch.setattr(print_detection, "_ROWS", 7)
    sampled = by_likes(alone, owner, digits, crops)

    assert sampled.shape == whole.shape
    assert np.abs(sampled - whole).max() < 0.8


def test_nothing_but_print_is_changed_and_the_order_of_numbers_does_not_matter() -> None:
    page = page_of([0.9, 0.2, 0.6, 0.05], np.concatenate([shapes(1, 1), shapes(1, 1), shapes(2, 2)]))
    turned = PageDigits(page.numbers[::-1], page.crops[::-1].copy(), evidence=page.evidence)

    found = told_by_page(page)

    assert told(turned)[::-1] == pytest.approx(told(page))
    assert [replace(n, printed=0.0) for n in found.numbers] == [replace(n, printed=0.0) for n in page.numbers]
    assert found.crops is page.crops


def test_a_page_without_numbers_and_one_without_evidence_stay_as_they_are() -> None:
    empty = PageDigits((), np.zeros((0, 28, 28), np.uint8), evidence=np.zeros((0, 11), np.float32))
    bare = replace(page_of([0.4], shapes(1, 1)), evidence=None)

    assert told_by_page(empty) is empty
    assert told_by_page(bare) is bare


def test_a_printed_table_is_told_from_handwriting_number_by_number() -> None:
    page = np.full((900, 700), 240, np.uint8)
    rng = np.random.default_rng(3)
    for row in range(18):
        for column in range(4):
            x = 60 + 160 * column
            for digit in str(rng.integers(100, 1000)):
                ink = type_(digit, 5, 34)
                assert ink is not None
                h, w = ink.shape
                page[60 + 45 * row - h : 60 + 45 * row, x : x + w] -= (ink * 0.85).astype(np.uint8)
                x += w + 4

    found = find_digits(PageImage(page), SegmentationParams(), OnnxReader())

    assert len(found.numbers) > 60
    assert all(number.printed > 0.5 for number in found.numbers)
