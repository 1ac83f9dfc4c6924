"""Whose ink it is: connected ink belongs to the cell that holds most of it, however far its tail reaches into another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_MOST, _TAIL = 0.6, 0.3
"""Share of connected ink in one cell from which it is that cell's; and greatest share of a mere tail in another."""

_MARGIN = 0.08
"""Share of a cell's sides beside its edges in which remains of rulings lie."""

_DOMINANT = 0.6
"""Share of the ink in a box that is one piece, from which the box is that piece's."""

_REACH = 0.35
"""Share of a digit's height by which ink must reach into a cell to show there."""

_BESIDE = 0.25
"""Share of a digit's height that lies between a number and ink that is clearly not part of it."""

InkBox = NDArray[np.float32]
"""Left, top, right, bottom in pixels of the prepared page."""


@dataclass(frozen=True, slots=True, eq=False)
class InkOwners:
    """Connected ink of a page and the cells, by index, that hold it.

    labels: (height, width) the piece at each pixel, 0 for paper; quads: corners of the cells; tails: pairs of a piece and a cell
    that it only reaches into.
    """

    labels: NDArray[np.int32]
    quads: Sequence[NDArray[np.float64]]
    tails: frozenset[tuple[int, int]]

    @classmethod
    def of(cls, ink: NDArray[np.uint8], quads: Sequence[NDArray[np.float64]]) -> InkOwners:
        """Find the owners of a page's ink (255) among cells with these corners (4, 2)."""
        cells = np.full(ink.shape, -1, np.int32)
        for index, quad in enumerate(quads):
            cv2.fillConvexPoly(cells, np.rint(quad).astype(np.int32), index)
        count, labels = cv2.connectedComponents(ink, connectivity=8)
        y, x = np.nonzero(labels)
        pieces, places = labels[y, x].astype(np.int64), cells[y, x].astype(np.int64)
        total = np.bincount(pieces, minlength=count)
        pairs, amounts = np.unique(pieces * (len(quads) + 1) + places + 1, return_counts=True)
        of, within = pairs // (len(quads) + 1), pairs % (len(quads) + 1) - 1
        share = amounts / total[of]
        owner = np.full(count, -1, np.intp)
        most = (share >= _MOST) & (within >= 0)
        owner[of[most]] = within[most]
        tail = (within >= 0) & (share <= _TAIL) & (owner[of] >= 0) & (owner[of] != within)
        tails = frozenset(zip(of[tail].tolist(), within[tail].tolist(), strict=True))
        return cls(np.asarray(labels, np.int32), quads, tails)

    def is_tail(self, box: InkBox, cell: int) -> bool:
        """Tell whether the ink in a box of a cell is but the tail of another cell's."""
        labels = self._inside(box)
        pieces, counts = np.unique(labels[labels > 0], return_counts=True)
        if not len(pieces):
            return False
        best = int(counts.argmax())
        return bool(counts[best] >= _DOMINANT * counts.sum()) and (int(pieces[best]), cell) in self.tails

    def tails_in(self, cell: int, height: float) -> list[InkBox]:
        """Return the boxes of other cells' ink that shows in a cell; height: of the digits."""
        found = []
        for piece in sorted(piece for piece, place in self.tails if place == cell):
            y, x = np.nonzero(self._inner(cell) == piece)
            if len(x) and max(np.ptp(x), np.ptp(y)) + 1 >= _REACH * height:
                left, top = self._corner(cell)[0]
                found.append(np.array([left + x.min(), top + y.min(), left + x.max() + 1, top + y.max() + 1], np.float32))
        return found

    def _inner(self, cell: int) -> NDArray[np.int32]:
        """Return the pieces in a cell without its margins, where remains of its rulings lie."""
        (left, top), (right, bottom) = self._corner(cell)
        return self.labels[top:bottom, left:right]

    def _corner(self, cell: int) -> tuple[tuple[int, int], tuple[int, int]]:
        low, high = self.quads[cell].min(axis=0), self.quads[cell].max(axis=0)
        margin = _MARGIN * (high - low)
        first, last = np.maximum(low + margin, 0).astype(int), np.maximum(high - margin, 0).astype(int)
        return (int(first[0]), int(first[1])), (int(last[0]), int(last[1]))

    def without_tails(self, ink: NDArray[np.uint8], cell: int) -> NDArray[np.uint8]:
        """Return a copy of the ink without the tails in a cell."""
        gone = [piece for piece, place in self.tails if place == cell]
        if not gone:
            return ink
        low = np.maximum(np.floor(self.quads[cell].min(axis=0)), 0).astype(int)
        high = np.ceil(self.quads[cell].max(axis=0)).astype(int) + 1
        window = np.s_[low[1] : high[1], low[0] : high[0]]
        left = ink.copy()
        left[window][np.isin(self.labels[window], gone)] = 0
        return left

    def _inside(self, box: InkBox) -> NDArray[np.int32]:
        left, top, right, bottom = (max(0, round(float(side))) for side in box)
        return self.labels[top:bottom, left:right]


def near_tail(boxes: NDArray[np.float32], tails: Sequence[InkBox], height: float) -> bool:
    """Tell whether another cell's ink comes so near a number, with these boxes (n, 4), that it may have been read with it."""
    gap = _BESIDE * height
    (left, top), (right, bottom) = boxes[:, :2].min(axis=0) - gap, boxes[:, 2:].max(axis=0) + gap
    return any(bool(t[0] < right and t[2] > left and t[1] < bottom and t[3] > top) for t in tails)
