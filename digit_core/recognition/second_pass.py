"""Second detection in cells whose ink was not completely detected, at larger and smaller scales."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import LineMaps
from digit_core.imaging.prepare import PreparedPage
from digit_core.inference.network_spec import DIGITS
from digit_core.inference.reader import Reader
from digit_core.layouts.template import Place
from digit_core.recognition.cell_state import ink_pieces
from digit_core.recognition.detections import Characters
from digit_core.recognition.detector import FIGURE, look_at
from digit_core.recognition.ruling_filter import not_rulings

_AS_HIGH = 0.55
"""Share of a digit's height: lower ink is ignored."""

_SEEN = 0.3
"""Share of a piece of ink within the boxes of characters from which it counts as detected."""

_SIZES = (1.25, 0.85)
"""Scales relative to the best one for figures: another scale shows what the first has missed."""

_MOST = 48
"""Greatest number of cells of a page in the second pass, those with most undetected ink first."""


def look_again(
    page: PreparedPage,
    maps: LineMaps,
    groups: Mapping[Place, Characters],
    quads: Mapping[Place, NDArray[np.float64]],
    height: float,
    reader: Reader,
) -> dict[Place, Characters]:
    """Return the cells that have more digits in a second detection, with all their characters, in pixels of the page.

    groups: the characters of each cell; quads: its corners; height: of digits on this page.
    """
    unseen = {place: _unseen(page, group, quads[place], height) for place, group in groups.items()}
    worst = sorted((place for place, ink in unseen.items() if ink), key=lambda place: -unseen[place])[:_MOST]
    seen = {place: _look(page, maps, quads[place], height, reader) for place in worst}
    return {place: group for place, group in seen.items() if _digits(group) > _digits(groups[place])}


def _digits(group: Characters) -> int:
    return int((group.best < DIGITS).sum())


def _unseen(page: PreparedPage, group: Characters, quad: NDArray[np.float64], height: float) -> int:
    """Return the area of ink in a cell that is as high as a digit and was not detected as a character."""
    pieces = ink_pieces(page.ink, quad, height)
    pieces = pieces[(pieces[:, 3] - pieces[:, 1]) >= _AS_HIGH * height]
    return sum(int((p[2] - p[0]) * (p[3] - p[1])) for p in pieces if _covered(p, group.boxes) < _SEEN)


def _covered(piece: NDArray[np.float32], boxes: NDArray[np.float32]) -> float:
    """Return the greatest share of a box that lies within one of others."""
    w = np.minimum(boxes[:, 2], piece[2]) - np.maximum(boxes[:, 0], piece[0])
    h = np.minimum(boxes[:, 3], piece[3]) - np.maximum(boxes[:, 1], piece[1])
    common = np.maximum(w, 0) * np.maximum(h, 0)
    return float(common.max(initial=0.0)) / max(1.0, float((piece[2] - piece[0]) * (piece[3] - piece[1])))


def _look(page: PreparedPage, maps: LineMaps, quad: NDArray[np.float64], height: float, reader: Reader) -> Characters:
    """Return the characters of a cell at the scale that shows most digits."""
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    low = np.maximum(np.floor(quad.min(axis=0) - 0.3 * height), 0).astype(int)
    part = page.darkness[low[1] : int(bottom + 0.3 * height) + 1, low[0] : int(right + 0.3 * height) + 1]
    looks = [_within(look_at(part, size * FIGURE / height, reader), low, (left, top, right, bottom)) for size in _SIZES]
    return max((not_rulings(one, page.darkness, maps) for one in looks), key=_digits)


def _within(found: Characters, corner: NDArray[np.intp], sides: tuple[float, float, float, float]) -> Characters:
    """Return the characters of a part of the page whose middle lies within the sides, in pixels of the page."""
    boxes = (found.boxes + np.tile(corner, 2)).astype(np.float32)
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    left, top, right, bottom = sides
    inside = (x > left) & (x < right) & (y > top) & (y < bottom)
    return Characters(boxes, found.probabilities, found.printed).chosen(inside)
