"""Pictures for the reviewer: a crop of a digit, and a strip of its number with the surroundings, from the scan itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from digit_core.imaging.rotation import upright, upright_box
from digit_core.records import Box, Grey, ScanWindow

CROP_MARGIN = 0.25
"""Margin on each side, as a share of the digit's height."""

STRIP_SIDE = 6.0
"""Margin left and right of the number in its strip, in heights of a digit."""

STRIP_WIDTH = 1000
"""Greatest width of a strip in pixels; a wider one is scaled down."""

STRIP_HEIGHT = 96
"""Greatest height of a strip in pixels."""

_GREY_STEP = 16  # 16 shades are enough to read by, and make a PNG of scanned paper about a quarter as large


BoxInStrip = tuple[float, float, float, float]
"""Place of a digit in its strip: x, y, w, h as shares of the strip's width and height."""


class Cutting(NamedTuple):
    """A digit and its surroundings as PNG bytes, and where the digit is in them; empty where the page could not be read."""

    crop: bytes = b""
    strip: bytes = b""
    mark: BoxInStrip | None = None


def windows_around(pixels: Grey, numbers: Sequence[Sequence[Box]], quarters: int = 0) -> list[ScanWindow]:
    """Return for each number (the boxes of its digits) a part of the scan that contains all its pictures.

    The whole scan for all of them where that has fewer pixels; an empty part for a number without digits.
    """
    windows = [_window_around(pixels, boxes, quarters) for boxes in numbers]
    if sum(window.pixels.size for window in windows) > pixels.size:
        return [ScanWindow(0, 0, pixels)] * len(windows)
    return windows


def _window_around(pixels: Grey, boxes: Sequence[Box], quarters: int) -> ScanWindow:
    if not boxes:
        return ScanWindow(0, 0, pixels[:0, :0])
    number = Box.around(boxes)
    tallest = max(box.w if quarters % 2 else box.h for box in boxes)
    along, across = round(STRIP_SIDE * tallest), round(0.5 * (number.w if quarters % 2 else number.h))
    if (number.h if quarters % 2 else number.w) + 2 * along > 2 * STRIP_WIDTH:
        along = min(along, STRIP_WIDTH)
    margin = round(CROP_MARGIN * tallest) + 1
    dx, dy = (across, along) if quarters % 2 else (along, across)
    dx, dy = max(dx, margin), max(dy, margin)
    left, right, top, bottom = _bounds(pixels, number.x - dx, number.y - dy, number.right + dx, number.bottom + dy)
    return ScanWindow(left, top, pixels[top:bottom, left:right])


def cut_from(window: ScanWindow, places: Sequence[tuple[Box, Box]], quarters: int = 0) -> list[Cutting]:
    """Cut pictures as `cut` does, from a window that contains them; the boxes are in pixels of the scan."""
    shifted = [tuple(replace(box, x=box.x - window.x, y=box.y - window.y) for box in pair) for pair in places]
    return cut(window.pixels, [(digit, number) for digit, number in shifted], quarters)


def cut(pixels: Grey, places: Sequence[tuple[Box, Box]], quarters: int = 0) -> list[Cutting]:
    """Cut the pictures of each (box of the digit, box of its number), both in pixels of `pixels`.

    Digits of one number share their strip. On a page that is rotated by so many quarters (digit_core.imaging.rotation) the
    pictures are upright.
    """
    if quarters:
        height, width = pixels.shape
        stood = [tuple(upright_box(box, quarters, width, height) for box in pair) for pair in places]
        return cut(upright(pixels, quarters), [(digit, number) for digit, number in stood])
    first = {number: digit for digit, number in reversed(places)}
    strips = {number: strip(pixels, digit, number) for number, digit in first.items()}
    return [Cutting(crop(pixels, digit), strips[number], mark(pixels, digit, number, first[number])) for digit, number in places]


def crop(pixels: Grey, digit: Box) -> bytes:
    """Cut the digit with a small margin, in the scan's own pixels, as PNG."""
    margin = round(CROP_MARGIN * digit.h) + 1
    return _png(_window(pixels, digit.x - margin, digit.y - margin, digit.right + margin, digit.bottom + margin))


def strip(pixels: Grey, digit: Box, number: Box) -> bytes:
    """Cut the number with what stands left and right of it, reduced where it would be too large, as PNG."""
    window = _window(pixels, *_surroundings(digit, number))
    height, width = window.shape
    scale = min(1.0, STRIP_WIDTH / width, STRIP_HEIGHT / height)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        window = cv2.resize(window, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return _png(window // _GREY_STEP * _GREY_STEP + _GREY_STEP // 2)


def mark(pixels: Grey, digit: Box, number: Box, first: Box) -> BoxInStrip:
    """Return the digit's place in the strip of its number, which was cut for the digit `first`."""
    left, right, top, bottom = _bounds(pixels, *_surroundings(first, number))
    width, height = right - left, bottom - top
    return (digit.x - left) / width, (digit.y - top) / height, digit.w / width, digit.h / height


def _surroundings(digit: Box, number: Box) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a strip; may lie outside the page."""
    side, above = round(STRIP_SIDE * digit.h), round(0.5 * number.h)
    if number.w + 2 * side > 2 * STRIP_WIDTH:  # a huge box: centre on the digit
        side = max(0, STRIP_WIDTH - number.w // 2)
    return number.x - side, number.y - above, number.right + side, number.bottom + above


def _window(pixels: Grey, left: int, top: int, right: int, bottom: int) -> Grey:
    """Return the part of the page in these bounds, which may lie outside the page; never empty for a box on the page."""
    left, right, top, bottom = _bounds(pixels, left, top, right, bottom)
    return pixels[top:bottom, left:right]


def _bounds(pixels: Grey, left: int, top: int, right: int, bottom: int) -> tuple[int, int, int, int]:
    """Return left, right, top and bottom of the part of these bounds that is on the page."""
    height, width = pixels.shape
    return (
        *(max(0, min(left, width - 1)), min(width, max(right, 1))),
        *(max(0, min(top, height - 1)), min(height, max(bottom, 1))),
    )


def _png(pixels: Grey) -> bytes:
    written, data = cv2.imencode(
        ".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE]
    )
    if not written:
        raise ValueError(f"OpenCV could not write a PNG of shape {pixels.shape}")
    return data.tobytes()
