"""Augmentation: MNIST's digits redrawn as by other writers, pens, papers and scanners.

The distortions follow Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to visual document
analysis" (ICDAR 2003); the marks that get into a crop (rulings, dots, a neighbour's stroke) are those that cutting real pages
leaves behind.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.digit_crop import mnist_crop
from digit_core.records import NOT_A_DIGIT
from digit_core.synthesis.non_digits import CANVAS as _CANVAS
from digit_core.synthesis.non_digits import ZOOM as _ZOOM
from digit_core.synthesis.non_digits import Ink, stranger

_GRID_Y, _GRID_X = np.mgrid[0:_CANVAS, 0:_CANVAS].astype(np.float32) - (_CANVAS - 1) / 2


def archive_digits(
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    rng: np.random.Generator,
    *,
    strangers: float = 0.1,
    untouched: float = 0.1,
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return one epoch of digits in archive ink, freshly distorted.

    images: (n, 28, 28) uint8 as in MNIST; labels: (n,). `strangers` is the share of the result that is NOT_A_DIGIT, `untouched`
    the share of digits left unchanged. Returns the same n, shuffled.
    """
    order = rng.permutation(len(images))
    crops = np.empty_like(images)
    classes = labels.astype(np.int64)[order]
    for row, index in enumerate(order):
        luck = rng.random()
        if luck < strangers:
            crops[row], classes[row] = _archive_stranger(images, rng), NOT_A_DIGIT
        elif luck < strangers + untouched:
            crops[row] = images[index]
        else:
            other = images[rng.integers(len(images))]
            crops[row] = archive_digit(images[index], int(labels[index]), other, rng)
    return crops, classes


def archive_digit(image: Ink, label: int, neighbour: Ink, rng: np.random.Generator) -> Ink:
    """Redraw one digit in another hand on worse paper, in MNIST's frame: (28, 28) uint8 -> (28, 28) uint8."""
    canvas = _enlarge(image)
    canvas = _restyle(canvas, label, rng)
    canvas = _rewrite(canvas, rng)
    canvas = _repen(canvas, rng)
    if rng.random() < 0.35:
        canvas = _clutter(canvas, neighbour, rng)
    return _wear(_frame(canvas, rng), rng)


def redrawn(image: Ink, label: int, rng: np.random.Generator) -> Ink:
    """Redraw one digit with the flags, bars and wobble of another hand: (28, 28) -> uint8, 1.6 times as large, on a wider
    canvas."""
    return _rewrite(_restyle(_enlarge(image), label, rng), rng, slant=0.07)


def _archive_stranger(images: NDArray[np.uint8], rng: np.random.Generator) -> Ink:
    return _wear(_frame(_repen(_rewrite(stranger(images, rng), rng), rng), rng), rng)


# --- the writer ---


def _enlarge(image: Ink) -> Ink:
    middle = (_CANVAS - 28 * _ZOOM) / 2
    matrix = np.array([[_ZOOM, 0, middle], [0, _ZOOM, middle]], np.float32)
    return np.asarray(cv2.warpAffine(image, matrix, (_CANVAS, _CANVAS), flags=cv2.INTER_CUBIC), np.uint8)


def _restyle(canvas: Ink, label: int, rng: np.random.Generator) -> Ink:
    """Add flags to the 1 and bars to the 7, rare among MNIST's American writers and common in Europe."""
    if label == 1 and rng.random() < 0.45:
        return _flag(canvas, rng)
    if label == 7 and rng.random() < 0.4:
        return _bar(canvas, rng)
    return canvas


def _flag(canvas: Ink, rng: np.random.Generator) -> Ink:
    ys, xs = np.nonzero(canvas > 100)
    if len(ys) == 0:
        return canvas
    top, bottom = int(ys.min()), int(ys.max())
    x = int(xs[ys == top].mean())
    height = bottom - top
    length, angle = height * rng.uniform(0.2, 0.55), np.deg2rad(rng.uniform(15, 70))
    end = round(x - length * np.cos(angle)), round(top + length * np.sin(angle))
    pen = int(rng.integers(2, 6))
    canvas = np.asarray(cv2.line(canvas.copy(), (x, top + pen // 2), end, 255, pen, cv2.LINE_AA), np.uint8)
    if rng.random() < 0.2:
        foot = int(xs[ys == bottom].mean())
        half = round(height * rng.uniform(0.12, 0.25))
        cv2.line(canvas, (foot - half, bottom), (foot + half, bottom), 255, pen, cv2.LINE_AA)
    return canvas


def _bar(canvas: Ink, rng: np.random.Generator) -> Ink:
    ys, xs = np.nonzero(canvas > 100)
    if len(ys) == 0:
        return canvas
    y = round(ys.min() + (ys.max() - ys.min()) * rng.uniform(0.42, 0.62))
    near = xs[np.abs(ys - y) < 3]
    if len(near) == 0:
        return canvas
    x, half, tilt = int(near.mean()), rng.uniform(2.7, 6) * _ZOOM, rng.uniform(-2, 2)
    ends = (round(x - half), round(y + tilt)), (round(x + half), round(y - tilt))
    return np.asarray(cv2.line(canvas.copy(), *ends, 255, int(rng.integers(2, 5)), cv2.LINE_AA), np.uint8)


def _rewrite(canvas: Ink, rng: np.random.Generator, slant: float = 0.24) -> Ink:
    """Apply slant (about this much), tilt, proportion and an elastic wobble, in one remapping."""
    angle, slant = np.deg2rad(rng.normal(0, 6)), float(np.clip(rng.normal(slant / 4, slant), -0.6, 0.75))
    wide, tall = rng.uniform(0.7, 1.3), rng.uniform(0.85, 1.15)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.array([[1, slant], [0, 1]]) @ np.diag([1 / wide, 1 / tall])
    wobble = rng.normal(0, rng.uniform(0.1, 1.1) * _ZOOM, (2, 6, 6)).astype(np.float32)
    shift_x, shift_y = (cv2.resize(field, (_CANVAS, _CANVAS), interpolation=cv2.INTER_CUBIC) for field in wobble)
    (a, b), (c, d) = matrix.astype(np.float32)
    middle = np.float32((_CANVAS - 1) / 2)
    map_x = a * _GRID_X + b * _GRID_Y + (shift_x + middle)
    map_y = c * _GRID_X + d * _GRID_Y + (shift_y + middle)
    return np.asarray(cv2.remap(canvas, map_x, map_y, cv2.INTER_LINEAR), np.uint8)


def _repen(canvas: Ink, rng: np.random.Generator) -> Ink:
    """Change the width of the pen: blurred ink thresholded at a higher or lower level."""
    blurred = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.35, 1.15) * _ZOOM)
    level, edge = rng.uniform(45, 165), rng.uniform(12, 70)
    ramp = np.clip((np.arange(256) - level + edge) * (255 / (2 * edge)), 0, 255).astype(np.uint8)
    pen = np.asarray(cv2.LUT(blurred, ramp), np.uint8)
    return pen if pen.max() > 128 else canvas


# --- the page around it ---


def _clutter(canvas: Ink, neighbour: Ink, rng: np.random.Generator) -> Ink:
    box = _bounds(canvas)
    canvas = canvas.copy()
    kind = rng.integers(4)
    if kind == 0:
        _ruling(canvas, box, rng)
    elif kind == 1:
        x, y, w, h = box
        dot = (x - 4 if rng.random() < 0.5 else x + w + 4, y + round(h * rng.uniform(0.5, 1.05)))
        cv2.circle(canvas, dot, int(rng.integers(1, 4)), 255, -1, cv2.LINE_AA)
    elif kind == 2:
        canvas = np.maximum(canvas, _shifted(_enlarge(neighbour), box, rng))
    else:
        for _ in range(int(rng.integers(1, 4))):
            spot = tuple(int(v) for v in rng.integers(16, _CANVAS - 16, 2))
            cv2.circle(canvas, spot, 1, int(rng.integers(90, 255)), -1, cv2.LINE_AA)
    return canvas


def _bounds(canvas: Ink) -> tuple[int, int, int, int]:
    x, y, w, h = cv2.boundingRect((canvas > 60).astype(np.uint8))
    return x, y, w, h


def _ruling(canvas: Ink, box: tuple[int, int, int, int], rng: np.random.Generator) -> None:
    x, y, w, h = box
    pen, shade = int(rng.integers(1, 4)), int(rng.integers(110, 256))
    if rng.random() < 0.6:
        at = y + round(h * (rng.uniform(0.92, 1.06) if rng.random() < 0.7 else rng.uniform(-0.06, 0.5)))
        ends = (x - int(rng.integers(-6, 6)), at), (x + w + int(rng.integers(-6, 6)), at + int(rng.integers(-2, 3)))
    else:
        at = x + round(w * rng.uniform(0.96, 1.15)) if rng.random() < 0.5 else x - round(w * rng.uniform(-0.04, 0.15))
        ends = (at, y - int(rng.integers(-8, 6))), (at + int(rng.integers(-2, 3)), y + h + int(rng.integers(-8, 6)))
    cv2.line(canvas, *ends, shade, pen, cv2.LINE_AA)


def _shifted(other: Ink, box: tuple[int, int, int, int], rng: np.random.Generator) -> Ink:
    """Return the edge of a neighbouring digit, cut where the box of this one ends."""
    x, _, w, _ = box
    left, _, width, _ = _bounds(other)
    overlap = rng.uniform(0.08, 0.3) * width
    to_the_right = rng.random() < 0.5
    step = (x + w - left - overlap / 2) if to_the_right else (x - left - width + overlap / 2)
    moved = cv2.warpAffine(other, np.array([[1, 0, step], [0, 1, rng.normal(0, 4)]], np.float32), (_CANVAS, _CANVAS))
    moved[:, : max(0, round(x - overlap / 2))] = 0
    moved[:, round(x + w + overlap / 2) :] = 0
    return np.asarray(moved, np.uint8)


def _frame(canvas: Ink, rng: np.random.Generator) -> Ink:
    """Cut at the ink, sometimes a little too wide or too tight, and put into MNIST's frame."""
    x, y, w, h = _bounds(canvas)
    if w == 0 or h == 0:
        return np.zeros((28, 28), np.uint8)
    slack = rng.integers(-1, 4, 4) if rng.random() < 0.3 else np.zeros(4, np.int64)
    x0, y0 = max(0, x - int(slack[0])), max(0, y - int(slack[1]))
    x1, y1 = min(_CANVAS, x + w + int(slack[2])), min(_CANVAS, y + h + int(slack[3]))
    return mnist_crop(canvas[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)])


def _wear(crop: Ink, rng: np.random.Generator) -> Ink:
    """Apply faint ink, a blurred or bilevel scan, and noise."""
    luck = rng.random()
    if luck < 0.15:
        crop = np.where(crop > rng.uniform(70, 170), 255, 0).astype(np.uint8)
    elif luck < 0.35:
        crop = np.asarray(cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.4, 0.9)), np.uint8)
    if rng.random() < 0.3:
        faded = crop.astype(np.float32) * rng.uniform(0.6, 1.0) + rng.normal(0, rng.uniform(2, 18), crop.shape)
        crop = np.clip(faded, 0, 255).astype(np.uint8)
    return crop
