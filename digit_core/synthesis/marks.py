"""Marks between and beside figures: commas, signs, slashes, colons, degrees, ditto, fractions, letters.

Lengths are in heights of a figure; ink is uint8 of shape (height, width), 0 paper and 255 ink. A mark is its ink, how far it
moves the pen, and its top from the baseline (upwards is negative), the last two in pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.random import Generator

from digit_core.synthesis.glyph_bank import FACES, printed, trimmed
from digit_core.synthesis.non_digits import Ink

DrawnMark = tuple[Ink, float, float]
Polyline = Sequence[tuple[float, float]]

FRACTIONS = {"½": ("1", "2"), "¼": ("1", "4"), "¾": ("3", "4")}

_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYabcdefghkmnpqrtuvwxyäéßµ&%£$§()[]#*†×"


def comma(height: float, rng: Generator) -> DrawnMark:
    """Draw a decimal comma: from the baseline down, often bent, sometimes long enough to touch its neighbour; one in four is as
    large and as high as a small figure."""
    large = rng.random() < 0.25
    down, aside = rng.uniform(0.3, 0.6) if large else rng.uniform(0.1, 0.38), rng.uniform(-0.02, 0.2)
    start = -rng.uniform(0.1, 0.35) if large else rng.uniform(-0.14, 0.03)
    bend = rng.uniform(-0.02, 0.08)
    stroke = [(aside, start), (aside + bend, start + 0.45 * down), (0.0, start + down)]
    thick = rng.uniform(0.07, 0.19 if large else 0.14)
    return _drawn([stroke], height, rng, thick=thick, advance=rng.uniform(-0.08, 0.3))


def plus(height: float, rng: Generator) -> DrawnMark:
    """Draw a plus sign at half height."""
    half, middle = rng.uniform(0.16, 0.32), -rng.uniform(0.36, 0.55)
    tilt = rng.normal(0, 0.03)
    across = [(0.0, middle + tilt), (2 * half, middle - tilt)]
    upright = [(half + rng.normal(0, 0.03), middle - half), (half + rng.normal(0, 0.03), middle + half)]
    return _drawn([across, upright], height, rng, advance=rng.uniform(0.0, 0.3))


def slash(height: float, rng: Generator) -> DrawnMark:
    """Draw a slash of dates, shillings and fractions: higher and more slanted than a 1."""
    wide, top, foot = rng.uniform(0.15, 0.7), -rng.uniform(0.9, 1.35), rng.uniform(-0.05, 0.35)
    bend = rng.normal(0, 0.04)
    return _drawn([[(0.0, foot), (wide / 2 + bend, (foot + top) / 2), (wide, top)]], height, rng, advance=rng.uniform(-0.12, 0.2))


def colon(height: float, rng: Generator) -> DrawnMark:
    """Draw two points above one another."""
    low, high = -rng.uniform(0.02, 0.2), -rng.uniform(0.45, 0.75)
    points = [[(0.0, low), (0.02, low)], [(rng.normal(0.03, 0.04), high), (rng.normal(0.05, 0.04), high)]]
    return _drawn(points, height, rng, thick=rng.uniform(0.09, 0.16), advance=rng.uniform(0.05, 0.3))


def degree(height: float, rng: Generator) -> DrawnMark:
    """Draw a small ring at the top, closed or nearly."""
    radius, middle = rng.uniform(0.08, 0.19), -rng.uniform(0.75, 1.05)
    turn = np.linspace(rng.uniform(0, 6), 0, 14) + np.linspace(0, rng.uniform(5.2, 7), 14)
    wide = radius * rng.uniform(0.75, 1.2)
    ring = [(wide + wide * float(np.cos(t)), middle + radius * float(np.sin(t))) for t in turn]
    return _drawn([ring], height, rng, thick=rng.uniform(0.04, 0.08), advance=rng.uniform(0.0, 0.3))


def prime(height: float, rng: Generator) -> DrawnMark:
    """Draw a minute's stroke, or the apostrophe between thousands."""
    return _drawn([_tick(0.0, -rng.uniform(0.85, 1.15), rng)], height, rng, advance=rng.uniform(0.0, 0.25))


def ditto(height: float, rng: Generator) -> DrawnMark:
    """Draw two short strokes: on the baseline for "the same", or at the top for seconds."""
    top = -rng.uniform(0.25, 0.6) if rng.random() < 0.7 else -rng.uniform(0.85, 1.1)
    apart = rng.uniform(0.12, 0.35)
    return _drawn([_tick(0.0, top, rng), _tick(apart, top, rng)], height, rng, advance=rng.uniform(0.05, 0.3))


def letter(height: float, rng: Generator) -> DrawnMark:
    """Draw a letter or sign outside of numbers, printed or as if written."""
    ink = None
    while ink is None:
        ink = printed(str(rng.choice(list(_LETTERS))), int(rng.integers(FACES)), 40)
    if rng.random() < 0.7:
        ink = _wavering(ink, rng)
    tall = max(4, round(height * rng.uniform(0.6, 1.25)))
    wide = max(3, round(ink.shape[1] * tall / ink.shape[0] * rng.uniform(0.75, 1.2)))
    small = np.asarray(cv2.resize(ink, (wide, tall), interpolation=cv2.INTER_AREA), np.uint8)
    return small, wide + height * rng.uniform(0.0, 0.25), -tall + height * rng.uniform(-0.05, 0.2)


def fraction(upper: Ink, lower: Ink, height: float, rng: Generator) -> DrawnMark:
    """Draw two small figures with a level or a slanted stroke between them."""
    level = rng.random() < 0.45
    tall = round(height * (rng.uniform(0.42, 0.6) if level else rng.uniform(0.45, 0.68)))
    above, below = (_of_height(ink, max(5, tall)) for ink in (upper, lower))
    pen = max(1, round(height * rng.uniform(0.05, 0.1)))
    gap = pen + round(height * rng.uniform(0.0, 0.1))
    if level:
        canvas = np.zeros((above.shape[0] + below.shape[0] + gap + 2, max(above.shape[1], below.shape[1]) + 4), np.uint8)
        _put(canvas, above, (canvas.shape[1] - above.shape[1]) // 2, 0)
        _put(canvas, below, (canvas.shape[1] - below.shape[1]) // 2, canvas.shape[0] - below.shape[0])
        y = above.shape[0] + gap // 2
        cv2.line(canvas, (0, y + 1), (canvas.shape[1] - 1, y - int(rng.integers(0, 3))), 255, pen, cv2.LINE_AA)
    else:
        drop = round(height * rng.uniform(0.25, 0.6))
        between = round(height * rng.uniform(0.05, 0.3))
        canvas = np.zeros((max(above.shape[0], drop + below.shape[0]), above.shape[1] + below.shape[1] + between), np.uint8)
        _put(canvas, above, 0, 0)
        _put(canvas, below, canvas.shape[1] - below.shape[1], canvas.shape[0] - below.shape[0])
        middle = above.shape[1] + between // 2
        lean = round(height * rng.uniform(0.1, 0.35))
        cv2.line(canvas, (middle - lean, canvas.shape[0] - 1), (middle + lean, 0), 255, pen, cv2.LINE_AA)
    top = -height * rng.uniform(0.95, 1.15) + max(0.0, height - canvas.shape[0]) * rng.uniform(0, 0.5)
    return canvas, canvas.shape[1] + height * rng.uniform(0, 0.2), top


MAKERS: dict[str, Callable[[float, Generator], DrawnMark]] = {
    ",": comma,
    "+": plus,
    "/": slash,
    ":": colon,
    "°": degree,
    "'": prime,
    '"': ditto,
    "?": letter,
}


def _tick(x: float, top: float, rng: Generator) -> list[tuple[float, float]]:
    return [(x + rng.uniform(0.0, 0.12), top), (x, top + rng.uniform(0.14, 0.34))]


def _drawn(strokes: Sequence[Polyline], height: float, rng: Generator, advance: float, thick: float = 0.0) -> DrawnMark:
    pen = max(1, round(height * (thick or rng.uniform(0.05, 0.12))))
    points = np.array([point for stroke in strokes for point in stroke]) * height
    margin = pen + 1
    corner = np.floor(points.min(axis=0)) - margin
    width, tall = (np.ceil(points.max(axis=0)) + margin - corner).astype(int)
    canvas = np.zeros((int(tall), int(width)), np.uint8)
    for stroke in strokes:
        line = np.rint((np.array(stroke) * height - corner) * 16).astype(np.int32)
        cv2.polylines(canvas, [line], False, 255, pen, cv2.LINE_AA, 4)
    return canvas, float(width - 2 * margin + advance * height), float(corner[1])


def _wavering(ink: Ink, rng: Generator) -> Ink:
    """Distort print so that it looks written: slanted, bent, by another pen."""
    h, w = ink.shape
    lean = rng.normal(0.2, 0.2)
    reach = int(abs(lean) * h) + 8
    y, x = np.mgrid[0 : h + 8, 0 : w + reach].astype(np.float32)
    bend = rng.normal(0, rng.uniform(0.5, 2.5), (2, 3, 3)).astype(np.float32)
    dx, dy = (cv2.resize(field, (x.shape[1], x.shape[0]), interpolation=cv2.INTER_CUBIC) for field in bend)
    map_x = x - 4 - (reach - 8 if lean > 0 else 0) + np.float32(lean) * (y - 4) + dx
    bent = cv2.remap(ink, map_x.astype(np.float32), (y - 4 + dy).astype(np.float32), cv2.INTER_LINEAR)
    blurred = cv2.GaussianBlur(bent, (0, 0), rng.uniform(0.6, 2.0)).astype(np.float32)
    found = trimmed(np.clip((blurred - rng.uniform(60, 150) + 30) * 4.2, 0, 255).astype(np.uint8))
    return ink if found is None else found


def _of_height(ink: Ink, height: int) -> Ink:
    width = max(2, round(min(ink.shape[1] * height / ink.shape[0], 1.3 * height)))
    return np.asarray(cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _put(canvas: Ink, ink: Ink, x: int, y: int) -> None:
    here = canvas[max(0, y) : y + ink.shape[0], max(0, x) : x + ink.shape[1]]
    np.maximum(here, ink[: here.shape[0], : here.shape[1]], out=here)
