"""The second reader's part: which numbers it is asked about, and the strips it gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.prepare import PreparedPage
from digit_core.inference.reader import Columns
from digit_core.params import SecondOpinion
from digit_core.records import Grey

BESIDE_ON_PAGE, BESIDE_IN_STRIP = 0.8, 3.0
"""Margin left and right of the digits, in heights of a digit: in a strip of one number a digit further away is one that was not
found; on a page it belongs to the next number."""

_ABOVE = 0.25
"""Margin above and below, in heights of the number."""

LEAST_SEEN = 0.0
"""Least log odds, by our own columns, that a number stands on a page, for asking about it."""


class StripReader(Protocol):
    """Interface of a strip reader: pictures of one line each -> columns (t, CLASSES), and with letters (t, 1 + len(SPELT))."""

    def read(self, strips: Sequence[Grey]) -> list[Columns]: ...

    def spell(self, strips: Sequence[Grey]) -> list[Columns]: ...


@dataclass(frozen=True, slots=True)
class Second:
    """The second reader, and the rule for asking it."""

    reader: StripReader
    when: SecondOpinion = field(default_factory=SecondOpinion)


def strip_of_scan(page: PreparedPage, boxes: NDArray[np.float32], beside: float = BESIDE_ON_PAGE) -> Grey:
    """Cut the scan's own grey around digits with these boxes (n, 4) of the prepared page, level; cut at the page's edges."""
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    reach = np.array([beside * height, _ABOVE * (high[1] - low[1])])
    size = np.array(page.darkness.shape[::-1])
    x0, y0 = np.clip(np.floor(low - reach), 0, size - 1).astype(int)
    x1, y1 = np.clip(np.ceil(high + reach), (x0 + 1, y0 + 1), size).astype(int)
    if page.original is None:
        return np.asarray(~page.darkness[y0:y1, x0:x1], np.uint8)
    return page.original.cut(int(x0), int(y0), int(x1), int(y1))
