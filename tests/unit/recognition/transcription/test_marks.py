"""Marks are part of a number: which ones stand there, and how sure that is."""

from __future__ import annotations

import numpy as np
import pytest

from digit_core.inference.network_spec import CHARACTERS, CLASSES, NOTHING
from digit_core.recognition.detections import Characters
from digit_core.recognition.transcription.marks import Asked, Written, written

SURE = 0.97


def columns_of(text: str, doubts: dict[int, tuple[str, float]] | None = None) -> np.ndarray:
    """Columns that say a text, one column between its characters; doubts: by place another character ("" for none), its share."""
    columns = np.full((2 * len(text) + 1, CLASSES), 1e-9)
    columns[:, 0] = 1
    for place, character in enumerate(text):
        other, share = (doubts or {}).get(place, ("", 1e-6))
        columns[2 * place + 1, 0] = 1e-9
        columns[2 * place + 1, CHARACTERS.index(character) + 1] = 1 - share
        columns[2 * place + 1, CHARACTERS.index(other) + 1 if other else 0] = share
    return columns / columns.sum(axis=1, keepdims=True)


def characters_at(*found: tuple[str, float, float]) -> Characters:
    """Marks as the detector sees them: (character, middle in x, probability)."""
    boxes = np.array([(x - 2, 28, x + 2, 32) for _, x, _ in found], np.float32).reshape(-1, 4)
    probabilities = np.zeros((len(found), NOTHING + 1), np.float32)
    for row, (character, _, probability) in enumerate(found):
        probabilities[row, CHARACTERS.index(character)] = probability
        probabilities[row, NOTHING] = 1 - probability
    return Characters(boxes, probabilities, np.zeros(len(found), np.float32))


def number(
    digits: str,
    said: np.ndarray,
    *detected: tuple[str, float, float],
    gap_before: dict[int, float] | None = None,
    second: np.ndarray | None = None,
    again: np.ndarray | None = None,
) -> Written:
    """Digits 20 wide and 10 apart; the first from 0 to 20. said, again: columns of the two strips."""
    lefts = [30 * i + sum(extra for place, extra in (gap_before or {}).items() if place <= i) for i in range(len(digits))]
    boxes = np.array([(left, 0, left + 20, 30) for left in lefts], np.float32)
    columns = said, said if again is None else again
    (found,) = written([Asked(digits, boxes, characters_at(*detected), columns, second=second)])
    return found


def test_a_point_that_detector_and_strips_see_is_written_and_sure() -> None:
    found = number("679", columns_of("67.9"), (".", 55, 0.98))

    assert found.text == "67.9"
    assert found.sureness > SURE


def test_a_point_that_the_detector_hardly_sees_and_the_strips_do_not_is_none() -> None:
    for seen in (0.2, 0.75):
        found = number("0936", columns_of("0936", {1: ("", 0.2)}), (".", 25, seen))

        assert found.text == "0936"
        assert found.sureness <= 0.5


@pytest.mark.parametrize("detected", [[(".", 25, 0.6)], [(".", 25, 0.99)], [("-", -8, 0.95)]])
def test_a_mark_that_the_detector_alone_sees_is_never_sure(detected: list[tuple[str, float, float]]) -> None:
    assert number("0936", columns_of("0936", {1: ("", 0.01)}), *detected).sureness < SURE


@pytest.mark.parametrize(("digits", "text"), [("70045", "700,45"), ("70045", "700.45"), ("92", "-92")])
def test_a_point_or_a_sign_that_the_strips_alone_see_is_written_and_never_sure(digits: str, text: str) -> None:
    found = number(digits, columns_of(text))

    assert found.text == text
    assert found.sureness <= 0.5


@pytest.mark.parametrize("text", ["20/1/1944", "10:27", "86¾", "8°43'", "12½"])
def test_marks_that_the_detector_was_never_taught_stand_on_the_word_of_the_strips(text: str) -> None:
    found = number("".join(filter(str.isdecimal, text)), columns_of(text))

    assert found.text == text
    assert found.sureness > SURE


def test_a_comma_is_seen_as_a_point_by_the_detector_and_as_what_it_is_by_the_strips() -> None:
    found = number("2269", columns_of("226,9"), (".", 85, 0.97))

    assert found.text == "226,9"
    assert found.sureness > SURE


def test_the_two_points_of_a_time_are_seen_twice_by_the_detector() -> None:
    found = number("1936", columns_of("19:36"), (".", 55, 0.7), (".", 56, 0.8))

    assert found.text == "19:36"


def test_a_mark_that_may_be_another_one_is_as_unsure_as_it_looks() -> None:
    clear, doubtful = (number("226", columns_of("22/6", {2: (":", share)})) for share in (1e-6, 0.4))

    assert clear.sureness > SURE > doubtful.sureness


def test_a_point_that_the_strips_hardly_see_makes_the_number_unsure() -> None:
    columns = columns_of("22.6", {2: ("", 0.9)})

    found = number("226", columns)

    assert found.text == "226"
    assert found.sureness < SURE


def test_what_the_alphabet_does_not_hold_stands_in_the_text() -> None:
    assert number("72", columns_of("7?2")).text == "7?2"


def test_strips_that_count_other_digits_say_nothing_of_the_marks() -> None:
    assert number("47", columns_of("4/17")).text == "47"


def test_a_gap_parts_a_whole_number_from_the_fraction_behind_it() -> None:
    assert number("1212", columns_of("121/2"), gap_before={2: 12}).text == "12 1/2"
    assert number("1212", columns_of("121/2")).text == "121/2"
    assert number("312", columns_of("31/2"), gap_before={1: 12}).text == "3 1/2"
    assert number("12", columns_of("1/2")).text == "1/2"


def test_many_numbers_are_decided_at_once_each_by_itself() -> None:
    texts = ["7", "1.5", "12/7/1994", "33"]
    boxes = [np.array([(30 * i, 0, 30 * i + 20, 30) for i in range(sum(map(str.isdecimal, text)))], np.float32) for text in texts]
    asked = [
        Asked("".join(filter(str.isdecimal, text)), own, characters_at(), (columns_of(text),))
        for text, own in zip(texts, boxes, strict=True)
    ]

    assert [one.text for one in written(asked)] == texts
    assert written([]) == []


def test_a_number_with_more_doubts_than_can_be_weighed_is_still_decided() -> None:
    text = ".".join("1234567890")

    found = number("1234567890", columns_of(text), *((".", 25 + 30 * i, 0.5) for i in range(9)))

    assert found.text == text
    assert found.sureness < SURE


def test_a_gap_wider_than_all_others_parts_the_number_and_leaves_doubt() -> None:
    found = number("375", columns_of("375"), gap_before={1: 12})

    assert found.text == "3 75"
    assert found.sureness <= 0.5


def test_wide_gaps_between_all_digits_are_a_wide_hand() -> None:
    found = number("375", columns_of("375"), gap_before={1: 12, 2: 12})

    assert found.text == "375"
    assert found.sureness > SURE


def test_a_mark_in_the_wide_gap_explains_it() -> None:
    found = number("375", columns_of("3.75"), (".", 30, 0.98), gap_before={1: 12})

    assert found.text == "3.75"
    assert found.sureness > SURE


@pytest.mark.parametrize(("digits", "text"), [("70045", "700,45"), ("92", "-92")])
def test_a_mark_that_strips_and_second_reader_see_is_sure_though_the_detector_missed_it(digits: str, text: str) -> None:
    found = number(digits, columns_of(text), second=columns_of(text))

    assert found.text == text
    assert found.sureness > SURE


def test_a_point_that_detector_and_second_reader_see_is_sure_though_a_strip_missed_it() -> None:
    found = number("679", columns_of("67.9"), (".", 55, 0.9), second=columns_of("67.9"), again=columns_of("679", {1: ("", 0.3)}))

    assert found.text == "67.9"
    assert found.sureness > SURE


@pytest.mark.parametrize("second", ["700.45", "-70045"])
def test_a_mark_that_the_second_reader_alone_sees_is_never_sure(second: str) -> None:
    assert number("70045", columns_of("70045"), second=columns_of(second)).sureness <= 0.5


@pytest.mark.parametrize("seen", [0.3, 0.9])
def test_a_point_that_the_detector_alone_sees_leaves_doubt_whatever_both_readers_say(seen: float) -> None:
    assert number("0936", columns_of("0936"), (".", 25, seen), second=columns_of("0936")).sureness <= 0.5


@pytest.mark.parametrize(("one", "other"), [("22.6", "22,6"), ("226.", "226")])
def test_it_does_not_matter_which_of_two_texts_of_one_value_is_written(one: str, other: str) -> None:
    found = number("226", columns_of(one), again=columns_of(other), second=columns_of(one))

    assert found.text in (one, other)
    assert found.sureness > SURE


def test_it_matters_whether_a_mark_is_a_decimal_or_parts_thousands() -> None:
    found = number("1234", columns_of("1.234"), (".", 25, 0.98), again=columns_of("1,234"))

    assert found.sureness < SURE
