"""The sums over all paths, against the paths themselves."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from digit_core.columns import Floats, Scored, best_text, stacked

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
    scored = Scored(stacked([columns(seed)]), [text])

    assert np.isclose(np.exp(scored.log_likelihoods[0]), likelihood(columns(seed), text), atol=1e-11)


@settings(max_examples=10)
@given(seeds, st.text("0123", min_size=2, max_size=2), st.integers(0, 1))
def test_a_substitute_is_as_likely_as_the_text_with_it(seed: int, text: str, place: int) -> None:
    found = Scored(stacked([columns(seed)]), [text]).substitutes()[0, place]

    others = [text[:place] + str(digit) + text[place + 1 :] for digit in range(10)]
    expected = np.array([likelihood(columns(seed), other) for other in others])
    assert np.allclose(found, expected / expected.sum(), atol=1e-9)


@settings(max_examples=20)
@given(seeds, seeds)
def test_strips_do_not_disturb_each_other(seed: int, other: int) -> None:
    alone = Scored(stacked([columns(seed)]), ["12"])
    beside = Scored(stacked([columns(seed), columns(other, 9)]), ["12", "345"])

    assert np.isclose(alone.log_likelihoods[0], beside.log_likelihoods[0])
    assert np.allclose(alone.substitutes()[0], beside.substitutes()[0, :2], atol=1e-6)


def test_the_best_text_follows_the_surest_columns() -> None:
    surest = [0, 4, 4, 0, 4, 1, 0]

    assert best_text(np.eye(11)[surest] + 0.01) == "330"


def test_a_digit_stands_where_its_columns_are() -> None:
    surest = [0, 0, 8, 8, 8, 0, 0, 0, 2, 0]

    middles = Scored(stacked([np.eye(11)[surest] * 0.9 + 0.01]), ["71"]).middles()

    assert np.allclose(middles[0], [3, 8], atol=0.5)
