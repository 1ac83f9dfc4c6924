"""State of a cell: what its ink is where no number was read, and whether a number was struck out or overwritten."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import CHARACTERS
from digit_core.recognition.dash import dash_probability
from digit_core.recognition.detections import Characters
from digit_core.records import CellState, Grey

_MARGIN = 0.06
"""Share of a cell's sides: what lies so near its edge is the ruling, or part of a neighbour."""

_SPECK = 0.3
"""Share of a digit's height: ink smaller than this in either direction is dirt, a dot of a leader, or the rest of a ruling."""

_FLAT = 0.33
"""Greatest height of a dash for its width; anything more upright is a letter or a digit."""

_SURELY_A_DASH = 0.5
"""Score from which a detected dash counts."""

_LIKELIER = 0.5
"""Probability from which faint ink is a dash and not paper."""

_OVERWRITTEN = 1.8
"""Factor by which strokes of an overwritten number are thicker than the page's usual ones."""

_STRUCK = 0.9
"""Share of a number's width that one straight stroke through its middle must cover."""

_SLOPES = (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3)
"""Slopes of such strokes."""

Found = tuple[CellState, NDArray[np.float32] | None, float]


def cell_state(darkness: Grey, ink: NDArray[np.uint8], quad: NDArray[np.float64], marks: Characters, height: float) -> Found:
    """Return the state of a cell without a number, the box (left, top, right, bottom) of illegible ink, and its probability.

    darkness: of the page, 0 paper, 255 black; ink: of the page, 255, without other cells' tails; quad: the corners of the cell;
    marks: the characters in it; height: of digits on this page, in its pixels.
    """
    pieces = ink_pieces(ink, quad, height)
    dash = dash_probability(darkness, quad, height)
    if not len(pieces):
        return (CellState.DASH, None, dash) if dash > _LIKELIER else (CellState.BLANK, None, 1 - dash)
    box = np.concatenate([pieces[:, :2].min(axis=0), pieces[:, 2:].max(axis=0)])
    if _is_dash(pieces, marks, height):
        return CellState.DASH, None, dash
    return (CellState.DITTO, None, 1.0) if _is_ditto(pieces, height) else (CellState.ILLEGIBLE, box.astype(np.float32), 1.0)


def ink_pieces(ink: NDArray[np.uint8], quad: NDArray[np.float64], height: float) -> NDArray[np.float32]:
    """Return boxes (n, 4) left, top, right, bottom of the connected ink in a cell, without specks, rulings and tails of
    neighbours."""
    left, top, right, bottom = _inner(quad, ink.shape)
    pieces = _pieces(ink[top:bottom, left:right], height)
    return np.asarray(pieces + np.array([left, top, left, top]), np.float32)


def _inner(quad: NDArray[np.float64], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return the upright box within the corners, without margins, inside the page; at least one pixel."""
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    x, y = _MARGIN * (right - left), _MARGIN * (bottom - top)
    low = np.clip([left + x, top + y], 0, (shape[1] - 1, shape[0] - 1)).astype(int)
    high = np.clip([right - x, bottom - y], low + 1, (shape[1], shape[0])).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _pieces(ink: NDArray[np.uint8], height: float) -> NDArray[np.int32]:
    """Return boxes (n, 4) left, top, right, bottom of connected ink that is larger than a speck and not along the edge."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    x, y, w, h = (stats[1:, column] for column in range(4))
    boxes = np.stack([x, y, x + w, y + h], axis=1)
    speck = np.maximum(w, h) < _SPECK * height
    # ink that touches the edge and reaches in by less than half a digit is a neighbour's tail
    reach_x, reach_y = np.minimum(boxes[:, 2], ink.shape[1] - x), np.minimum(boxes[:, 3], ink.shape[0] - y)
    touches = (x == 0) | (y == 0) | (boxes[:, 2] == ink.shape[1]) | (boxes[:, 3] == ink.shape[0])
    tail = touches & (np.minimum(reach_x, reach_y) < 0.5 * height)
    return np.asarray(boxes[~speck & ~tail], np.int32)


def _is_dash(pieces: NDArray[np.float32], marks: Characters, height: float) -> bool:
    """Whether the ink is one or two flat strokes, one above the other, or a detected dash with nothing higher beside it."""
    w, h = pieces[:, 2] - pieces[:, 0], pieces[:, 3] - pieces[:, 1]
    flat = (h <= _FLAT * w) & (h < 0.5 * height)
    if flat.all() and len(pieces) <= 2:
        return True
    dashes = (marks.best == CHARACTERS.index("-")) & (marks.scores >= _SURELY_A_DASH)
    return bool(dashes.any()) and bool((h < 0.6 * height).all())


def _is_ditto(pieces: NDArray[np.float32], height: float) -> bool:
    """Whether the ink is two short upright strokes side by side."""
    if len(pieces) != 2:
        return False
    w, h = pieces[:, 2] - pieces[:, 0], pieces[:, 3] - pieces[:, 1]
    middle_x, middle_y = (pieces[:, 0] + pieces[:, 2]) / 2, (pieces[:, 1] + pieces[:, 3]) / 2
    short = (h < 0.7 * height) & (w < 0.5 * height) & (h > 0.8 * w)
    return bool(short.all() and np.ptp(middle_x) < 0.8 * height and np.ptp(middle_y) < 0.25 * height)


def stroke_width(ink: NDArray[np.uint8], boxes: NDArray[np.float32]) -> float:
    """Return the stroke width of a number in pixels: twice its area over the length of its outline."""
    left, top, right, bottom = _around(boxes, ink.shape)
    part = ink[top:bottom, left:right]
    outline = cv2.countNonZero(cv2.subtract(part, cv2.erode(part, np.ones((3, 3), np.uint8))))
    return 2 * cv2.countNonZero(part) / max(1, outline)


def is_overwritten(stroke: float, usual: float) -> bool:
    """Whether the strokes are so much thicker than the page's usual ones that the number was written over."""
    return usual > 0 and stroke > _OVERWRITTEN * usual


def is_struck_out(ink: NDArray[np.uint8], boxes: NDArray[np.float32]) -> bool:
    """Whether one straight stroke goes through the middle of a number of two or more digits."""
    if len(boxes) < 2:
        return False
    left, top, right, bottom = _around(boxes, ink.shape)
    part = ink[top:bottom, left:right]
    height, width = part.shape
    middle = slice(height // 4, max(height // 4 + 1, height - height // 4))
    return any(float(_sheared(part, slope)[middle].mean(axis=1).max()) > 255 * _STRUCK for slope in _SLOPES if width > 2)


def _sheared(part: NDArray[np.uint8], slope: float) -> NDArray[np.uint8]:
    """Shift the columns up by `slope` per column, about the middle, so that a falling stroke becomes level."""
    height, width = part.shape
    shear = np.array([[1, 0, 0], [-slope, 1, slope * width / 2]], np.float64)
    return np.asarray(cv2.warpAffine(part, shear, (width, height), flags=cv2.INTER_NEAREST), np.uint8)


def _around(boxes: NDArray[np.float32], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    low = np.clip(np.floor(boxes[:, :2].min(axis=0)), 0, (shape[1] - 1, shape[0] - 1)).astype(int)
    high = np.clip(np.ceil(boxes[:, 2:].max(axis=0)), low + 1, (shape[1], shape[0])).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
