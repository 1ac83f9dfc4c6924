"""Words told from numbers, by columns that are drawn here."""

from __future__ import annotations

import numpy as np
import pytest

from digit_core.inference.reader import Columns
from digit_core.inference.second_reader import SPELT
from digit_core.recognition.transcription.words import word_seen


def columns(text: str, sure: float = 0.9, rather: str = "") -> Columns:
    """Columns that see each character between gaps; rather: characters that they see instead with most of the rest, in turn."""
    found = np.full((2 * len(text) + 1, 1 + len(SPELT)), 1e-6)
    found[::2, 0] = 1.0
    for at, character in enumerate(text):
        found[2 * at + 1, SPELT.index(character) + 1] = sure
        other = SPELT.index(rather[at]) + 1 if at < len(rather) else 0
        found[2 * at + 1, other] = 1 - sure
    return found / found.sum(axis=1, keepdims=True)


def test_a_declared_word_that_is_clearly_spelt_is_that_word() -> None:
    seen = word_seen(columns("nil", 0.999), ["tr", "nil"])

    assert (seen.text, seen.is_word) == ("nil", True)
    assert seen.probability > 0.99


def test_points_in_a_word_do_not_matter_and_letters_that_follow_one_another_need_a_gap() -> None:
    assert word_seen(columns("t.r.", 0.999), ["tr"]).probability > 0.99
    assert word_seen(columns("al", 0.999), ["all"]).probability < 0.01
    assert word_seen(columns("all", 0.999), ["all"]).probability > 0.99


def test_a_number_is_no_word_though_a_letter_looks_like_one_of_its_digits() -> None:
    seen = word_seen(columns("110", 0.6, rather="lio"), ["nil"])

    assert not seen.is_word
    assert seen.probability < 0.01


def test_a_word_that_is_not_declared_is_a_word_but_none_of_the_declared() -> None:
    seen = word_seen(columns("snow", 0.999), ["tr", "nil"])

    assert seen.is_word
    assert seen.probability < 0.01


@pytest.mark.parametrize(("sure", "certain"), [(0.999, True), (0.6, False), (0.4, False)])
def test_a_word_that_may_as_well_be_another_is_not_certain(sure: float, certain: bool) -> None:
    seen = word_seen(columns("tr", sure, rather="ta"[::-1]), ["tr", "at"])

    assert (seen.probability > 0.97) is certain


def test_words_of_letters_that_are_not_known_are_never_read() -> None:
    assert word_seen(columns("tr", 0.999), ["дождь"]).text == ""
    assert word_seen(columns("tr", 0.999), []).is_word
