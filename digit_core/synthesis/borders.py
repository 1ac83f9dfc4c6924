"""Borders that a scan adds to a page: black borders, gutters and bars; and dashed rulings through the figures.

Pictures are darkness, uint8 of shape (height, width), 0 paper, 255 black.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digit_core.records import Grey


def bordered(pixels: Grey, rng: Generator) -> tuple[Grey, NDArray[np.bool_]]:
    """Add a black edge, gutter or bar along one or two sides; also return a mask (h, w) of the covered area."""
    covered = np.zeros(pixels.shape, bool)
    for _ in range(int(rng.integers(1, 3))):
        covered |= _bar(pixels.shape, rng)
    dark = rng.uniform(110, 255) + rng.normal(0, rng.uniform(0, 12), pixels.shape)
    mixed = np.where(covered, np.clip(dark, 0, 255), pixels).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(mixed, (0, 0), 0.7), np.uint8) if rng.random() < 0.5 else mixed, covered


def _bar(shape: tuple[int, ...], rng: Generator) -> NDArray[np.bool_]:
    height, width = shape
    upright = rng.random() < 0.7
    side, long = (width, height) if upright else (height, width)
    reach = rng.uniform(0.01, 0.2) * side
    edge = reach + np.linspace(0, rng.normal(0, 0.02) * side, long) + rng.normal(0, 0.6, long)
    bar = np.arange(side)[None, :] < edge[:, None]
    bar = bar[:, ::-1] if rng.random() < 0.5 else bar
    bar = np.roll(bar, int(rng.integers(side)), axis=1) if rng.random() < 0.2 else bar
    return bar if upright else bar.T


def dashed_ruling(pixels: Grey, rng: Generator, y: float) -> Grey:
    """Add a ruling of dashes or dots at height y, through the figures, as forms print them to write on."""
    dash, gap = rng.uniform(1, 14), rng.uniform(2, 8)
    shade, pen, tilt = int(rng.uniform(60, 230)), int(rng.choice([1, 1, 2])), rng.normal(0, 0.01)
    layer = np.zeros_like(pixels)
    x = float(rng.uniform(-gap, 0))
    while x < pixels.shape[1]:
        ends = [(round(at * 16), round((y + tilt * at) * 16)) for at in (x, x + dash)]
        cv2.line(layer, ends[0], ends[1], shade, pen, cv2.LINE_AA, 4)
        x += dash + gap
    return np.asarray(np.maximum(pixels, layer), np.uint8)
