"""What a reviewer sees of a digit: a crop of it, and a strip of its number with the surroundings, from the scan itself."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from digit_core.records import Box, Grey

CROP_MARGIN = 0.25
"""Of the digit's height, on each side."""

STRIP_SIDE = 6.0
"""Digit heights that the strip shows left and right of the number."""

STRIP_WIDTH = 1000
"""Most pixels that a strip is wide; a wider one is scaled down."""

STRIP_HEIGHT = 96
"""Most pixels that a strip is high."""

_GREY_STEP = 16  # 16 shades are enough to read by, and make a PNG of scanned paper about a quarter as large


def cut(pixels: Grey, places: Sequence[tuple[Box, Box]]) -> list[tuple[bytes, bytes]]:
    """(crop, strip) as PNG bytes for each (box of the digit, box of its number), both in pixels of `pixels`."""
    strips = {number: strip(pixels, digit, number) for digit, number in places}
    return [(crop(pixels, digit), strips[number]) for digit, number in places]


def crop(pixels: Grey, digit: Box) -> bytes:
    """The digit with a small margin, in the scan's own pixels, as PNG."""
    margin = round(CROP_MARGIN * digit.h) + 1
    return _png(_window(pixels, digit.x - margin, digit.y - margin, digit.right + margin, digit.bottom + margin))


def strip(pixels: Grey, digit: Box, number: Box) -> bytes:
    """The number with what stands left and right of it, scaled down where it would be too large, as PNG."""
    side, above = round(STRIP_SIDE * digit.h), round(0.5 * number.h)
    if number.w + 2 * side > 2 * STRIP_WIDTH:  # a huge box: what matters is the digit
        side = max(0, STRIP_WIDTH - number.w // 2)
    window = _window(pixels, number.x - side, number.y - above, number.right + side, number.bottom + above)
    height, width = window.shape
    scale = min(1.0, STRIP_WIDTH / width, STRIP_HEIGHT / height)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        window = cv2.resize(window, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return _png(window // _GREY_STEP * _GREY_STEP + _GREY_STEP // 2)


def _window(pixels: Grey, left: int, top: int, right: int, bottom: int) -> Grey:
    """The part of the page in these bounds, which may lie outside the page; never empty for a box on the page."""
    height, width = pixels.shape
    left, right = max(0, min(left, width - 1)), min(width, max(right, 1))
    top, bottom = max(0, min(top, height - 1)), min(height, max(bottom, 1))
    return pixels[top:bottom, left:right]


def _png(pixels: Grey) -> bytes:
    written, data = cv2.imencode(
        ".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE]
    )
    if not written:
        raise ValueError(f"OpenCV could not write a PNG of shape {pixels.shape}")
    return data.tobytes()
