"""Words in the cells of a form: whether letters stand there and no number, and which of the declared words it is.

The second reader knows letters. Its columns are read in three ways: as the likeliest number, as each declared word, and freely.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from digit_core.inference.reader import Columns
from digit_core.inference.second_reader import LETTERS, SPELT

_CLEARLY = 2.0
"""Log likelihood by which letters must be likelier than any number for a cell to hold a word."""

_OTHER = 0.03
"""How likely other texts are in a cell whose form declares words, all together, beside one of these: of 558 other words on ledger
pages none was taken for a declared one with a probability of 0.97, and no number either."""

_FIRST_LETTER = 1 + SPELT.index(LETTERS[0])
_POINT = 1 + SPELT.index(".")

LogColumns = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WordSeen:
    """What a strip says of words. text: the likeliest of the declared ones, "" where none is spelt of known letters; probability:
    that it is that one, and no other, no number and nothing else; letters: log likelihood by which the freely read text, if it
    has letters, is preferred to every number; 0 where it has none.
    """

    text: str
    probability: float
    letters: float

    @property
    def is_word(self) -> bool:
        """Whether letters stand there and not a number."""
        return self.letters > _CLEARLY


def word_seen(columns: Columns, declared: Collection[str]) -> WordSeen:
    """Read columns (t, 1 + len(SPELT)) of a strip; declared: the words that the form declares, by their letters."""
    logs = np.log(columns)
    number = float(logs[:, :_FIRST_LETTER].max(axis=1).sum())
    free = logs.argmax(axis=1)
    letters = float(logs.max(axis=1).sum()) - number if (free >= _FIRST_LETTER).any() else 0.0
    words = {word: _spelling(logs, word) for word in declared if set(word) <= set(SPELT)}
    if not words:
        return WordSeen("", 0.0, letters)
    best = max(words, key=lambda word: words[word])
    known = np.exp([*words.values(), number])
    others = _OTHER * max(0.0, 1.0 - float(known.sum()))
    return WordSeen(best, float(np.exp(words[best]) / max(float(known.sum()) + others, 1e-300)), letters)


def _spelling(logs: LogColumns, word: str) -> float:
    """Return the log likelihood that the columns spell this word (CTC), with or without points in it."""
    between = np.logaddexp(logs[:, 0], logs[:, _POINT])
    labels = [SPELT.index(letter) + 1 for letter in word]
    steps = np.stack([between, *(column for label in labels for column in (logs[:, label], between))], axis=1)
    skips = np.zeros(len(labels) * 2 + 1, bool)  # from letter to letter without a gap, where they differ
    skips[3::2] = [one != other for one, other in pairwise(labels)]
    reached = np.full(steps.shape[1], -np.inf)
    reached[:2] = steps[0, :2]
    for step in steps[1:]:
        before = reached.copy()
        before[1:] = np.logaddexp(before[1:], reached[:-1])
        before[2:] = np.where(skips[2:], np.logaddexp(before[2:], reached[:-2]), before[2:])
        reached = before + step
    return float(np.logaddexp(reached[-1], reached[-2]))
