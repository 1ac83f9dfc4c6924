"""Message of one linear relation to each of its terms, given the beliefs about all others.

Two methods complement each other: sums of read values are few and exact (`enumeration`), sums with something else in them are
many and smooth (`convolution`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digit_core.layouts.arithmetic.convolution import SumDistribution
from digit_core.layouts.arithmetic.enumeration import Flags, Floats, Ints, chances


class Sum:
    """One relation: low <= coefficients · values <= high, with probability `trust`; else any possible sum, uniformly.

    candidates: the values read for each term; columns: most candidates of a term in the arrays below, at least 1; spans: shape
    (terms, 2), the range of each term if it is something else; coefficients: shape (terms,), none of them 0.
    """

    def __init__(
        self,
        candidates: Sequence[Sequence[int]],
        columns: int,
        spans: Ints,
        coefficients: Ints,
        band: tuple[int, int],
        trust: float,
    ) -> None:
        coefficients, low, high = _reduced(coefficients, band)
        values, self._known = _table(candidates, columns)
        reach = _reach(values, self._known, spans, coefficients)
        self._values = values * coefficients[:, None]
        self._low, self._high = max(low, int(reach[0].sum())), min(high, int(reach[1].sum()))
        self._says_nothing = self._low > self._high
        if self._says_nothing:
            return
        self._right = trust / (self._high - self._low + 1)
        self._wrong = (1 - trust) / (int((reach[1] - reach[0]).sum()) + 1)
        self._spread = SumDistribution(self._values, self._known, coefficients, spans, (self._low, self._high), reach)

    def says(self, heard: Floats) -> Floats:
        """Return logarithms of likelihoods, shape (terms, columns + 1), the last column for something else.

        heard: the probabilities of the same by everything but this relation.
        """
        if self._says_nothing:
            return np.zeros(heard.shape)
        shares, rest = heard[:, :-1], heard[:, -1]
        read = self._all_read(shares)
        spread, other = self._spread.chances(shares, rest)
        likelihoods = self._right * np.column_stack([read + spread, other]) + self._wrong
        return np.asarray(np.log(likelihoods / likelihoods.max(axis=1, keepdims=True)))

    def _all_read(self, shares: Floats) -> Floats:
        """Return the part of the chances in which every other term is one of its candidates; 0 where a term has none."""
        if not self._known.any(axis=1).all():
            return np.zeros(shares.shape)
        return chances(shares, self._values, self._known, self._low, self._high)


def _reduced(coefficients: Ints, band: tuple[int, int]) -> tuple[Ints, int, int]:
    """Divide the relation by a common divisor: 10 a - 10 b from -5 to 5 is a - b from 0 to 0."""
    divisor = int(np.gcd.reduce(coefficients))
    return coefficients // divisor, -(-band[0] // divisor), band[1] // divisor


def _table(candidates: Sequence[Sequence[int]], columns: int) -> tuple[Ints, Flags]:
    """Return the candidates as an array, shape (terms, columns), and a mask of those that exist."""
    values = np.zeros((len(candidates), columns), np.int64)
    known = np.zeros(values.shape, np.bool_)
    for row, read in enumerate(candidates):
        values[row, : len(read)] = read
        known[row, : len(read)] = True
    return values, known


def _reach(values: Ints, known: Flags, spans: Ints, coefficients: Ints) -> tuple[Ints, Ints]:
    """Return the least and the most that each term can add, shape (terms,) each."""
    least = np.where(known, values, spans[:, :1]).min(axis=1)
    most = np.where(known, values, spans[:, 1:]).max(axis=1)
    ends = coefficients * np.stack([np.minimum(least, spans[:, 0]), np.maximum(most, spans[:, 1])])
    return ends.min(axis=0), ends.max(axis=0)
