"""Two small figures over each other behind a higher one are a fraction, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from digit_core.inference.network_spec import CHARACTERS, NOTHING
from digit_core.recognition.detections import Characters, text_of
from digit_core.recognition.transcription.fractions import with_fractions, without_pieces
from digit_core.recognition.transcription.fusion import FoundNumber

Seen = tuple[str, float, float, float, float]


def seen(*characters: Seen, sure: float = 0.95) -> Characters:
    """Characters at (left, top, right, bottom)."""
    probabilities = np.full((len(characters), NOTHING + 1), (1 - sure) / NOTHING, np.float32)
    for row, (character, *_) in enumerate(characters):
        probabilities[row, CHARACTERS.index(character)] = sure
    boxes = np.array([box for _, *box in characters], np.float32).reshape(-1, 4)
    return Characters(boxes, probabilities, np.linspace(0.1, 0.2, len(characters)).astype(np.float32))


WHOLE: list[Seen] = [("1", 0, 0, 12, 40), ("8", 16, 0, 40, 40)]


@pytest.mark.parametrize(("upper", "lower", "fraction"), [("1", "2", "½"), ("1", "4", "¼"), ("3", "4", "¾"), ("5", "8", "?")])
def test_small_figures_over_each_other_behind_a_number_are_its_fraction(upper: str, lower: str, fraction: str) -> None:
    found = with_fractions(seen(*WHOLE, (upper, 46, 0, 62, 18), (lower, 46, 26, 62, 46)))

    assert text_of(found) == f"18{fraction}"
    assert np.allclose(found.probabilities.sum(axis=1), 1, atol=1e-3)
    assert found.boxes[-1].tolist() == [46, 0, 62, 46]


def test_the_bar_of_a_fraction_is_no_dash() -> None:
    found = with_fractions(seen(*WHOLE, ("3", 46, 0, 62, 18), ("-", 44, 20, 66, 24), ("4", 46, 26, 62, 46)))

    assert text_of(found) == "18¾"


@pytest.mark.parametrize(
    "others",
    [
        [("3", 46, 0, 62, 38), ("4", 46, 44, 62, 84)],  # numbers of the next line, as high as this one
        [("3", 46, 0, 62, 18)],  # one alone
        [("3", 46, 0, 62, 18), ("4", 66, 20, 82, 40)],  # beside each other
        [("3", 120, 0, 136, 18), ("4", 120, 26, 136, 46)],  # too far away
        [("3", 46, 40, 62, 58), ("4", 46, 64, 62, 82)],  # below the line
    ],
)
def test_other_figures_stay_what_they_are(others: list[Seen]) -> None:
    characters = seen(*WHOLE, *others)

    assert with_fractions(characters) is characters


def test_a_column_of_numbers_line_under_line_holds_no_fraction() -> None:
    characters = seen(
        *((digit, 20 * i, 50 * line, 20 * i + 16, 50 * line + 40) for line in range(20) for i, digit in enumerate("374"))
    )

    assert with_fractions(characters) is characters


def test_a_page_without_a_character_holds_no_fraction() -> None:
    nothing = seen()

    assert with_fractions(nothing) is nothing


def test_each_number_has_its_own_fraction() -> None:
    row: list[Seen] = []
    for x in (0, 200):
        row += [("7", x, 0, x + 24, 40), ("1", x + 30, 0, x + 44, 18), ("2", x + 30, 26, x + 46, 46)]

    assert text_of(with_fractions(seen(*row))) == "7½7½"


def number(text: str, *boxes: tuple[float, float, float, float]) -> FoundNumber:
    return FoundNumber(np.array(boxes, np.float32), np.full((len(boxes), 11), 1 / 11, np.float32), 1.0, 0.0, text, 20.0)


def test_a_small_figure_at_a_number_with_a_fraction_is_part_of_it() -> None:
    whole, piece = number("18¼", (0, 0, 12, 40), (16, 0, 40, 40)), number("4", (46, 26, 62, 48))

    assert [one.text for one in without_pieces([piece, whole])] == ["18¼"]


def test_a_small_figure_that_nobody_has_explained_makes_its_number_doubtful() -> None:
    whole, piece = number("18", (0, 0, 12, 40), (16, 0, 40, 40)), number("4", (46, 26, 62, 48))

    assert [one.marks for one in without_pieces([whole, piece])] == [0.5, 0.5]


def test_numbers_beside_each_other_and_on_the_next_line_are_left_alone() -> None:
    numbers = [number("18", (0, 0, 12, 40), (16, 0, 40, 40)), number("4", (46, 0, 62, 40)), number("7", (20, 50, 40, 90))]

    assert without_pieces(numbers) == numbers
