"""Probability that a sum of read values lies in a band, with each value in turn taken as given: meet in the middle.

Horowitz and Sahni, "Computing partitions with applications to the knapsack problem" (JACM 21, 1974): the terms are split into two
halves, the likeliest choices of each half are listed, and sorted sums find the partners of each in the other. A choice is listed
as its deviations: the terms that do not take their likeliest value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

TOLERANCE = 1e-6
"""Least probability of a listed choice, relative to the likeliest choice of its half."""

MOST = 4096
"""Greatest number of listed choices of one half; with more the tolerance is raised."""

LEAST_ODDS = 1e-4
"""Least odds of a deviation in listing choices: what is almost ruled out now may still come back."""

FEW = 1e-4
"""Choices that are not listed are ignored if they are less likely than this together."""

_TINY = 1e-30


@dataclass(frozen=True, slots=True)
class _Deviations:
    """Alternatives to the terms' likeliest values, likeliest first; every array has shape (d,)."""

    term: Ints
    column: Ints
    odds: Floats  # relative to the term's likeliest value
    step: Ints  # change of the sum

    def part(self, terms: Flags) -> _Deviations:
        inside = terms[self.term]
        return _Deviations(self.term[inside], self.column[inside], self.odds[inside], self.step[inside])


@dataclass(frozen=True, slots=True)
class _Choices:
    """The likeliest choices of one half, shape (m,), relative to its likeliest one; `owners` and `members`: which choice has
    which deviation."""

    sums: Ints
    weights: Floats
    owners: Ints
    members: Ints

    def moments(self) -> tuple[float, float]:
        """Return mean and variance of the sums."""
        mean = float(np.average(self.sums, weights=self.weights))
        return mean, float(np.average((self.sums - mean) ** 2, weights=self.weights))


def chances(shares: Floats, values: Ints, known: Flags, low: int, high: int) -> Floats:
    """Return for every term and value the chance that the other terms bring the sum into low..high.

    shares, values, known, and the result: shape (terms, columns); the probability of a value, what it adds to the sum, and
    whether there is such a value. Every term needs one; the probabilities of a term may add up to less than 1.
    """
    shares = np.where(known, np.maximum(shares, _TINY), 0)
    rows, best = np.arange(len(shares)), shares.argmax(axis=1)
    odds = shares / shares[rows, best][:, None]
    steps = np.where(known, values - values[rows, best][:, None], 0)
    middle = int(values[rows, best].sum())
    band = low - middle, high - middle
    halves = _halves(_deviations(odds, steps, known, best), len(shares))
    choices = [_choices(half) for half in halves]
    whole = np.log(odds.sum(axis=1))
    found = _listed(halves, choices, band, odds, best) * np.exp(-whole.sum() + whole)[:, None]
    found += _unlisted(odds / odds.sum(axis=1, keepdims=True), steps, choices, band, float(whole.sum()))
    complete = np.log(shares.sum(axis=1))
    return np.where(known, found * np.exp(complete.sum() - complete)[:, None], 0)


def _listed(halves: list[_Deviations], choices: list[_Choices], band: tuple[int, int], odds: Floats, best: Ints) -> Floats:
    """Return the weight of all listed choices of the other terms with which the sum is in the band, relative to the likeliest
    choice."""
    found = np.zeros(odds.shape)
    for half, one, other in zip(halves, choices, reversed(choices), strict=True):
        matched = _matched(one, other, *band)
        found[half.term, half.column] = np.bincount(one.members, matched[one.owners], len(half.term))
    rows = np.arange(len(odds))
    found[rows, best] = np.maximum(matched.sum() - found.sum(axis=1), 0)
    return np.asarray(found / np.where(odds > 0, odds, 1))


def _unlisted(shares: Floats, steps: Ints, choices: list[_Choices], band: tuple[int, int], whole: float) -> Floats:
    """Return the chance of the band by the choices that were not listed, approximated as normal: they are many.

    shares: those of each term add up to 1; whole: the logarithm of the weight of all choices.
    """
    missing = 1 - float(np.exp(-whole)) * choices[0].weights.sum() * choices[1].weights.sum()
    if missing < FEW:
        return np.zeros(shares.shape)
    means = (shares * steps).sum(axis=1)
    spreads = (shares * steps.astype(float) ** 2).sum(axis=1) - means**2
    (left, left_spread), (right, right_spread) = (one.moments() for one in choices)
    mean = (means.sum() - (1 - missing) * (left + right)) / missing
    squares = spreads.sum() + means.sum() ** 2 - (1 - missing) * (left_spread + right_spread + (left + right) ** 2)
    spread = np.maximum(squares / missing - mean**2 - spreads, 1)
    scale = np.sqrt(spread)[:, None]
    centre = (mean - means)[:, None] + steps
    return np.asarray(missing * (ndtr((band[1] + 0.5 - centre) / scale) - ndtr((band[0] - 0.5 - centre) / scale)))


def _deviations(odds: Floats, steps: Ints, known: Flags, best: Ints) -> _Deviations:
    others = known.copy()
    others[np.arange(len(best)), best] = False
    term, column = np.nonzero(others)
    order = np.argsort(-odds[term, column], kind="stable")
    term, column = term[order], column[order]
    return _Deviations(term, column, odds[term, column], steps[term, column])


def _halves(deviations: _Deviations, terms: int) -> list[_Deviations]:
    """Split the terms alternately, most doubtful first, so that both halves have as many likely choices."""
    doubt = np.bincount(deviations.term, np.sqrt(deviations.odds), minlength=terms)
    first = np.zeros(terms, np.bool_)
    first[np.argsort(-doubt, kind="stable")[::2]] = True
    return [deviations.part(first), deviations.part(~first)]


def _choices(deviations: _Deviations) -> _Choices:
    tolerance = TOLERANCE
    while (sets := _sets(deviations, tolerance)) is None:
        tolerance *= 4
    counts = np.concatenate([np.full(len(level), level.shape[1]) for level in sets])
    return _Choices(
        np.concatenate([deviations.step[level].sum(axis=1) for level in sets]),
        np.concatenate([deviations.odds[level].prod(axis=1) for level in sets]),
        np.repeat(np.arange(len(counts)), counts),
        np.concatenate([level.ravel() for level in sets]),
    )


def _sets(deviations: _Deviations, tolerance: float) -> list[Ints] | None:
    """Return sets of deviations of different terms, those of each size as one array (m, size); None where they are too many."""
    counted = np.maximum(deviations.odds, LEAST_ODDS)
    level = np.zeros((1, 0), np.int64)
    weight, following = np.ones(1), np.zeros(1, np.int64)
    sets, room = [level], MOST
    while len(level):
        ends = np.searchsorted(-counted, -tolerance / weight, side="right")
        counts = np.maximum(ends - following, 0)
        if (room := room - int(counts.sum())) < 0:
            return None
        parent = np.repeat(np.arange(len(level)), counts)
        added = np.arange(len(parent)) - np.repeat(np.cumsum(counts) - counts - following, counts)
        other = (deviations.term[level[parent]] != deviations.term[added][:, None]).all(axis=1)
        parent, added = parent[other], added[other]
        level = np.column_stack([level[parent], added])
        weight, following = weight[parent] * counted[added], added + 1
        sets.append(level)
    return sets[:-1]


def _matched(one: _Choices, other: _Choices, low: int, high: int) -> Floats:
    """Return the weight of each choice together with all its partners in the other half."""
    order = np.argsort(other.sums)
    sums = other.sums[order]
    weights = np.concatenate([[0.0], np.cumsum(other.weights[order])])
    ends = np.searchsorted(sums, high - one.sums, side="right")
    starts = np.searchsorted(sums, low - one.sums, side="left")
    return np.asarray(one.weights * np.maximum(weights[ends] - weights[starts], 0))
