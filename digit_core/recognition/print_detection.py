"""Print against handwriting, decided for the page as a whole: print repeats the same figures, and is seldom alone on its page.

The networks judge each number by itself; unfamiliar type may look handwritten to them. Here the numbers of a page vote.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.numerics import log_odds, sigmoid
from digit_core.records import NOT_A_DIGIT, Crops, PageDigits

Floats = NDArray[np.float64]

_LEARNED, _AS_MANY = 0.12, 10
"""Share of print among the reader's training numbers, and its weight as so many numbers of a page."""

_LEAST, _MOST = 0.05, 0.95
"""Least and greatest share of print of a page: a form has a few notes, a manuscript a few stamps."""

_CERTAIN = 8.0
"""Greatest log odds of print that a number has by itself, either way."""

_SIDE = 14
"""Pixels of a figure's side when it is compared."""

_SQUARINGS = 6
"""Similarity is correlation to the power of 64, by so many squarings: 0.3 where two figures correlate by 0.98, as those of one
typeface do, and 0.001 at 0.9, as those of one writer."""

_REPEATED = 0.25
"""Log odds of print that a figure gains for every factor e of similar figures on the page."""

_COMPARED, _ROWS = 1000, 1024
"""Greatest number of figures of one digit that each is compared with, and number compared at once."""


def told_by_page(found: PageDigits) -> PageDigits:
    """Return the page with the probability of print of each number decided by all its numbers."""
    inked = [number for number in found.numbers if number.boxes]
    if found.evidence is None or not inked:
        return found
    owner = np.repeat(np.arange(len(inked)), [len(number.boxes) for number in inked])
    alone = np.clip([number.printed for number in inked], 1e-6, 1 - 1e-6)
    odds = np.clip(log_odds(alone) - log_odds(np.array(_LEARNED)), -_CERTAIN, _CERTAIN)
    told = iter(with_page_prior(by_likes(odds, owner, found.evidence[:, :NOT_A_DIGIT].argmax(axis=1), found.crops)))
    numbers = tuple(replace(number, printed=float(next(told))) if number.boxes else number for number in found.numbers)
    return replace(found, numbers=numbers)


def with_page_prior(odds: Floats) -> Floats:
    """Return probabilities of print (n,) from log odds (n,), with the share of print estimated from the page itself.

    By expectation and maximisation: Saerens, Latinne, Decaestecker, "Adjusting the outputs of a classifier to new a priori
    probabilities" (Neural Computation 2002). `_LEARNED` is the prior of a page, counted as so many numbers.
    """
    share = _LEARNED
    for _ in range(20):
        printed = sigmoid(odds + log_odds(np.array(share)))
        share = float(np.clip((printed.sum() + _LEARNED * _AS_MANY) / (len(odds) + _AS_MANY), _LEAST, _MOST))
    return np.asarray(printed)


def by_likes(odds: Floats, owner: NDArray[np.intp], digits: NDArray[np.intp], crops: Crops) -> Floats:
    """Return log odds (n,) of numbers that take over those of similar digits in other numbers, and gain by having any.

    odds: (n,) of each number alone. owner, digits, crops: for every digit the index of its number, its class, and its picture
    (28, 28); every number has at least one. A printed page repeats the same shapes and a written one does not, as in symbol
    matching for the compression of scans: Ascher, Nagy, "A means for achieving a high degree of compaction on scan-digitized
    printed text" (IEEE Transactions on Computers 1974). The weighted mean is Nadaraya's and Watson's (1964).
    """
    shapes = _shapes(crops)
    voted = np.empty(len(owner))
    for digit in np.unique(digits):
        mine = np.flatnonzero(digits == digit)
        others = mine[:: -(-len(mine) // _COMPARED)]
        for rows in np.array_split(mine, -(-len(mine) // _ROWS)):
            likeness = np.maximum(shapes[rows] @ shapes[others].T, 0)
            for _ in range(_SQUARINGS):
                np.square(likeness, out=likeness)
            likeness[owner[rows, None] == owner[others]] = 0
            likes = likeness.sum(axis=1)
            mean = (odds[owner[rows]] + likeness @ odds[owner[others]]) / (1 + likes)
            voted[rows] = mean + _REPEATED * np.log1p(likes)
    return np.asarray(np.bincount(owner, voted) / np.bincount(owner))


def _shapes(crops: Crops) -> NDArray[np.float32]:
    """Return slightly blurred figures as vectors of length 1 and mean 0, so that their products are correlations."""
    # blurred in one stack: a crop has a margin of paper, so that its neighbours' ink does not reach it
    stack = cv2.GaussianBlur(crops.reshape(-1, crops.shape[2]), (0, 0), 1.0)
    small = cv2.resize(stack, (_SIDE, len(crops) * _SIDE), interpolation=cv2.INTER_AREA)
    flat = small.reshape(len(crops), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6), np.float32)
