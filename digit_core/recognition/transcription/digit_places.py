"""Places of a number's digits on the page, after its text was decided from the strips.

The columns of a strip give the order of the characters, but hardly their places: with connectionist temporal classification a
network may emit a character before or behind it. So the text is aligned with the detections on the page by order alone, as two
sequences are (Needleman, Wunsch, "A general method applicable to the search for similarities", J. Mol. Biol. 1970).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import CHARACTERS, DIGITS
from digit_core.recognition.detections import Characters

Floats = NDArray[np.float64]

_LOOKS_LIKE = {"/": "1", "'": "1", "+": "4", "°": "0", ":": "1"}
"""Digit that an older detector takes a mark for."""

_OTHER_DIGIT, _OTHER_MARK, _LIKE_MARK = 1.5, 1.5, 0.7
_NO_BOX, _NO_BOX_OF_MARK, _NO_BOX_OF_STROKE, _NO_CHARACTER = 2.0, 0.3, 1.0, 1.0
"""Costs: a character aligned with a box of something else, one without a box, and a box without a character."""

_SMALL_MARKS = ".,-'\""
_FRACTIONS = "½¼¾"


def laid_along(text: str, found: Characters) -> list[int | None]:
    """Return for each character of a text the index, from the left, of its detected digit; None for none."""
    costs = np.full((len(text) + 1, len(found) + 1), np.inf)
    steps = np.zeros(costs.shape, np.intp)
    costs[0] = _NO_CHARACTER * np.arange(len(found) + 1)
    steps[0] = 2
    for i, character in enumerate(text, start=1):
        for j in range(len(found) + 1):
            ways = (
                costs[i - 1, j - 1] + _cost(character, found.probabilities[j - 1]) if j else np.inf,
                costs[i - 1, j] + _cost_without_box(character),
                costs[i, j - 1] + _NO_CHARACTER if j else np.inf,
            )
            steps[i, j] = int(np.argmin(ways))
            costs[i, j] = ways[steps[i, j]]
    return _walked_back(steps)


def _walked_back(steps: NDArray[np.intp]) -> list[int | None]:
    i, j = steps.shape[0] - 1, steps.shape[1] - 1
    places: list[int | None] = [None] * i
    while i > 0:
        step = steps[i, j]
        if step == 0:
            places[i - 1] = j - 1
        i, j = i - (step != 2), j - (step != 1)
    return places


def _cost(character: str, probabilities: NDArray[np.float32]) -> float:
    if character.isdigit():
        return min(_OTHER_DIGIT, -0.5 * float(np.log(max(float(probabilities[int(character)]), 1e-6))))
    best = CHARACTERS[int(probabilities[:DIGITS].argmax())]
    return _LIKE_MARK if character in _FRACTIONS or _LOOKS_LIKE.get(character) == best else _OTHER_MARK


def _cost_without_box(character: str) -> float:
    if character.isdigit():
        return _NO_BOX
    return _NO_BOX_OF_MARK if character in _SMALL_MARKS else _NO_BOX_OF_STROKE


def without_marks(digits: Characters, texts: Sequence[str]) -> Characters:
    """Drop detected digits that are marks in the text of all strips: a stroke looks like a 1, a plus like 4.

    Returns all of them where the strips do not agree, or none would be left.
    """
    if len(set(texts)) != 1 or all(character.isdigit() or character in _SMALL_MARKS for character in texts[0]):
        return digits
    ordered = digits.left_to_right()
    pairs = zip(texts[0], laid_along(texts[0], ordered), strict=True)
    marks = [place for character, place in pairs if place is not None and not character.isdigit()]
    kept = np.setdiff1d(np.arange(len(ordered)), marks)
    return ordered.chosen(kept) if len(kept) else digits


def boxes_of(text: str, found: Characters, middles: Floats) -> NDArray[np.float32]:
    """Return boxes (n, 4) of the n digits of a text with marks: the detections, where each digit has one.

    Otherwise a detection may contain two digits: then the boundary lies halfway between the middles from the columns, x on the
    page.
    """
    ordered = found.left_to_right()
    pairs = zip(text, laid_along(text, ordered), strict=True)
    places = [place for character, place in pairs if character.isdigit()]
    if None not in places:
        return np.asarray(ordered.boxes[[place for place in places if place is not None]], np.float32)
    return _halfway(middles, found.boxes)


def _halfway(middles: Floats, found: NDArray[np.float32]) -> NDArray[np.float32]:
    top, bottom = found[:, 1].min(), found[:, 3].max()
    edges = np.concatenate([[found[:, 0].min()], (middles[1:] + middles[:-1]) / 2, [found[:, 2].max()]])
    edges = np.maximum.accumulate(edges)
    rows = [(edges[i], top, max(edges[i + 1], edges[i] + 1), bottom) for i in range(len(middles))]
    return np.array(rows, np.float32).reshape(-1, 4)
