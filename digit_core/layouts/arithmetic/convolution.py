"""Probability that a sum lies in a band if some of its terms may be anything: distributions on a grid, added by Fourier
transform.

The grid has one node per whole number where the sum's span allows it, and then it is exact; else nodes are `step` apart, which is
fine enough for what is spread over a wide span anyway.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digit_core.layouts.arithmetic.enumeration import Flags, Floats, Ints

Waves = NDArray[np.complex128]

NODES = 2**14
"""Approximate number of nodes of all terms' grids together; more are more exact and slower."""

FEWEST = 256
"""Least number of nodes of a grid if the sum's span needs them, however many terms there are."""


class SumDistribution:
    """The terms of one sum; "something else" is any value of a term's span except its candidates.

    values: shape (terms, columns), what a candidate adds to the sum, where `known` is set; steps: coefficients, shape (terms,);
    spans: low and high of the terms' values, shape (terms, 2); band: low and high of the sum; reach: least and most that each
    term can add, shape (terms,) each.
    """

    def __init__(
        self, values: Ints, known: Flags, steps: Ints, spans: Ints, band: tuple[int, int], reach: tuple[Ints, Ints]
    ) -> None:
        lows, highs = reach
        span = int((highs - lows).sum())
        most = max(FEWEST, 1 << (NODES // len(values)).bit_length() - 1)
        self._step = max(1, -(-span // (most - 2)))
        self._size = 1 << (span // self._step + 1).bit_length()
        self._known = known
        self._places(np.where(known, values - lows[:, None], 0))
        rest = np.array([self._box(*row) for row in zip(steps, spans, lows, strict=True)])
        rest = np.maximum(rest - self._histogram(self._within(values, steps, spans).astype(float)), 0)
        self._rest = rest / np.maximum(rest.sum(axis=1, keepdims=True), 1e-6)
        self._rest_waves = np.fft.rfft(self._rest)
        self._window = np.fft.rfft(self._band(band[0] - int(lows.sum()), band[1] - int(lows.sum())))

    def chances(self, shares: Floats, rest: Floats) -> tuple[Floats, Floats]:
        """Return the chance for each term and candidate, shape (terms, columns), and for each term as something else, shape
        (terms,).

        shares, rest: the probabilities of the same. The chances of candidates cover only cases in which another term is something
        else.
        """
        read = np.fft.rfft(self._histogram(shares))
        every = _others(read + rest[:, None] * self._rest_waves)
        spread = self._inside(every - _others(read))
        rows = np.arange(len(shares))[:, None]
        found = spread[rows, self._node] * (1 - self._share) + spread[rows, self._node + 1] * self._share
        return np.where(self._known, np.maximum(found, 0), 0), np.maximum((self._inside(every) * self._rest).sum(axis=1), 0)

    def _inside(self, others: Waves) -> Floats:
        """Return the chance of the band if a term adds the value of a node, shape (terms, nodes)."""
        return np.asarray(np.fft.irfft(np.conj(others) * self._window, self._size))

    def _places(self, above: Ints) -> None:
        self._node = above // self._step
        self._share = (above - self._node * self._step) / self._step

    def _histogram(self, shares: Floats) -> Floats:
        """Distribute the shares of the candidates, shape (terms, columns), over the two nodes next to each: shape (terms,
        nodes)."""
        terms = len(shares)
        shares = np.where(self._known, shares, 0)
        flat = self._node + np.arange(terms)[:, None] * self._size
        both = np.concatenate([flat, flat + 1], axis=None)
        weights = np.concatenate([shares * (1 - self._share), shares * self._share], axis=None)
        found = np.bincount(both, weights, minlength=terms * self._size + 1)
        return np.asarray(found[: terms * self._size].reshape(terms, -1), np.float64)

    def _within(self, values: Ints, steps: Ints, spans: Ints) -> Flags:
        """Tell which candidates are among the values of their cell's span."""
        cells = values // steps[:, None]
        return self._known & (cells >= spans[:, :1]) & (cells <= spans[:, 1:])

    def _box(self, step: int, span: Ints, low: int) -> Floats:
        """Return how many values of the span are nearest to each node, counted from `low`."""
        edges = np.arange(self._size + 1) * self._step - self._step // 2 + low
        below = -(-edges // step) - span[0] if step > 0 else span[1] - edges // step
        return np.asarray(np.diff(np.clip(below, 0, span[1] - span[0] + 1)), np.float64)

    def _band(self, low: int, high: int) -> Floats:
        """Return which part of each node's interval lies in the band, counted from the least sum."""
        edges = np.arange(self._size + 1) * self._step - self._step / 2
        return np.asarray(np.diff(np.clip(edges, low - 0.5, high + 0.5)) / self._step)


def _others(waves: Waves) -> Waves:
    """Return for each row the product of all other rows."""
    before, after = np.ones_like(waves), np.ones_like(waves)
    np.cumprod(waves[:-1], axis=0, out=before[1:])
    np.cumprod(waves[:0:-1], axis=0, out=after[-2::-1])
    return np.asarray(before * after)
