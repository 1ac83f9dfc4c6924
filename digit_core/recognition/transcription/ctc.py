"""Scoring of texts against the columns of a strip: likelihoods, substitutes for each digit, and their places.

The forward-backward sums of connectionist temporal classification (Graves et al., ICML 2006), scaled at every column (Rabiner, "A
tutorial on hidden Markov models", Proceedings of the IEEE 1989), so that strips of any width keep precise scores. Columns are
probabilities (t, classes): class 0 is no character, class 1 + i is CHARACTERS[i], the ten digits first. Strips of about the same
width are scored together, so that the cost grows with the sum of their widths and not with the widest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import CHARACTERS, DIGITS

Floats = NDArray[np.float64]

_TINY = 1e-12
_LOST = 1e-280
"""Scaled likelihood below which sums have lost precision, and are computed again in logarithms."""

_TOGETHER = 2**20
"""Greatest number of values (strips x columns x states) in memory at once."""

_ROWS = 512
"""Greatest number of strips scored together: the data of a column stays in the cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Alignment of a text with the columns of a strip.

    substitutes (n, 10): for each of its n characters the probabilities of the ten digits in its place, the others kept; middles
    (n,): the column in the middle of each, weighted over all paths, from 0.
    """

    log_likelihood: float
    substitutes: Floats
    middles: Floats


def digits_only(columns: Floats) -> Floats:
    """Reduce columns to digits (t, 11): other characters count as no character."""
    digits = columns[:, : DIGITS + 1].copy()
    digits[:, 0] += columns[:, DIGITS + 1 :].sum(axis=1)
    return np.asarray(digits)


def best_text(columns: Floats, nothing: float = 1.0) -> str:
    """Return the characters along the likeliest path through the columns (t, classes) of one strip.

    nothing: factor for the probability of no character; below 1 more characters are read, above fewer.
    """
    path = columns.argmax(axis=1)
    if nothing != 1.0:
        best = columns[:, 1:].argmax(axis=1) + 1
        path = np.where(columns[np.arange(len(columns)), best] > nothing * columns[:, 0], best, 0)
    return "".join(CHARACTERS[c - 1] for c, _ in groupby(path.tolist()) if c)


def log_likelihoods(columns: Sequence[Floats], texts: Sequence[str]) -> Floats:
    """Return the log likelihood of each text along its own strip, shape (n,); the empty text is allowed."""
    found = np.empty(len(texts))
    for rows in _batches(columns, texts, kept=1):
        batch = _Batch([columns[i] for i in rows], [texts[i] for i in rows])
        found[rows] = batch.log_likelihoods()
    return found


def aligned(columns: Sequence[Floats], texts: Sequence[str]) -> list[Alignment]:
    """Align each text with its own strip."""
    found: dict[int, Alignment] = {}
    for rows in _batches(columns, texts, kept=4):
        found |= zip(rows, _Batch([columns[i] for i in rows], [texts[i] for i in rows]).alignments(), strict=True)
    return [found[i] for i in range(len(texts))]


def _batches(columns: Sequence[Floats], texts: Sequence[str], kept: int) -> Iterator[list[int]]:
    """Yield indices of strips of about the same width and number of characters, as many as can be scored together.

    kept: numbers to be kept for each strip, column and state.
    """
    order = sorted(range(len(texts)), key=lambda i: (len(columns[i]), len(texts[i])))
    batch: list[int] = []
    states = 0
    for i in order:
        states = max(states, 2 * len(texts[i]) + 1)
        size = (len(batch) + 1) * len(columns[i]) * states * kept
        if batch and (size > _TOGETHER or len(batch) == _ROWS or len(columns[i]) > 1.25 * len(columns[batch[0]]) + 8):
            yield batch
            batch, states = [], 2 * len(texts[i]) + 1
        batch.append(i)
    if batch:
        yield batch


def _stacked(columns: Sequence[Floats]) -> Floats:
    """Stack strips of different widths in one array (n, t, classes), padded with columns that certainly have no character."""
    together = np.zeros((len(columns), max(1, *(len(one) for one in columns)), max(one.shape[1] for one in columns)))
    together[..., 0] = 1
    for row, one in enumerate(columns):
        together[row, : len(one)] = one
    return np.maximum(together, _TINY)


class _Batch:
    """Texts against columns, each text along the strip of the same index. States: no character, the first, none, the second …"""

    def __init__(self, columns: Sequence[Floats], texts: Sequence[str]) -> None:
        self._columns = _stacked(columns)
        self._counts = np.array([len(text) for text in texts])
        self._labels = np.ones((len(texts), max(1, int(self._counts.max()))), np.intp)
        for row, text in enumerate(texts):
            self._labels[row, : len(text)] = [CHARACTERS.index(character) + 1 for character in text]
        self._states = np.zeros((len(texts), 2 * self._labels.shape[1] + 1), np.intp)
        self._states[:, 1::2] = self._labels
        self._skips = np.zeros(self._states.shape)
        self._skips[:, 3::2] = self._labels[:, 1:] != self._labels[:, :-1]
        rows = np.arange(len(texts))
        self._ends = np.zeros(self._states.shape)
        self._ends[rows, 2 * self._counts] = 1
        self._ends[rows, np.maximum(2 * self._counts - 1, 0)] = 1

    @cached_property
    def _emitted(self) -> Floats:
        """Return (t, n, states): the probability of each state's character in each column."""
        return np.asarray(self._columns.transpose(1, 0, 2)[:, np.arange(len(self._states))[:, None], self._states])

    def _steps(self) -> Iterator[tuple[Floats, Floats]]:
        """Yield (n, states) the scaled likelihood of the text up to each column and state, and the scale."""
        now = self._emitted[0].copy()
        now[:, 2:] = 0
        for step in range(self._columns.shape[1]):
            if step:
                before = now
                now = before.copy()
                now[:, 1:] += before[:, :-1]
                now[:, 2:] += before[:, :-2] * self._skips[:, 2:]
                now *= self._emitted[step]
            scale = now.sum(axis=1, keepdims=True)
            now /= scale
            yield now, scale

    def log_likelihoods(self) -> Floats:
        total, last = np.zeros((len(self._counts), 1)), np.empty(0)
        for last, scale in self._steps():  # noqa: B007 the last one is wanted
            total += np.log(scale)
        return self._ended(last, total[:, 0])

    def _ended(self, forward: Floats, scaled: Floats) -> Floats:
        """Return log likelihoods (n,) from the sums at the last column (n, states), and the logarithm (n,) of their scale."""
        ends = (forward * self._ends).sum(axis=1)
        found = scaled + np.log(np.maximum(ends, _LOST))
        for row in np.flatnonzero(ends <= _LOST):
            found[row] = self._in_logarithms(int(row))
        return np.asarray(found)

    def _in_logarithms(self, row: int) -> float:
        """Compute one text whose likelihood is too small for scaled sums."""
        emitted = np.log(self._columns[row][:, self._states[row]])
        with np.errstate(divide="ignore"):
            skips, ends = np.log(self._skips[row]), np.log(self._ends[row])
        now = emitted[0].copy()
        now[2:] = -np.inf
        for step in emitted[1:]:
            before = now.copy()
            now[1:] = np.logaddexp(now[1:], before[:-1])
            now[2:] = np.logaddexp(now[2:], before[:-2] + skips[2:])
            now = now + step
        return float(np.logaddexp.reduce(now + ends))

    def alignments(self) -> list[Alignment]:
        steps = list(self._steps())
        forward, scales = np.stack([now for now, _ in steps]), np.stack([scale for _, scale in steps])
        emitted = self._emitted
        backward = self._backward(emitted, scales)
        likely = self._ended(forward[-1], np.log(scales).sum(axis=0)[:, 0])
        substitutes, middles = self._substitutes(forward, backward, emitted, scales), _middles(forward * backward)
        return [
            Alignment(float(likely[row]), substitutes[row, :count], middles[row, :count])
            for row, count in enumerate(self._counts)
        ]

    def _backward(self, emitted: Floats, scales: Floats) -> Floats:
        """Return (t, n, states): the likelihood of the rest of the text after each column and state, by the same scales."""
        backward = np.empty(emitted.shape)
        backward[-1] = self._ends
        for step in range(len(emitted) - 2, -1, -1):
            ahead = backward[step + 1] * emitted[step + 1]
            now = ahead.copy()
            now[:, :-1] += ahead[:, 1:]
            now[:, :-2] += ahead[:, 2:] * self._skips[:, 2:]
            backward[step] = np.minimum(now / scales[step + 1], 1 / _LOST)  # of states that cannot be reached
        return backward

    def _substitutes(self, forward: Floats, backward: Floats, emitted: Floats, scales: Floats) -> Floats:
        """Return shape (n, longest, 10), see Alignment: paths enter a character's place, stay in it as another, and leave it."""
        labels, digits = self._labels, np.arange(1, DIGITS + 1)
        none = np.zeros((len(labels), 1), np.intp)
        before = np.concatenate([none, labels[:, :-1]], axis=1)[..., None] != digits
        after = np.concatenate([labels[:, 1:], none], axis=1)[..., None] != digits
        inside, total = np.zeros(before.shape), np.zeros(before.shape)
        last = (np.arange(labels.shape[1]) == self._counts[:, None] - 1)[..., None]
        for step in range(len(emitted)):
            entering = np.zeros(before.shape)
            if step == 0:
                entering[:, 0] = 1
            else:
                entering += forward[step - 1, :, 0:-1:2, None]
                entering[:, 1:] += forward[step - 1, :, 1:-2:2, None] * before[:, 1:]
            inside = (inside + entering) * self._columns[:, step, None, 1 : DIGITS + 1] / scales[step][..., None]
            if step == len(emitted) - 1:
                total += inside * last
                break
            ahead = backward[step + 1] * emitted[step + 1] / scales[step + 1]
            leaving = ahead[:, 2::2, None] * np.ones(DIGITS)
            leaving[:, :-1] += ahead[:, 3::2, None] * after[:, :-1]
            total += inside * leaving
        total = np.maximum(total, _LOST)
        return np.asarray(total / total.sum(axis=2, keepdims=True))


def _middles(weight: Floats) -> Floats:
    """Convert (t, n, states) to (n, longest): the column in the middle of each character."""
    own = weight[:, :, 1::2]
    total = np.maximum(own.sum(axis=0), _LOST)
    return np.asarray((own * np.arange(len(own))[:, None, None]).sum(axis=0) / total)
