"""Real numbers as training strips: cut out of their pictures as for reading, then varied.

Variation: sheared, bent, stretched, by other pens, on other paper, at all sizes and with all margins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digit_core.inference.network_spec import STRIP_HEIGHT
from digit_core.recognition.detector import strengthened
from digit_core.synthesis.non_digits import Ink
from digit_core.synthesis.number_strips import WIDEST, Strip
from digit_core.synthesis.papers import FloatImage, cleaned, jpeg

FIGURE = 32
"""Greatest height in pixels of the figures of a cut-out."""

_AROUND = 1.3
"""Margin of a cut-out, in heights of a figure."""


@dataclass(frozen=True, slots=True, eq=False)
class CutOut:
    """A number cut out of a picture: darkness (height, width) uint8; its box (left, top, right, bottom); the height of its
    figures."""

    darkness: Ink
    box: tuple[float, float, float, float]
    figure: float
    text: str


def cut_out(darkness: Ink, box: tuple[float, float, float, float], figure: float, text: str) -> CutOut:
    """Cut the number out of a prepared picture, reduced so that its figures are at most FIGURE pixels high."""
    left, top, right, bottom = box
    around = _AROUND * figure
    x0, y0 = max(0, int(left - around)), max(0, int(top - around))
    x1, y1 = min(darkness.shape[1], int(right + around) + 1), min(darkness.shape[0], int(bottom + around) + 1)
    part, scale = darkness[y0:y1, x0:x1], min(1.0, FIGURE / figure)
    if scale < 1:
        size = max(4, round(part.shape[1] * scale)), max(4, round(part.shape[0] * scale))
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    moved = (left - x0) * scale, (top - y0) * scale, (right - x0) * scale, (bottom - y0) * scale
    return CutOut(np.ascontiguousarray(part), moved, figure * scale, text)


def vary(one: CutOut, patterns: tuple[FloatImage, ...], rng: Generator) -> Strip:
    """Make a strip of the number, as another writer of the same school might have written it on other paper."""
    left, top, right, bottom = one.box
    size = float(rng.uniform(18, 33) if rng.random() < 0.8 else rng.uniform(11, 36))
    stretch = float(np.exp(rng.normal(0, 0.1)))
    scale = min(size / one.figure, (STRIP_HEIGHT - 2) / max(bottom - top, 2.0), (WIDEST - 60) / max(right - left, 2.0) / stretch)
    size = scale * one.figure
    before, after = (size * _margin(rng) for _ in range(2))
    width = int(np.clip(before + (right - left) * scale * stretch + after, 20, WIDEST))
    maps = _maps(one, scale, stretch, before, width, size, rng)
    dark = _f32(cv2.remap(one.darkness, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0))
    return Strip(strengthened(_worn(_repenned(dark, rng), patterns, rng)), one.text)


def _margin(rng: Generator) -> float:
    return float(rng.uniform(0.35, 0.6) if rng.random() < 0.5 else rng.uniform(0.1, 1.1))


def _maps(
    one: CutOut, scale: float, stretch: float, before: float, width: int, size: float, rng: Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return where in the cut-out each pixel of the strip comes from."""
    left, top, _, bottom = one.box
    y, x = np.mgrid[0:STRIP_HEIGHT, 0:width].astype(np.float32)
    shear, turn = float(np.clip(rng.normal(0, 0.14), -0.4, 0.4)), float(rng.normal(0, 0.02))
    middle = STRIP_HEIGHT / 2 + rng.normal(0, 0.07) * size
    amount = float(rng.uniform(0, 0.045)) * size
    bend = rng.normal(0, amount, (2, 4, max(3, round(width / size * 1.5)))).astype(np.float32)
    dx, dy = (cv2.resize(field, (width, STRIP_HEIGHT), interpolation=cv2.INTER_CUBIC) for field in bend)
    across, down = x - np.float32(before) + dx, y - np.float32(middle) + dy
    map_x = left + (across + shear * down) / (scale * stretch)
    map_y = (top + bottom) / 2 + (down + turn * (across - width / 2)) / scale
    return map_x.astype(np.float32), map_y.astype(np.float32)


def _repenned(dark: FloatImage, rng: Generator) -> FloatImage:
    """Change to a finer or broader pen, a softer or harder edge."""
    luck = rng.random()
    if luck < 0.12:
        dark = _f32(cv2.dilate(dark, np.ones((2, 2), np.uint8)))
    elif luck < 0.22:
        dark = _f32(cv2.erode(dark, np.ones((2, 2), np.uint8)))
    elif luck < 0.4:
        dark = _f32(cv2.GaussianBlur(dark, (0, 0), rng.uniform(0.4, 1.1)))
    return dark


def _worn(dark: FloatImage, patterns: tuple[FloatImage, ...], rng: Generator) -> Ink:
    height, width = dark.shape
    contrast = float(np.percentile(dark[::2, ::2], 99)) or 1.0
    dark = dark * np.float32(rng.uniform(0.4, 1.15))
    luck = rng.random()
    if luck < 0.22 and patterns:
        tile = patterns[int(rng.integers(len(patterns)))]
        y, x = int(rng.integers(tile.shape[0] - height + 1)), int(rng.integers(tile.shape[1] - width + 1))
        dark = dark + np.float32(contrast * rng.uniform(0.05, 0.25)) * tile[y : y + height, x : x + width]
    elif luck < 0.3:
        edge = contrast * rng.uniform(0.4, 0.6)
        dark = np.where(dark > edge, np.float32(255), np.float32(0))
    if rng.random() < 0.3:
        dark = cleaned(dark, rng)
    if rng.random() < 0.4:
        dark = dark + rng.standard_normal((height, width), np.float32) * np.float32(rng.uniform(0.5, 9))
    pixels = np.clip(dark, 0, 255).astype(np.uint8)
    return jpeg(pixels, rng) if rng.random() < 0.15 else pixels


def _f32(pixels: Any) -> FloatImage:
    return np.asarray(pixels, np.float32)
