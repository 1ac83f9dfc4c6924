"""Surroundings of numbers on a page: rulings, written and printed words, blots, show-through.

Everything is laid into a layer of ink (uint8, shape (height, width), 0 paper, 255 ink) in place.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from digit_core.synthesis.glyph_bank import FACES, printed, trimmed
from digit_core.synthesis.non_digits import Ink

_TEXT = (
    "Total mean inches Rain Sum January Februar March Avril Mai juin July Aug Sept October Nov Dez snow fog hail tr Trace "
    "Account Journal Soll Haben Fol Folio Page No Nr Name Datum Remarks Temp Barom Wind SW NNE calm clear ob solz Ibs sq "
    "Observer Station gauge Height above sea level ground at in the of and for do ditto gehn Wm Thos Esq per cent and with from"
)
_WORDS = tuple(_TEXT.split())


def lay(layer: Ink, ink: Ink, x: int, y: int, strength: float = 1.0) -> None:
    """Lay ink at (x, y), the part of it that falls onto the layer; the darker of both stays."""
    height, width = layer.shape
    x0, y0, x1, y1 = max(0, x), max(0, y), min(width, x + ink.shape[1]), min(height, y + ink.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    part = ink[y0 - y : y1 - y, x0 - x : x1 - x]
    if strength < 1:
        part = np.asarray(cv2.convertScaleAbs(part, alpha=strength), np.uint8)
    here = layer[y0:y1, x0:x1]
    np.maximum(here, part, out=here)


def rule(layer: Ink, rng: Generator, size: float, line: float | None = None) -> None:
    """Draw rulings of a form: one under the numbers (`line`, pixels from the top), other rows, columns; `size`: figures'
    height."""
    height, width = layer.shape
    shade, pen = int(rng.integers(60, 256)), int(rng.choice([1, 1, 1, 2, 2, 3]))
    tilt = rng.normal(0, 0.008) * width
    if rng.random() < 0.6:
        pitch = size * rng.uniform(1.15, 2.4)
        first = (line if line is not None else rng.uniform(0, pitch)) + rng.normal(0.08, 0.12) * size
        for y in np.arange(first - 4 * pitch, height + pitch, pitch):
            _line(layer, (0, y), (width, y + tilt), shade, pen, rng.random() < 0.15, rng)
    if rng.random() < 0.45:
        step = size * rng.uniform(1.8, 9)
        for x in np.arange(rng.uniform(0, step), width, step):
            _line(layer, (x, 0), (x - tilt * height / width, height), shade, pen, rng.random() < 0.1, rng)


def _line(layer: Ink, a: tuple[float, float], b: tuple[float, float], shade: int, pen: int, dotted: bool, rng: Generator) -> None:
    ends = [(round(p[0] * 16), round(p[1] * 16)) for p in (a, b)]
    if not dotted:
        line = np.zeros_like(layer)
        cv2.line(line, ends[0], ends[1], shade, pen, cv2.LINE_AA, 4)
        np.maximum(layer, line, out=layer)
        return
    length = float(np.hypot(b[0] - a[0], b[1] - a[1]))
    for t in np.arange(0, 1, max(3.0, rng.uniform(3, 8)) / max(length, 1)):
        spot = round((a[0] + (b[0] - a[0]) * t) * 16), round((a[1] + (b[1] - a[1]) * t) * 16)
        cv2.circle(layer, spot, max(8, pen * 8), shade, -1, cv2.LINE_AA, 4)


def word(rng: Generator, size: float) -> Ink:
    """Draw a word in print, in cursive, or a mere wave that looks like one; letters are `size` pixels high."""
    kind = rng.random()
    if kind < 0.35:
        return _scrawl(rng, size)
    ink = printed(str(rng.choice(_WORDS)), int(rng.integers(FACES)), 40)
    if ink is None:
        return _scrawl(rng, size)
    ink = _written(ink, rng) if kind < 0.75 else ink
    height = max(4, round(size * rng.uniform(0.7, 1.5)))
    width = max(4, round(ink.shape[1] * height / ink.shape[0] * rng.uniform(0.8, 1.25)))
    return np.asarray(cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _written(ink: Ink, rng: Generator) -> Ink:
    """Distort print so that it looks written: slanted, wavering, of another pen."""
    h, w = ink.shape
    lean = rng.normal(0.25, 0.2)
    reach = int(abs(lean) * h) + 12
    y, x = np.mgrid[0 : h + 12, 0 : w + reach].astype(np.float32)
    waver = rng.normal(0, rng.uniform(0.5, 3.0), (2, 3, max(3, w // 25))).astype(np.float32)
    dx, dy = (cv2.resize(field, (x.shape[1], x.shape[0]), interpolation=cv2.INTER_CUBIC) for field in waver)
    map_x = x - 6 - (reach - 12 if lean > 0 else 0) + np.float32(lean) * (y - 6) + dx
    bent = cv2.remap(ink, map_x.astype(np.float32), (y - 6 + dy).astype(np.float32), cv2.INTER_LINEAR)
    blurred = cv2.GaussianBlur(bent, (0, 0), rng.uniform(0.6, 2.2))
    level = rng.uniform(60, 170)
    found = trimmed(np.clip((blurred.astype(np.float32) - level + 30) * 4.2, 0, 255).astype(np.uint8))
    return ink if found is None else found


def _scrawl(rng: Generator, size: float) -> Ink:
    """Draw cursive: a wave that moves right, with loops and tall strokes."""
    letters = int(rng.integers(2, 9))
    t = np.linspace(0, letters, 14 * letters)
    tall = 1 + np.repeat(rng.choice([0, 0, 0, 1.1], letters), 14) * np.abs(np.sin(np.pi * t))
    phase = 2 * np.pi * t + rng.normal(0, 0.15, len(t)).cumsum()
    x = (t * rng.uniform(0.45, 0.8) + rng.uniform(0, 0.25) * np.cos(phase)) * size * 0.8
    y = -np.sin(phase) * 0.3 * size * tall * rng.uniform(0.8, 1.2)
    x -= y * rng.normal(0.3, 0.2)
    points = np.stack([x - x.min() + 3, y - y.min() + 3], axis=1).round().astype(np.int32)
    canvas = np.zeros((int(points[:, 1].max()) + 4, int(points[:, 0].max()) + 4), np.uint8)
    cv2.polylines(canvas, [points], False, 255, max(1, round(size * rng.uniform(0.05, 0.12))), cv2.LINE_AA)
    return canvas


def flourish(rng: Generator, size: float) -> Ink:
    """Draw a tick, a cross, a brace, a slash or a bracket, as found beside numbers in registers."""
    side = max(6, round(size * rng.uniform(0.7, 1.3)))
    canvas = np.zeros((round(side * rng.choice([1.0, 1.0, 3.0])) + 4, side + 4), np.uint8)
    kind = int(rng.integers(5))
    shapes = (
        [[(0.05, 0.6), (0.35, 0.95), (0.95, 0.05)]],
        [[(0.05, 0.1), (0.95, 0.9)], [(0.9, 0.05), (0.1, 0.95)]],
        [[(0.2, 0.0), (0.5, 0.08), (0.55, 0.4), (0.9, 0.5), (0.55, 0.6), (0.5, 0.92), (0.2, 1.0)]],
        [[(0.9, 0.0), (0.1, 1.0)]],
        [[(0.7, 0.0), (0.3, 0.25), (0.25, 0.75), (0.7, 1.0)]],
    )[kind]
    pen = max(1, round(size * rng.uniform(0.05, 0.12)))
    for shape in shapes:
        points = (np.array(shape) + rng.normal(0, 0.05, (len(shape), 2))) * (side, canvas.shape[0] - 4) + 2
        cv2.polylines(canvas, [points.round().astype(np.int32)], False, 255, pen, cv2.LINE_AA)
    return np.asarray(cv2.flip(canvas, 1), np.uint8) if rng.random() < 0.3 else canvas


def blots(layer: Ink, rng: Generator, size: float) -> None:
    """Draw specks and blots."""
    height, width = layer.shape
    for _ in range(rng.poisson(3)):
        spot = int(rng.integers(width)), int(rng.integers(height))
        radius = int(rng.choice([0, 0, 1, 1, 2, max(1, round(0.15 * size))]))
        cv2.circle(layer, spot, radius, int(rng.integers(60, 255)), -1, cv2.LINE_AA)


def shown_through(layer: Ink, rng: Generator) -> Ink:
    """Return show-through of the page's own ink: mirrored, moved, blurred and faint."""
    behind = np.roll(cv2.flip(layer, 1), int(rng.integers(8, 60)), axis=1)
    return np.asarray(
        cv2.convertScaleAbs(cv2.GaussianBlur(behind, (0, 0), rng.uniform(0.8, 2)), alpha=rng.uniform(0.08, 0.3)), np.uint8
    )
