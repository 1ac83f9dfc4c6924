"""The sums over all paths, against the paths themselves."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digit_core.recognition.transcription.ctc import Floats, aligned, best_text, log_likelihoods

LENGTH = 4


def written_by(path: tuple[int, ...]) -> str:
    """What a path through the columns writes: repetitions melt, nothing (0) parts them."""
    return "".join(str(c - 1) for i, c in enumerate(path) if c and (i == 0 or path[i - 1] != c))


PATHS = list(product(range(11), repeat=LENGTH))
WRITTEN = [written_by(path) for path in PATHS]


def likelihood(columns: Floats, text: str) -> float:
    chosen = [path for path, written in zip(PATHS, WRITTEN, strict=True) if written == text]
    return float(sum(np.prod([columns[i, c] for i, c in enumerate(path)]) for path in chosen))


def columns(seed: int, length: int = LENGTH) -> Floats:
    return np.asarray(np.random.default_rng(seed).dirichlet(np.full(11, 0.4), length))


texts = st.text("0123", max_size=2)
seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=20)
@given(seeds, texts)
def test_the_likelihood_of_a_text_is_the_sum_over_all_paths_that_write_it(seed: int, text: str) -> None:
    (found,) = log_likelihoods([columns(seed)], [text])

    assert np.isclose(np.exp(found), likelihood(columns(seed), text), atol=1e-11)


@settings(max_examples=10)
@given(seeds, st.text("0123", min_size=2, max_size=2), st.integers(0, 1))
def test_a_substitute_is_as_likely_as_the_text_with_it(seed: int, text: str, place: int) -> None:
    found = aligned([columns(seed)], [text])[0].substitutes[place]

    others = [text[:place] + str(digit) + text[place + 1 :] for digit in range(10)]
    expected = np.array([likelihood(columns(seed), other) for other in others])
    assert np.allclose(found, expected / expected.sum(), atol=1e-9)


@settings(max_examples=20)
@given(seeds, seeds)
def test_strips_do_not_disturb_each_other(seed: int, other: int) -> None:
    (alone,) = aligned([columns(seed)], ["12"])
    beside, _ = aligned([columns(seed), columns(other, 9)], ["12", "345"])

    assert np.isclose(alone.log_likelihood, beside.log_likelihood)
    assert np.allclose(alone.substitutes, beside.substitutes, atol=1e-6)


def test_the_best_text_follows_the_surest_columns() -> None:
    surest = [0, 4, 4, 0, 4, 1, 0]

    assert best_text(np.eye(11)[surest] + 0.01) == "330"


def test_a_digit_stands_where_its_columns_are() -> None:
    surest = [0, 0, 8, 8, 8, 0, 0, 0, 2, 0]

    (found,) = aligned([np.eye(11)[surest] * 0.9 + 0.01], ["71"])

    assert np.allclose(found.middles, [3, 8], atol=0.5)


@settings(max_examples=10)
@given(seeds, texts, st.integers(0, 40))
def test_scoring_alone_and_laying_along_say_the_same_likelihood(seed: int, text: str, more: int) -> None:
    strip = columns(seed, LENGTH + more)

    assert np.isclose(aligned([strip], [text])[0].log_likelihood, log_likelihoods([strip], [text])[0])


@pytest.mark.parametrize("width", [2_000, 10_000])
def test_in_a_strip_of_any_width_the_text_that_stands_there_is_likelier_than_others(width: int) -> None:
    strip = np.full((width, 11), 1e-4)
    strip[:, 0] = 0.5
    strip[[width // 3, width // 2], [5, 8]] = 0.9

    there, other, nothing = log_likelihoods([strip] * 3, ["47", "48", ""])

    assert there > other > -np.inf
    assert there > nothing > -np.inf
    assert np.allclose(aligned([strip], ["47"])[0].middles, [width // 3, width // 2], atol=0.2 * width)


def test_texts_that_a_strip_does_not_bear_at_all_are_still_told_apart() -> None:
    blank = np.zeros((200, 11))
    blank[:, 0] = 1
    speck = blank.copy()
    speck[100, 3] = 0.5

    likely = log_likelihoods([blank, speck, blank], ["2" * 40, "2" * 40, "2" * 41])

    assert likely[1] > likely[0] > likely[2] > -np.inf


@settings(max_examples=10)
@given(seeds, st.lists(st.tuples(st.integers(4, 300), st.text("0123456789", max_size=6)), min_size=2, max_size=12))
def test_how_strips_are_put_together_changes_nothing(seed: int, strips: list[tuple[int, str]]) -> None:
    drawn = [columns(seed + i, width) for i, (width, _) in enumerate(strips)]
    texts_ = [text for _, text in strips]

    together = log_likelihoods(drawn, texts_)

    assert np.allclose(together, [log_likelihoods([one], [text])[0] for one, text in zip(drawn, texts_, strict=True)])
