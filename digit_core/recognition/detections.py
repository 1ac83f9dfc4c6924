"""Conversion of detector cells to characters: which cells are the middle of a digit, a point or a dash, and its extent."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import CHARACTERS, DIGITS, FULL, NOTHING, OTHER, STRIDE, UNIT, NetworkForm
from digit_core.numerics import log_sum_exp, sigmoid, softmax

_LEAST, _LEAST_MARK = 0.35, 0.12
"""Least probability of the middle of a digit, and of a point or dash: those are small, and cost nothing."""


@dataclass(frozen=True, slots=True)
class Characters:
    """Detected characters: n of them.

    boxes (n, 4) left, top, right, bottom in pixels of the picture; probabilities (n, NOTHING + 1) of each character and of
    nothing; printed (n,) probability of print.
    """

    boxes: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    printed: NDArray[np.float32]

    @property
    def best(self) -> NDArray[np.intp]:
        """Return the likeliest character of each, (n,)."""
        return np.asarray(self.probabilities[:, :NOTHING].argmax(axis=1))

    @property
    def scores(self) -> NDArray[np.float32]:
        """Return the probability that there is a character at all, (n,)."""
        return np.asarray(1 - self.probabilities[:, NOTHING], np.float32)

    def __len__(self) -> int:
        return len(self.boxes)

    def chosen(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> Characters:
        return Characters(self.boxes[index], self.probabilities[index], self.printed[index])

    def left_to_right(self) -> Characters:
        return self.chosen(np.argsort(self.boxes[:, 0] + self.boxes[:, 2], kind="stable"))


def characters(cells: NDArray[np.float32], form: NetworkForm = FULL) -> Characters:
    """Return the characters in cells (rows, columns, classes), most probable first, without overlapping less probable ones.

    form: of the network that produced the cells. Its class "another character" (a letter) is left out.
    """
    classes, places = len(form.characters), np.array(form.places)
    wanted = np.flatnonzero(places != CHARACTERS.index(OTHER))
    none = log_sum_exp(np.delete(cells[..., : classes + 1], wanted, axis=-1))
    found = sigmoid(log_sum_exp(cells[..., wanted]) - none)
    peak = cv2.dilate(found.astype(np.float32), np.ones((3, 3), np.uint8))
    enough = np.where(places[wanted][cells[..., wanted].argmax(axis=-1)] < DIGITS, _LEAST, _LEAST_MARK)
    rows, columns = np.nonzero((found >= enough) & (found >= peak - 1e-6))
    order = np.argsort(-found[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    here = cells[rows, columns]
    boxes = _boxes(rows, columns, here[:, classes + 1 : classes + 5])
    known = softmax(here[:, : classes + 1])
    ours = known[:, wanted] @ np.eye(NOTHING, dtype=np.float32)[places[wanted]]
    all_ = np.concatenate([ours, 1 - ours.sum(axis=1, keepdims=True)], axis=1)
    printed = sigmoid(here[:, classes + 5])
    return Characters(boxes, all_, printed.astype(np.float32)).chosen(_without_doubles(boxes))


def _boxes(rows: NDArray[np.intp], columns: NDArray[np.intp], logs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return boxes around the middles of cells, from the logarithms (n, 4) of the distances to their sides."""
    x, y = (columns + 0.5) * STRIDE, (rows + 0.5) * STRIDE
    sides = UNIT * np.exp(np.clip(logs, -4, 4))
    return np.stack([x - sides[:, 0], y - sides[:, 1], x + sides[:, 2], y + sides[:, 3]], axis=1).astype(np.float32)


def _without_doubles(boxes: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return indices of the boxes, given most probable first, of which no kept one covers more than half of the smaller."""
    if len(boxes) == 0:
        return np.empty(0, np.intp)
    area = np.maximum(boxes[:, 2] - boxes[:, 0], 0.5) * np.maximum(boxes[:, 3] - boxes[:, 1], 0.5)
    free = np.ones(len(boxes), bool)
    kept = []
    by_left = np.argsort(boxes[:, 0], kind="stable")
    lefts = boxes[by_left, 0]
    widest = float((boxes[:, 2] - boxes[:, 0]).max())
    for i in range(len(boxes)):
        if not free[i]:
            continue
        kept.append(i)
        first, last = np.searchsorted(lefts, (boxes[i, 0] - widest, boxes[i, 2]))
        near = by_left[first:last]
        w = np.minimum(boxes[near, 2], boxes[i, 2]) - np.maximum(boxes[near, 0], boxes[i, 0])
        h = np.minimum(boxes[near, 3], boxes[i, 3]) - np.maximum(boxes[near, 1], boxes[i, 1])
        shared = np.maximum(w, 0) * np.maximum(h, 0)
        free[near[shared > 0.5 * np.minimum(area[near], area[i])]] = False
    return np.array(kept, np.intp)


def text_of(found: Characters) -> str:
    """Return the characters from left to right, points and dashes included."""
    return "".join(CHARACTERS[i] for i in found.left_to_right().best)
