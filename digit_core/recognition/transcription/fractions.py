"""Fractions in detections: a small figure over another, at the end of a number that is as high as both together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import CHARACTERS, DIGITS, NOTHING, OTHER
from digit_core.recognition.detections import Characters, overlapping
from digit_core.recognition.transcription.fusion import FoundNumber

_SHARES = {"½": (1, 2), "¼": (1, 4), "¾": (3, 4)}

_RARE = 0.1
"""Probability of other fractions, relative to these."""

_DOUBTFUL = 0.5
"""Greatest certainty of a number with an unexplained small figure beside it."""

_ABOVE = 0.4
"""Share of the narrower one's width: least overlap in x of a fraction's two figures."""

_APART = (-0.25, 0.9)
"""Share of the upper one's height: greatest gap between both, with the bar in it."""

_ALIKE = 0.5
"""Share of the higher one's height: least height of the other."""

_SMALL = 0.8
"""Share of a whole number's height: greatest height of a fraction's figures."""

_TOGETHER = (1.0, 1.8)
"""Share of a whole number's height: height of both figures with the bar between them."""

_BEHIND = (-0.4, 0.45)
"""Share of a whole number's height: gap between it and its fraction."""

_LEVEL = 0.22
"""Share of a whole number's height: greatest distance of the fraction's middle above or below the number's."""

Boxes = NDArray[np.float32]


def with_fractions(found: Characters) -> Characters:
    """Replace each fraction by one character: ½, ¼ or ¾ by what its figures may be, else another character."""
    digits = np.flatnonzero(found.best < DIGITS)
    pairs = [(int(digits[upper]), int(digits[lower])) for upper, lower in _fractions(found.boxes[digits])]
    if not pairs:
        return found
    merged = [_merged(found, upper, lower) for upper, lower in pairs]
    bars = _within(found, np.array([box for box, _ in merged]))
    rest = found.chosen(np.setdiff1d(np.arange(len(found)), np.concatenate([np.unique(pairs), bars])))
    return Characters(
        np.concatenate([rest.boxes, [box for box, _ in merged]]).astype(np.float32),
        np.concatenate([rest.probabilities, [row for _, row in merged]]).astype(np.float32),
        np.concatenate([rest.printed, [found.printed[upper] for upper, _ in pairs]]).astype(np.float32),
    )


def without_pieces(numbers: Sequence[FoundNumber]) -> list[FoundNumber]:
    """Drop small figures that are part of a fraction which the strips have read with its number.

    Where a small figure adjoins a number and no fraction was read, both are doubtful.
    """
    spoiled: set[int] = set()
    pieces: set[int] = set()
    for piece, owner in _hanging([one.boxes for one in numbers]):
        if any(character in _SHARES for character in numbers[owner].text):
            pieces.add(piece)
        else:
            spoiled |= {piece, owner}
    return [
        replace(one, marks=min(one.marks, _DOUBTFUL)) if i in spoiled else one for i, one in enumerate(numbers) if i not in pieces
    ]


def _hanging(numbers: Sequence[Boxes]) -> Iterator[tuple[int, int]]:
    """Yield pairs (piece, owner) of numbers where a small figure stands raised or lowered at the end of another."""
    pieces = np.flatnonzero([len(boxes) == 1 for boxes in numbers])
    if not len(pieces):
        return
    heights = np.array([np.median(boxes[:, 3] - boxes[:, 1]) for boxes in numbers], np.float64)
    lasts = np.array([boxes[np.argmax(boxes[:, 2])] for boxes in numbers], np.float64)
    middles = (lasts[:, 1] + lasts[:, 3]) / 2
    for piece in pieces.tolist():
        left, top, _, bottom = lasts[piece]
        small = bottom - top <= _SMALL * heights
        gap, away = left - lasts[:, 2], np.abs((top + bottom) / 2 - middles)
        near = (gap >= -0.5 * heights) & (gap <= _BEHIND[1] * heights)
        owners = np.flatnonzero(small & near & (away > 0.15 * heights) & (away < 0.9 * heights))
        yield from ((piece, owner) for owner in owners.tolist() if owner != piece)


def _merged(found: Characters, upper: int, lower: int) -> tuple[Boxes, NDArray[np.float32]]:
    above, below = found.probabilities[upper], found.probabilities[lower]
    row = np.zeros(NOTHING + 1, np.float32)
    for character, (numerator, denominator) in _SHARES.items():
        row[CHARACTERS.index(character)] = above[numerator] * below[denominator]
    row[NOTHING] = 1 - min(1 - above[NOTHING], 1 - below[NOTHING])
    row[CHARACTERS.index(OTHER)] = _RARE * max(0.0, 1 - float(row.sum()))
    row[:NOTHING] *= (1 - row[NOTHING]) / max(float(row[:NOTHING].sum()), 1e-9)
    box = np.concatenate(
        [np.minimum(found.boxes[upper, :2], found.boxes[lower, :2]), np.maximum(found.boxes[upper, 2:], found.boxes[lower, 2:])]
    )
    return box, row


def _within(found: Characters, boxes: Boxes) -> NDArray[np.intp]:
    """Return the marks whose middle lies in one of the boxes: the bars of fractions."""
    x, y = (found.boxes[:, 0] + found.boxes[:, 2]) / 2, (found.boxes[:, 1] + found.boxes[:, 3]) / 2
    left, top, right, bottom = boxes.T[..., None]
    inside = ((left < x) & (x < right) & (top < y) & (y < bottom)).any(axis=0)
    return np.flatnonzero(inside & (found.best >= DIGITS))


def _fractions(boxes: Boxes) -> Iterator[tuple[int, int]]:
    """Yield pairs (upper, lower) of figures that form a fraction behind a higher one; no figure is in two of them."""
    order = np.argsort(boxes[:, 0], kind="stable")
    lefts, widest = boxes[order, 0], float(np.max(boxes[:, 2] - boxes[:, 0], initial=0.0))
    taken: set[int] = set()
    for upper, others in _stacked(boxes, order).items():
        lower = next((i for i in others if i not in taken), None)
        if upper in taken or lower is None:
            continue
        tallest = float(max(np.ptp(boxes[[upper, lower]][:, [1, 3]], axis=1)))
        first, last = np.searchsorted(lefts, (boxes[upper, 0] - widest - 3 * tallest, boxes[upper, 0]))
        before = order[first:last]
        if (_is_whole(boxes[before], boxes[upper], boxes[lower]) & (before != upper) & (before != lower)).any():
            taken |= {upper, lower}
            yield upper, lower


def _stacked(boxes: Boxes, order: NDArray[np.intp]) -> dict[int, list[int]]:
    """Return for each figure, from the left, those that stand under it, the nearest first; order: of the boxes from the left."""
    a, b = (order[one] for one in overlapping(boxes[order]))
    uppers, lowers = np.concatenate([a, b]), np.concatenate([b, a])
    upper, lower = boxes[uppers], boxes[lowers]
    gap, heights = lower[:, 1] - upper[:, 3], np.stack([upper[:, 3] - upper[:, 1], lower[:, 3] - lower[:, 1]])
    shared = np.minimum(upper[:, 2], lower[:, 2]) - np.maximum(upper[:, 0], lower[:, 0])
    over = shared >= _ABOVE * np.minimum(upper[:, 2] - upper[:, 0], lower[:, 2] - lower[:, 0])
    alike = heights.min(axis=0) >= _ALIKE * heights.max(axis=0)
    near = (_APART[0] * heights[0] <= gap) & (gap <= _APART[1] * heights[0])
    rank = np.empty(len(order), np.intp)
    rank[order] = np.arange(len(order))
    kept = np.flatnonzero(over & alike & near)
    found: dict[int, list[int]] = {}
    for i in kept[np.lexsort((rank[lowers[kept]], gap[kept], rank[uppers[kept]]))].tolist():
        found.setdefault(int(uppers[i]), []).append(int(lowers[i]))
    return found


def _is_whole(whole: Boxes, upper: Boxes, lower: Boxes) -> NDArray[np.bool_]:
    """Whether each of these figures (n, 4) may be the last one of the whole number before a fraction."""
    height = whole[:, 3] - whole[:, 1]
    small = max(upper[3] - upper[1], lower[3] - lower[1]) <= _SMALL * height
    gap = min(upper[0], lower[0]) - whole[:, 2]
    behind = (_BEHIND[0] * height <= gap) & (gap <= _BEHIND[1] * height)
    level = np.abs((upper[1] + lower[3]) - (whole[:, 1] + whole[:, 3])) / 2 <= _LEVEL * height
    both = lower[3] - upper[1]
    return np.asarray(small & behind & level & (_TOGETHER[0] * height <= both) & (both <= _TOGETHER[1] * height))
