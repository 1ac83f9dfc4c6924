"""Non-digits that segmentation finds on a page: dashes, dots, letters, cursive, touching digits.

They are a class of their own for the classifier, so that it need not take everything for a digit.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from digit_core.synthesis.fonts import font

Ink = NDArray[np.uint8]
"""Shape (height, width): 0 is paper, 255 is ink."""

CANVAS = 72
ZOOM = 1.6  # MNIST's 20 pixels become 32: room for drawing strokes with sub-pixel precision
_MIDDLE = CANVAS // 2

_UNLIKE_DIGITS = "ACEFGHJKLMNPRTUVWXYacdefhkmnprtuvwxyACEFGHKMNRTUVWXYacdefhkmnprtuvwxyäéñßøµ&%#@?+*£$§†½¼"
_FACES = (
    "STIXGeneral",
    "STIXGeneralItalic",
    "STIXGeneralBol",
    "STIXGeneralBolIta",
    "DejaVuSerif",
    "DejaVuSerif-Italic",
    "DejaVuSans",
    "DejaVuSans-Bold",
    "cmr10",
)


def stranger(images: NDArray[np.uint8], rng: np.random.Generator) -> Ink:
    """Draw a non-digit, shape (72, 72), at 1.6 times MNIST's size; `images` are digits to put side by side."""
    makers = (_dash, _dot, _equals, _corner, _letter, _letter, _letter, _letter, _scribble, _scribble, _scribble, _pair, _pair)
    return makers[rng.integers(len(makers))](images, rng)


def _blank() -> Ink:
    return np.zeros((CANVAS, CANVAS), np.uint8)


def _px(mnist_pixels: float) -> int:
    """Convert a length in MNIST's pixels, of which a digit is 20 high."""
    return round(mnist_pixels * ZOOM)


def _pen(rng: np.random.Generator, thinnest: int = 2, thickest: int = 5) -> int:
    return int(rng.integers(thinnest, thickest))


def _stroke(canvas: Ink, start: tuple[float, float], end: tuple[float, float], pen: int) -> None:
    """Draw a straight line; the ends are in MNIST's pixels from the middle."""
    points = [(_MIDDLE + _px(x), _MIDDLE + _px(y)) for x, y in (start, end)]
    cv2.line(canvas, points[0], points[1], 255, pen, cv2.LINE_AA)


def _dash(_: NDArray[np.uint8], rng: np.random.Generator) -> Ink:
    canvas, length, tilt = _blank(), rng.uniform(4, 11), rng.uniform(-2, 2)
    _stroke(canvas, (-length, tilt), (length, -tilt), _pen(rng, 2, 7))
    return canvas


def _dot(_: NDArray[np.uint8], rng: np.random.Generator) -> Ink:
    radius = rng.uniform(2, 6)
    axes = _px(radius * rng.uniform(1, 1.7)), _px(radius)
    return np.asarray(cv2.ellipse(_blank(), (_MIDDLE, _MIDDLE), axes, rng.normal(0, 20), 0, 360, 255, -1, cv2.LINE_AA), np.uint8)


def _equals(_: NDArray[np.uint8], rng: np.random.Generator) -> Ink:
    canvas, half, gap = _blank(), rng.uniform(4, 9), rng.uniform(2.5, 5)
    for y in (-gap, gap):
        tilt = rng.uniform(-1.5, 1.5)
        _stroke(canvas, (-half, y + tilt), (half, y - tilt), _pen(rng))
    return canvas


def _letter(_: NDArray[np.uint8], rng: np.random.Generator) -> Ink:
    """Draw one or two printed letters, as in labels and prompts of forms."""
    text = "".join(rng.choice(list(_UNLIKE_DIGITS), 1 if rng.random() < 0.75 else 2))
    canvas = Image.new("L", (CANVAS, CANVAS))
    ImageDraw.Draw(canvas).text((_MIDDLE, _MIDDLE), text, 255, font(_FACES[rng.integers(len(_FACES))], _px(24)), anchor="mm")
    return np.asarray(canvas, np.uint8)


def _scribble(_: NDArray[np.uint8], rng: np.random.Generator) -> Ink:
    """Draw cursive: a wave that moves right, with occasional loops."""
    t = np.linspace(0, 1, 60)
    turns = 2 * np.pi * rng.uniform(1.5, 4.5) * t + rng.uniform(0, 6)
    x = rng.uniform(7, 15) * (2 * t - 1) + rng.uniform(0, 3.5) * np.cos(turns + rng.uniform(0, 6))
    y = rng.uniform(3, 8) * np.sin(turns) + rng.normal(0, 0.2, 60).cumsum()
    points = (_MIDDLE + np.stack([x, y], axis=1) * ZOOM).round().astype(np.int32)
    return np.asarray(cv2.polylines(_blank(), [points], False, 255, _pen(rng), cv2.LINE_AA), np.uint8)


def _pair(images: NDArray[np.uint8], rng: np.random.Generator) -> Ink:
    """Draw two digits that were not separated."""
    canvas, apart = _blank(), rng.uniform(6, 9.5)
    for image, x in zip(images[rng.integers(len(images), size=2)], (-apart, apart), strict=True):
        corner = _MIDDLE - 14 * ZOOM
        matrix = np.array([[ZOOM, 0, corner + x * ZOOM], [0, ZOOM, corner]], np.float32)
        canvas = np.asarray(np.maximum(canvas, cv2.warpAffine(image, matrix, (CANVAS, CANVAS), flags=cv2.INTER_CUBIC)), np.uint8)
    return canvas


def _corner(_: NDArray[np.uint8], rng: np.random.Generator) -> Ink:
    """Draw two rulings that meet."""
    canvas, pen = _blank(), _pen(rng)
    x, y = rng.uniform(-6, 6, 2)
    _stroke(canvas, (x, -10 if rng.random() < 0.5 else y), (x, 10), pen)
    _stroke(canvas, (-10 if rng.random() < 0.5 else x, y), (10, y), pen)
    return canvas
