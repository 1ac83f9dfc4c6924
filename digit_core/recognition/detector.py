"""Detection of characters on a page or a strip, at the detector's training scale."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.background import reduced
from digit_core.imaging.prepare import PreparedPage
from digit_core.inference.network_spec import DIGITS, STRIP_HEIGHT
from digit_core.inference.reader import Reader
from digit_core.numerics import percentile
from digit_core.recognition.detections import LEAST_DIGIT, Characters, characters
from digit_core.records import Grey

FIGURE = 25.0
"""Height in pixels to which digits are scaled for detection: the middle of the training's range."""

_FIRST_LOOK = 1750
"""Pixels of a page's longer side in the first detection: figures of 4 mm on A4 are then 25 high."""

_LARGEST_LOOK = 4200
_LARGEST_INK = 32.0
"""Greatest height of ink in pixels in the first detection: of larger figures the detector sees only parts."""

_MANY = 4.0
"""Factor by which more digits must be clear at the usual scale for large ink to be no writing."""

_KNOWN = 11.0, 40.0
"""Heights in pixels of the figures that the detector was trained on."""

_COARSE = 900
_LONGEST_STRIP = 8000
"""Greatest length in pixels of an enlarged strip: one of 3 x 20,000 pixels would fill the memory."""

_HARDLY = 0.12
"""Least probability of a digit in a strip without a plainer one."""

_STRONG, _PAPER = 200, 24
"""Darkness to which the darkest ink is raised, by a factor of at most four, so that pencil is read like ink; and darkness below
which there is no ink."""


def look(page: PreparedPage, reader: Reader) -> Characters:
    """Detect the characters of a page, boxes in its pixels. Pages of mostly small or large figures are detected again at that
    size."""
    darkness = page.darkness
    scale, found = _first_look(page, reader)
    digits = found.best < DIGITS
    if digits.any():
        height = float(np.median((found.boxes[:, 3] - found.boxes[:, 1])[digits]))
        better = min(FIGURE / max(height, 4.0), 2.0, _LARGEST_LOOK / max(darkness.shape))
        if not 0.7 < better / scale < 1.5:
            return look_at(darkness, better, reader)
    return found


def _first_look(page: PreparedPage, reader: Reader) -> tuple[float, Characters]:
    """Return the scale of a first detection and its characters: the usual scale, or a smaller one where ink is large.

    Large ink may be no writing: the black around a page, a stain, a frame. Then the smaller scale shows hardly any clear digit
    and the usual one many; of large figures the usual scale shows parts, which look like a few digits.
    """
    usual = min(1.0, _FIRST_LOOK / max(page.darkness.shape))
    smaller = min(usual, _LARGEST_INK / ink_height(page.ink))
    found = look_at(page.darkness, smaller, reader)
    if smaller < 0.8 * usual:
        other = look_at(page.darkness, usual, reader)
        if _plain(other, usual) > _MANY * (1 + _plain(found, smaller)):
            return usual, other
    return smaller, found


def _plain(found: Characters, scale: float) -> float:
    """Return the number of clearly detected digits of a size that the detector knows."""
    height = (found.boxes[:, 3] - found.boxes[:, 1]) * scale
    known = (found.best < DIGITS) & (height > _KNOWN[0]) & (height < _KNOWN[1])
    return float(np.square(found.scores[known]).sum())


def ink_height(ink: NDArray[np.uint8]) -> float:
    """Return the height of connected ink, in pixels of the page: half of all ink belongs to higher pieces. Pieces much longer
    than high, or as high as a third of the page, are not writing. 1 for a page without ink."""
    small = reduced(ink, _COARSE)
    _, _, stats, _ = cv2.connectedComponentsWithStats((small > 0).astype(np.uint8), connectivity=8)
    width, height, area = stats[1:, 2], stats[1:, 3], stats[1:, 4]
    writing = (height < max(12.0, 0.35 * small.shape[0])) & (width < 8 * height) & (height < 12 * width)
    if not writing.any():
        return 1.0
    order = np.argsort(height[writing])
    total = np.cumsum(area[writing][order])
    middle = int(np.searchsorted(total, total[-1] / 2))
    return float(height[writing][order][middle] * max(ink.shape) / max(small.shape))


def look_at(darkness: Grey, scale: float, reader: Reader, least: float = LEAST_DIGIT) -> Characters:
    """Detect the characters of a picture rescaled by `scale`; digits from a probability of `least` on. Boxes in its pixels."""
    height, width = (max(1, round(side * scale)) for side in darkness.shape)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = darkness if scale == 1 else cv2.resize(darkness, (width, height), interpolation=method)
    found = characters(reader.find(strengthened(np.asarray(small, np.uint8))), reader.detector, least)
    return Characters((found.boxes / scale).astype(np.float32), found.probabilities, found.printed)


def strengthened(darkness: Grey) -> Grey:
    """Strengthen faint ink evenly; paper stays paper."""
    ink = percentile(darkness[::2, ::2], 99.7) if darkness.size else 0.0
    if not _PAPER < ink < _STRONG:
        return darkness
    return np.asarray(cv2.convertScaleAbs(darkness, alpha=min(4.0, _STRONG / ink)), np.uint8)


def look_at_strip(strip: PreparedPage, reader: Reader) -> Characters:
    """Detect the characters of a strip, at its own size and again at the size of its figures.

    Where these fill a small part of the strip, the first detection uses the size of the ink. In a strip where nothing is plain, a
    digit is also found that the detector hardly sees: one stands there, unlike on most spots of a page.
    """
    darkness = strip.darkness
    longest = _LONGEST_STRIP / darkness.shape[1]
    whole = min(STRIP_HEIGHT / darkness.shape[0], longest)
    scale, first = whole, look_at(darkness, whole, reader)
    if not (first.best < DIGITS).any():
        scale = min(FIGURE / max(ink_height(strip.ink), 3.0), longest, _LARGEST_LOOK / max(darkness.shape))
        first = look_at(darkness, scale, reader)
    if not (first.best < DIGITS).any():
        scale, first = whole, look_at(darkness, whole, reader, _HARDLY)
    digits = first.best < DIGITS
    if not digits.any():
        return first
    height = float(np.percentile((first.boxes[:, 3] - first.boxes[:, 1])[digits], 75))
    better = min(FIGURE / max(height, 3.0), longest)
    if 0.75 < better / scale < 1.35:
        return first
    again = look_at(darkness, better, reader)
    return again if (again.best < DIGITS).any() else first
