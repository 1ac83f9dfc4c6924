"""Looking for characters on a page or a strip, at the size that the reader knows."""

from __future__ import annotations

import cv2
import numpy as np

from digit_core.characters import DIGITS, Characters, characters
from digit_core.reader import Reader
from digit_core.records import Grey
from digit_core.strips import STRIP_HEIGHT

FIGURE = 25.0
"""Pixels that a digit is made high before it is read: the middle of what the reader learned."""

_FIRST_LOOK = 1750
"""Pixels of a page's longer side at the first look: figures of 4 mm on A4 are then 25 high."""

_LARGEST_LOOK = 4200

_STRONG, _PAPER = 200, 24
"""Darkness that the darkest ink is raised to, by four times at most: pencil is read like ink; and below which there is no ink."""


def look(darkness: Grey, reader: Reader) -> Characters:
    """Characters of a page, boxes in its pixels. Where most figures are small or large it is looked at again at their size."""
    scale = min(1.0, _FIRST_LOOK / max(darkness.shape))
    found = _look_at(darkness, scale, reader)
    digits = found.best < DIGITS
    if digits.any():
        height = float(np.median((found.boxes[:, 3] - found.boxes[:, 1])[digits]))
        better = min(FIGURE / max(height, 4.0), 2.0, _LARGEST_LOOK / max(darkness.shape))
        if not 0.7 < better / scale < 1.5:
            return _look_at(darkness, better, reader)
    return found


def _look_at(darkness: Grey, scale: float, reader: Reader) -> Characters:
    height, width = (max(1, round(side * scale)) for side in darkness.shape)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = darkness if scale == 1 else cv2.resize(darkness, (width, height), interpolation=method)
    found = characters(reader.find(strengthened(np.asarray(small, np.uint8))))
    return Characters((found.boxes / scale).astype(np.float32), found.probabilities, found.printed)


def strengthened(darkness: Grey) -> Grey:
    """Faint ink made stronger, evenly: what is paper stays paper."""
    ink = float(np.percentile(darkness[::2, ::2], 99.7)) if darkness.size else 0.0
    if not _PAPER < ink < _STRONG:
        return darkness
    return np.asarray(cv2.convertScaleAbs(darkness, alpha=min(4.0, _STRONG / ink)), np.uint8)


def look_at_strip(darkness: Grey, reader: Reader) -> Characters:
    """Characters of a strip: looked at as it stands, and again at the size of its figures."""
    first = _look_at(darkness, STRIP_HEIGHT / darkness.shape[0], reader)
    digits = first.best < DIGITS
    if not digits.any():
        return first
    height = float(np.percentile((first.boxes[:, 3] - first.boxes[:, 1])[digits], 75))
    better = FIGURE / max(height, 3.0)
    return first if 0.75 < better * darkness.shape[0] / STRIP_HEIGHT < 1.35 else _look_at(darkness, better, reader)
