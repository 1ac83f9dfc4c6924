"""What the columns of a strip say of a number: how likely a text is, which digit may stand in place of another, and where.

The forward-backward sums of connectionist temporal classification (Graves et al., ICML 2006) for many strips at once.
Columns are probabilities (n, t, classes): class 0 is no character, then come those of digit_core.reader_form.CHARACTERS, the ten
digits first; with 11 classes there are only these. Strips that end earlier are filled up with columns that are surely no
character, which changes no sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from digit_core.reader_form import CHARACTERS, DIGITS

Floats = NDArray[np.float64]

_TINY = 1e-12


def digits_only(columns: Floats) -> Floats:
    """Columns (t, 11) of columns that tell more characters (digit_core.reader_form): those are no digit."""
    digits = columns[:, : DIGITS + 1].copy()
    digits[:, 0] += columns[:, DIGITS + 1 :].sum(axis=1)
    return np.asarray(digits)


def best_text(columns: Floats, nothing: float = 1.0) -> str:
    """The digits along the likeliest path through the columns (t, 11) of one strip.

    nothing: how many times as likely as they say columns are without a digit; below 1 more digits are read, above fewer.
    """
    path = (columns * np.array([nothing] + [1.0] * 10)).argmax(axis=1)
    turns = np.flatnonzero(np.diff(path, prepend=-1))
    return "".join(str(c - 1) for c in path[turns] if c)


def stacked(columns: Sequence[Floats]) -> Floats:
    """Strips of different lengths as one array (n, t, classes)."""
    longest = max(len(one) for one in columns)
    together = np.zeros((len(columns), longest, columns[0].shape[1]))
    together[..., 0] = 1
    for row, one in enumerate(columns):
        together[row, : len(one)] = one
    return np.maximum(together, _TINY)


class Scored:
    """Texts against columns. texts: one for each strip, of characters that the columns tell; the empty text is allowed."""

    def __init__(self, columns: Floats, texts: Sequence[str]) -> None:
        self._columns = columns
        self._counts = np.array([len(text) for text in texts])
        longest = max(1, int(self._counts.max()))
        self._labels = np.ones((len(texts), longest), np.intp)
        for row, text in enumerate(texts):
            self._labels[row, : len(text)] = [CHARACTERS.index(character) + 1 for character in text]
        states = np.zeros((len(texts), 2 * longest + 1), np.intp)
        states[:, 1::2] = self._labels
        self._emitted = np.take_along_axis(columns, states[:, None, :].repeat(columns.shape[1], 1), axis=2)
        self._skips = np.zeros(states.shape)
        self._skips[:, 3::2] = self._labels[:, 1:] != self._labels[:, :-1]
        self._forward = self._run_forward()
        rows = np.arange(len(texts))
        last = self._forward[:, -1]
        ends = last[rows, 2 * self._counts] + np.where(self._counts, last[rows, 2 * self._counts - 1], 0)
        self.log_likelihoods: Floats = np.log(np.maximum(ends, 1e-300))

    def _run_forward(self) -> Floats:
        n, t, s = self._emitted.shape
        alpha = np.zeros((n, t, s))
        alpha[:, 0, :2] = self._emitted[:, 0, :2]
        for step in range(1, t):
            before = alpha[:, step - 1]
            now = before.copy()
            now[:, 1:] += before[:, :-1]
            now[:, 2:] += before[:, :-2] * self._skips[:, 2:]
            alpha[:, step] = now * self._emitted[:, step]
        return alpha

    @cached_property
    def _backward(self) -> Floats:
        """beta[n, t, s]: how likely the rest of the text is after column t, being in state s at t."""
        n, t, s = self._emitted.shape
        beta = np.zeros((n, t, s))
        rows = np.arange(n)
        beta[rows, -1, 2 * self._counts] = 1
        beta[rows, -1, np.maximum(2 * self._counts - 1, 0)] = 1
        for step in range(t - 2, -1, -1):
            ahead = beta[:, step + 1] * self._emitted[:, step + 1]
            now = ahead.copy()
            now[:, :-1] += ahead[:, 1:]
            now[:, :-2] += ahead[:, 2:] * self._skips[:, 2:]
            beta[:, step] = now
        return beta

    def substitutes(self) -> Floats:
        """Shape (n, longest, 10): for each place of the text the probabilities of the ten digits there, the others kept."""
        forward, backward = self._forward, self._backward
        n, t, _ = forward.shape
        digits = np.arange(1, 11)
        labels = self._labels
        before = np.concatenate([np.zeros((n, 1), np.intp), labels[:, :-1]], axis=1)[..., None] != digits
        after = np.concatenate([labels[:, 1:], np.zeros((n, 1), np.intp)], axis=1)[..., None] != digits
        emitted = self._emitted
        inside = np.zeros((n, labels.shape[1], 10))
        total = np.zeros_like(inside)
        last = np.arange(labels.shape[1]) == self._counts[:, None] - 1
        for step in range(t):
            entering = np.zeros((n, labels.shape[1], 10))
            if step == 0:
                entering[:, 0] = 1
            else:
                entering += forward[:, step - 1, 0:-1:2, None]
                entering[:, 1:] += forward[:, step - 1, 1:-2:2, None] * before[:, 1:]
            inside = (inside + entering) * self._columns[:, step, None, 1 : DIGITS + 1]
            if step == t - 1:
                total += inside * last[..., None]
                break
            leaving = (backward[:, step + 1, 2::2] * emitted[:, step + 1, 2::2])[..., None] * np.ones(10)
            leaving[:, :-1] += (backward[:, step + 1, 3::2] * emitted[:, step + 1, 3::2])[..., None] * after[:, :-1]
            total += inside * leaving
        total = np.maximum(total, 1e-300)
        return np.asarray(total / total.sum(axis=2, keepdims=True))

    def middles(self) -> Floats:
        """Shape (n, longest): the column in the middle of each digit, by the weight of all paths; columns count from 0."""
        weight = (self._forward * self._backward)[:, :, 1::2]
        total = np.maximum(weight.sum(axis=1), 1e-300)
        return np.asarray((weight * np.arange(weight.shape[1])[None, :, None]).sum(axis=1) / total)
