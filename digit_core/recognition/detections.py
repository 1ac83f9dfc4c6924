"""Conversion of detector cells to characters: which cells are the middle of a digit, a point or a dash, and its extent."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import CHARACTERS, DIGITS, FULL, NOTHING, OTHER, STRIDE, UNIT, NetworkForm
from digit_core.numerics import log_odds, log_sum_exp, sigmoid, softmax

LEAST_DIGIT, _LEAST_MARK = 0.35, 0.12
"""Least probability of the middle of a digit, and of a point or dash: those are small, and cost nothing."""

_CELLS = 65_536
"""Number of cells looked at together: a huge page needs no copy of all of them."""


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


def characters(cells: NDArray[np.float32], form: NetworkForm = FULL, least: float = LEAST_DIGIT) -> Characters:
    """Return the characters in cells (rows, columns, classes), most probable first, without overlapping less probable ones.

    form: of the network that produced the cells. Its class "another character" (a letter) is left out. least: probability from
    which there is a digit, 0.12 at least.
    """
    classes, places = len(form.characters), np.array(form.places)
    wanted = np.flatnonzero(places != CHARACTERS.index(OTHER))
    others = np.delete(np.arange(classes + 1), wanted)  # setdiff1d would import numpy.ma
    flat = cells.reshape(-1, cells.shape[-1])
    likely = _candidates(flat, wanted, others)
    here = flat[likely]
    scores = sigmoid(log_sum_exp(here[:, wanted]) - log_sum_exp(here[:, others])).astype(np.float32)
    found = np.zeros(cells.shape[:2], np.float32)
    found.flat[likely] = scores
    peak = cv2.dilate(found, np.ones((3, 3), np.uint8)).ravel()[likely]
    enough = np.where(places[wanted][here[:, wanted].argmax(axis=1)] < DIGITS, least, _LEAST_MARK)
    kept = np.flatnonzero((scores >= enough) & (scores >= peak - 1e-6))
    kept = kept[np.argsort(-scores[kept], kind="stable")]
    here, (rows, columns) = here[kept], np.unravel_index(likely[kept], found.shape)
    boxes = _boxes(rows, columns, here[:, classes + 1 : classes + 5])
    known = softmax(here[:, : classes + 1])
    ours = known[:, wanted] @ np.eye(NOTHING, dtype=np.float32)[places[wanted]]
    all_ = np.concatenate([ours, 1 - ours.sum(axis=1, keepdims=True)], axis=1)
    printed = sigmoid(here[:, classes + 5])
    return Characters(boxes, all_, printed.astype(np.float32)).chosen(_without_doubles(boxes))


def _candidates(cells: NDArray[np.float32], wanted: NDArray[np.intp], others: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the indices of the cells (n, classes) that may hold a character; others need no exact probability, as nearly all are
    bare paper. A sum of exponentials is at least the greatest of them, and at most their number times as much."""
    least = log_odds(np.array(_LEAST_MARK)) - np.log(len(wanted)) - 1e-3
    likely = np.zeros(len(cells), bool)
    for start in range(0, len(cells), _CELLS):
        some = slice(start, start + _CELLS)
        by_class = np.asarray(cv2.transpose(cells[some]))
        likely[some] = by_class[wanted].max(axis=0) - by_class[others].max(axis=0) >= least
    return np.flatnonzero(likely)


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
    order = np.argsort(boxes[:, 0], kind="stable")
    a, b = (order[one] for one in overlapping(boxes[order]))
    w = np.minimum(boxes[a, 2], boxes[b, 2]) - boxes[b, 0]
    h = np.minimum(boxes[a, 3], boxes[b, 3]) - np.maximum(boxes[a, 1], boxes[b, 1])
    doubled = np.maximum(w, 0) * np.maximum(h, 0) > 0.5 * np.minimum(area[a], area[b])
    pairs = np.stack([np.minimum(a, b), np.maximum(a, b)], axis=1)[doubled]
    free = np.ones(len(boxes), bool)
    for better, worse in pairs[np.argsort(pairs[:, 0], kind="stable")].tolist():
        if free[better]:
            free[worse] = False
    return np.flatnonzero(free)


def overlapping(boxes: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the indices (a, b) of the pairs of boxes (n, 4), sorted by their left sides, where b begins before a ends."""
    counts = np.maximum(np.searchsorted(boxes[:, 0], boxes[:, 2]) - np.arange(1, len(boxes) + 1), 0)
    a = np.repeat(np.arange(len(boxes)), counts)
    return a, a + 1 + np.arange(len(a)) - np.repeat(np.cumsum(counts) - counts, counts)


def text_of(found: Characters) -> str:
    """Return the characters from left to right, points and dashes included."""
    return "".join(CHARACTERS[i] for i in found.left_to_right().best)
