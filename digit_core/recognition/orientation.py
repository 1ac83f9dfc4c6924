"""Orientation of a page on its scan: upright, sideways or upside down, determined by its numbers.

The columns of a strip give far more evidence (`FoundNumber.seen`) for upright numbers than for the same ink rotated, and for
words in any direction. Numbers of two or more digits are best: a lone 0, 1 or 8 looks the same rotated. Other directions are
tried only for a page whose numbers are not clearly seen, at places where digits were found, and the page counts as rotated only
if its numbers are seen much better then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.prepare import PreparedPage
from digit_core.imaging.rotation import upright
from digit_core.inference.reader import Reader
from digit_core.params import SegmentationParams
from digit_core.recognition.detector import FIGURE, look_at
from digit_core.recognition.legibility import Legibility, legibility_of
from digit_core.recognition.numbers import numbers_among
from digit_core.recognition.transcription.fusion import FoundNumber
from digit_core.records import Grey

_BETTER_BY = 10.0
"""Factor of evidence that another direction needs."""

_ENOUGH = 30.0
"""Factor of evidence from which no more of the page is examined."""

_PARTS, _SIDE, _MARGIN = 16, 8.0, 1.5
"""Greatest number of examined squares of the page, their side, and the margin around them, in heights of a digit."""


def evidence_of(numbers: Iterable[FoundNumber]) -> Legibility:
    return legibility_of((number.seen, len(number.boxes)) for number in numbers)


def lying(page: PreparedPage, numbers: Sequence[FoundNumber], reader: Reader, params: SegmentationParams) -> int:
    """Return the quarter turns (digit_core.imaging.rotation) of the page relative to the direction in which these numbers were
    read."""
    whole = evidence_of(numbers)
    if whole.sure or not whole.digits:
        return 0
    boxes = np.concatenate([number.boxes for number in numbers])
    height = max(4.0, float(np.median(boxes[:, 3] - boxes[:, 1])))
    tried: dict[int, list[FoundNumber]] = {quarters: [] for quarters in ((2, 1, 3) if whole.maybe_sideways else (2,))}
    here: list[FoundNumber] = []
    for part in _parts(boxes, height):
        here += [number for number in numbers if part.holds(number.boxes)]
        for quarters, found in tried.items():
            found += part.seen(page, quarters, FIGURE / height, reader, params)
        best = max(tried, key=lambda quarters: evidence_of(tried[quarters]).clear)
        this, other = evidence_of(here), evidence_of(tried[best])
        if this.beats(other, _ENOUGH) or other.beats(this, _ENOUGH):
            break
    return best if other.beats(this, _BETTER_BY) else 0


@dataclass(frozen=True, slots=True)
class _Part:
    """A square of the page in its pixels, and the margin around it."""

    x: float
    y: float
    side: float
    margin: float

    def holds(self, boxes: NDArray[np.float32]) -> bool:
        """Whether it contains the middle of the boxes together."""
        x, y = (boxes[:, 0].min() + boxes[:, 2].max()) / 2 - self.x, (boxes[:, 1].min() + boxes[:, 3].max()) / 2 - self.y
        return bool(0 <= x < self.side and 0 <= y < self.side)

    def seen(
        self, page: PreparedPage, quarters: int, scale: float, reader: Reader, params: SegmentationParams
    ) -> list[FoundNumber]:
        """Return the numbers whose middle lies in it when the page is turned upright from so many quarters."""
        picture = self._cut(page, scale)
        if quarters % 2:
            picture = _tilted(picture, page.skew)  # undo the levelling, which assumed horizontal lines
        picture = upright(picture, quarters)
        nothing = np.zeros_like(picture)
        part = PreparedPage(picture, nothing, nothing, np.eye(2, 3), 0.0)
        inner = _Part(self.margin * scale, self.margin * scale, self.side * scale, 0.0)
        return [one for one in numbers_among(look_at(picture, 1.0, reader), part, reader, params) if inner.holds(one.boxes)]

    def _cut(self, page: PreparedPage, scale: float) -> Grey:
        """Cut the square and its margin at `scale`, with white paper beyond the edge of the page."""
        height, width = page.darkness.shape
        x, y = round(self.x - self.margin), round(self.y - self.margin)
        side = round(self.side + 2 * self.margin)
        inside = page.darkness[max(0, y) : max(0, y + side), max(0, x) : max(0, x + side)]
        before, after = (max(0, -y), max(0, -x)), (max(0, y + side - height), max(0, x + side - width))
        whole = cv2.copyMakeBorder(inside, before[0], after[0], before[1], after[1], cv2.BORDER_CONSTANT, value=0)
        size = max(1, round(side * scale))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(whole, (size, size), interpolation=method), np.uint8)


def _parts(boxes: NDArray[np.float32], height: float) -> list[_Part]:
    """Draw squares that contain digits in these boxes (n, 4), with probability by their number; height: of a digit."""
    side = _SIDE * height
    middles = np.stack([boxes[:, [0, 2]].mean(axis=1), boxes[:, [1, 3]].mean(axis=1)], axis=1)
    squares, counts = np.unique(np.floor(middles / side).astype(int), axis=0, return_counts=True)
    drawn = np.random.default_rng(0).choice(len(squares), min(_PARTS, len(squares)), replace=False, p=counts / counts.sum())
    return [_Part(x * side, y * side, side, _MARGIN * height) for x, y in squares[drawn].tolist()]


def _tilted(picture: Grey, degrees: float) -> Grey:
    """Rotate the picture clockwise about its middle."""
    if not degrees:
        return picture
    height, width = picture.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    return np.asarray(cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_LINEAR), np.uint8)
