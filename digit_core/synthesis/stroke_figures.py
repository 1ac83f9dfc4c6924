"""Figures and numbers inked along recorded pen strokes, with any pen: wide, fine, a nib held at an angle.

Ink is uint8 of shape (height, width), 0 paper and 255 ink, cut tight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digit_core.synthesis.glyph_bank import trimmed
from digit_core.synthesis.non_digits import Ink

_FINER = 2
"""Factor by which strokes are drawn larger and then reduced: thin ones keep their width."""

_WIDEST = 24.0
"""Greatest width of a number relative to its height; anything wider was not written as one number."""


@dataclass(frozen=True, slots=True)
class Pen:
    """A pen and its handling.

    width: of the stroke in heights of a figure; contrast: how much thinner its thin strokes are; nib: its angle, radians; slant:
    shear, positive leans right; aspect: width relative to the recording; wobble: in heights of a figure.
    """

    width: float
    contrast: float
    nib: float
    slant: float
    aspect: float
    wobble: float

    @classmethod
    def any(cls, rng: Generator) -> Pen:
        """Draw a realistic pen with a random slant."""
        return cls(
            width=float(rng.uniform(0.05, 0.15)),
            contrast=float(rng.choice([0.0, rng.uniform(0.2, 0.7)])),
            nib=float(rng.uniform(0.2, 1.2)),
            slant=float(rng.normal(0, 0.15)),
            aspect=float(np.exp(rng.normal(0, 0.12))),
            wobble=float(rng.uniform(0, 0.015)),
        )


def inked_strokes(strokes: Sequence[NDArray[np.float32]], height: float, pen: Pen, rng: Generator) -> Ink | None:
    """Ink strokes, each (n, 2) with y upwards, so that they are `height` pixels high; the pen's unit is that height too.

    None where they leave no ink, or are too wide for a number.
    """
    ways = [way for way in strokes if len(way)]
    points = np.concatenate(ways) if ways else np.empty((0, 2), np.float32)
    if not len(points):
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    # a dash or a flat 1 is not scaled to the height of a figure
    scale = height / max(float(high[1] - low[1]), 0.35 * float(high[0] - low[0]) / max(1.0, len(ways) / 2), 1e-3)
    if (high[0] - low[0]) * scale > _WIDEST * height:
        return None
    margin = 2 + pen.width * height + 4 * pen.wobble * height
    lines = [_placed(way, low, high, scale, pen, height, rng) for way in ways]
    everything = np.concatenate(lines)
    corner = everything.min(axis=0) - margin
    width, tall = (np.ceil(everything.max(axis=0) + margin - corner)).astype(int)
    canvas = np.zeros((tall * _FINER, width * _FINER), np.uint8)
    for line in lines:
        _ink_line(canvas, (line - corner) * _FINER, pen, pen.width * height * _FINER)
    small = cv2.resize(canvas, (int(width), int(tall)), interpolation=cv2.INTER_AREA)
    return trimmed(np.asarray(small, np.uint8))


def _placed(
    way: NDArray[np.float32],
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    scale: float,
    pen: Pen,
    height: float,
    rng: Generator,
) -> NDArray[np.float64]:
    """Convert to pixels, y downwards, slanted and wavering."""
    x, y = (way[:, 0] - low[0]) * scale * pen.aspect, (high[1] - way[:, 1]) * scale
    points = np.stack([x - pen.slant * (y - height), y], axis=1).astype(np.float64)
    return points + rng.normal(0, pen.wobble * height / 2, points.shape)


def _ink_line(canvas: Ink, line: NDArray[np.float64], pen: Pen, width: float) -> None:
    fixed = np.rint(line * 16).astype(np.int32)
    if len(line) == 1:
        cv2.circle(canvas, fixed[0].tolist(), max(8, round(width * 8)), 255, -1, cv2.LINE_AA, 4)
        return
    if pen.contrast == 0:
        cv2.polylines(canvas, [fixed], False, 255, max(1, round(width)), cv2.LINE_AA, 4)
        return
    way = np.diff(line, axis=0)
    length = np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-6)
    across = np.abs(way[:, 0] * np.sin(pen.nib) + way[:, 1] * np.cos(pen.nib)) / length
    widths = np.maximum(np.rint(width * (1 - pen.contrast * (1 - across))), 1).astype(int).tolist()
    ends = fixed.tolist()
    for start, end, wide in zip(ends, ends[1:], widths, strict=False):
        cv2.line(canvas, start, end, 255, wide, cv2.LINE_AA, 4)


def plainly_drawn(strokes: Sequence[NDArray[np.float32]], height: float = 48.0) -> Ink:
    """Draw strokes black on white, with a plain pen and a margin: (height, width) uint8, 0 black."""
    pen = Pen(width=0.09, contrast=0.0, nib=0.0, slant=0.0, aspect=1.0, wobble=0.0)
    ink = inked_strokes(strokes, height, pen, np.random.default_rng(0))
    margin = round(height / 3)
    return ~np.pad(np.zeros((1, 1), np.uint8) if ink is None else ink, margin)
