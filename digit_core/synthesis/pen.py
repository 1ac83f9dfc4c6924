"""Simulated pen: the habits of one writer turn a text of digits, dots and dashes into ink.

`write` returns the traces of the pen, which can be moved and rotated before they are inked; `draw_number` does both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.random import Generator, default_rng

from digit_core.errors import InputError
from digit_core.records import Box, Grey
from digit_core.synthesis.glyph_paths import SHAPES, Floats, GlyphPath, shape_of

_OVERSAMPLE = 3
_FRACTION_BITS = 4  # cv2.line takes fixed-point coordinates


@dataclass(frozen=True, slots=True)
class Writer:
    """One writer. Lengths are in heights of a figure; `make_writer` draws a realistic one."""

    seed: int  # seed of this writer's own deformation of every shape
    shapes: tuple[int, ...]  # which variant of 0 to 9 this writer prefers
    slant: float = 0.15  # shear, positive leans right
    breadth: float = 0.95  # width of the figures, 1 as drawn
    pen: float = 0.10  # width of the stroke
    contrast: float = 0.3  # how much thinner the nib's thin strokes are, 0 for a ballpoint
    nib: float = 0.5  # the nib's angle in radians
    taper: float = 0.25  # how thin a stroke ends
    pressure: float = 0.85  # darkness of the ink, 0 to 1
    roundness: float = 0.95
    deform: float = 0.02  # deviation of this writer's shapes from the model
    jitter: float = 0.012  # deviation of each repetition from this writer's own shape
    spacing: float = 0.16  # between two figures
    wander: float = 0.02  # of the baseline and the size
    descend: float = 0.0  # how far 7 and 9 (and half of it 3, 4, 5) hang below the baseline, and 6 rises above
    small: float = 1.0  # size of 0; small in the old style
    dot: float = 0.0  # height of decimal points above the baseline


@dataclass(frozen=True, slots=True)
class Trace:
    """One stroke of the pen: points (n, 2) x, y and widths (n,) in pixels, darkness (n,) 1 to 255.

    `place` is the index of the character in its text, -1 for a dot or a dash.
    """

    points: Floats
    widths: Floats
    darkness: Floats
    place: int

    def mapped(self, warp: Callable[[Floats], Floats]) -> Trace:
        """Apply a map of points (n, 2); the stroke keeps its width."""
        return replace(self, points=warp(self.points))

    def shifted(self, x: float, y: float) -> Trace:
        return replace(self, points=self.points + np.array([x, y]))

    def scaled(self, factor: float) -> Trace:
        """Scale about the origin, the stroke width too."""
        return replace(self, points=self.points * factor, widths=self.widths * factor)


def make_writer(seed: int) -> Writer:
    """Make the writer of that number: the same habits each time."""
    rng = default_rng([seed, 77])
    oldstyle = rng.random() < 0.3
    ballpoint = rng.random() < 0.35
    return Writer(
        seed=seed,
        shapes=tuple(int(rng.integers(len(SHAPES[str(digit)]))) for digit in range(10)),
        slant=float(rng.normal(0.16, 0.1)),
        breadth=float(rng.uniform(0.82, 1.08)),
        pen=float(rng.uniform(0.075, 0.10) if ballpoint else rng.uniform(0.085, 0.145)),
        contrast=float(rng.uniform(0, 0.12) if ballpoint else rng.uniform(0.2, 0.55)),
        nib=float(rng.uniform(0.2, 0.9)),
        taper=float(rng.uniform(0.1, 0.45)),
        pressure=float(rng.uniform(0.72, 0.97)),
        roundness=float(rng.uniform(0.86, 1.0)),
        deform=float(rng.uniform(0.008, 0.022)),
        jitter=float(rng.uniform(0.006, 0.016)),
        spacing=float(rng.uniform(0.13, 0.3)),
        wander=float(rng.uniform(0.01, 0.035)),
        descend=float(rng.uniform(0.15, 0.32) if oldstyle else rng.uniform(0, 0.05)),
        small=float(rng.uniform(0.6, 0.8) if oldstyle else rng.uniform(0.88, 1.0)),
        dot=float(rng.choice([0.0, 0.0, rng.uniform(0.2, 0.5)])),
    )


def write(text: str, hand: Writer, height: float, rng: Generator) -> tuple[Trace, ...]:
    """Write a text of digits, dots and dashes as traces: from x = 0 on the baseline y = 0; a figure is `height` pixels high.

    Raises InputError for an empty text, another character, or a height under 4 pixels.
    """
    _check(text, height)
    traces: list[Trace] = []
    x = 0.0
    for place, character in enumerate(text):
        drawn = _draw(character, hand, height, rng, place if character.isdigit() else -1)
        left, right = extent(drawn)
        traces += [trace.shifted(x - left, 0) for trace in drawn]
        x += right - left + height * _gap(text[place : place + 2], hand, rng)
    return tuple(traces)


def digit_boxes(traces: Iterable[Trace]) -> tuple[Box, ...]:
    """Return the box of the ink of every digit, in the order of the text."""
    by_place: dict[int, list[Trace]] = {}
    for trace in traces:
        if trace.place >= 0:
            by_place.setdefault(trace.place, []).append(trace)
    return tuple(_box(by_place[place]) for place in sorted(by_place))


def ink(traces: Sequence[Trace]) -> tuple[Grey, Box]:
    """Draw the anti-aliased ink of some traces (0 is none, 255 is black); also return its box on the page."""
    box = _box(traces)
    canvas = np.zeros((box.h * _OVERSAMPLE, box.w * _OVERSAMPLE), np.uint8)
    for trace in traces:
        _ink_trace(canvas, trace, box)
    return np.asarray(cv2.resize(canvas, (box.w, box.h), interpolation=cv2.INTER_AREA), np.uint8), box


def draw_number(text: str, hand: Writer, height: float, rng: Generator) -> tuple[Grey, tuple[Box, ...]]:
    """Draw the ink of a number (0 is none, 255 is black; shape as large as the ink) and a box for each of its digits.

    Raises InputError as `write` does.
    """
    traces = write(text, hand, height, rng)
    drawn, at = ink(traces)
    return drawn, tuple(Box(box.x - at.x, box.y - at.y, box.w, box.h) for box in digit_boxes(traces))


def _check(text: str, height: float) -> None:
    strange = sorted(set(text) - set(SHAPES))
    if not text or strange:
        raise InputError(f"the pen writes digits, dots and dashes, not {text!r}; leave out everything else")
    if not height >= 4:
        raise InputError(f"a figure needs a height of at least 4 pixels, not {height}")


def _gap(pair: str, hand: Writer, rng: Generator) -> float:
    """Return the gap between two neighbours, in heights; a dot keeps clear of figures however crowded they are."""
    gap = float(hand.spacing * rng.uniform(0.75, 1.35))
    return max(0.8 * gap, 0.1) if "." in pair else gap


@lru_cache(maxsize=4096)
def _habit(character: str, variant: int, hand: Writer) -> tuple[GlyphPath, Floats]:
    """Return this writer's own form of a shape, standing on y = 0."""
    shape = shape_of(character, variant, hand.roundness)
    rng = default_rng([hand.seed, ord(character), variant])
    points = shape.points + rng.normal(0, hand.deform, shape.points.shape) - (0.0, 1.0)
    if character.isdigit():
        scale = hand.small if character == "0" else 1.0
        points = points * (hand.breadth * (1 + scale) / 2, scale) + (0.0, _drop(character, hand.descend))
    elif character == ".":
        points = points - (0.0, hand.dot)
    return shape, points


def _drop(character: str, descend: float) -> float:
    return descend * {"7": 1.0, "9": 1.0, "3": 0.4, "4": 0.4, "5": 0.4, "6": -0.5}.get(character, 0.0)


def _draw(character: str, hand: Writer, height: float, rng: Generator, place: int) -> list[Trace]:
    shape, habit = _habit(character, _variant(character, hand, rng), hand)
    points = habit + rng.normal(0, hand.jitter, habit.shape)
    size, lean, shift = rng.normal(0, hand.wander, 3)
    samples = shape.matrix @ points * (height * (1 + size))
    samples[:, 0] -= samples[:, 1] * (hand.slant + lean)
    samples[:, 1] += height * shift
    pressure = 255 * hand.pressure * rng.uniform(0.9, 1.0)
    return [_stroke(samples[part], hand, height, pressure, place) for part in shape.strokes]


def _variant(character: str, hand: Writer, rng: Generator) -> int:
    """Choose a variant, mostly the preferred one: people change it occasionally."""
    choice = rng.integers(8 * len(SHAPES[character]))
    if not character.isdigit() or choice < len(SHAPES[character]):
        return int(choice % len(SHAPES[character]))
    return hand.shapes[int(character)]


def _stroke(samples: Floats, hand: Writer, height: float, pressure: float, place: int) -> Trace:
    way = np.gradient(samples, axis=0)
    length = np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-6)
    across = np.abs(way[:, 0] * np.sin(hand.nib) + way[:, 1] * np.cos(hand.nib)) / length
    run = np.linspace(0, 1, len(samples))
    ends = 1 - hand.taper * np.maximum(np.exp(-run / 0.04) * 0.6, np.exp((run - 1) / 0.08))
    widths = np.maximum(hand.pen * height * (1 - hand.contrast * (1 - across)) * ends, 1.2)
    flow = 0.95 + 0.05 * np.cos(run * 5 + samples[0, 1])  # ink pools and thins along the stroke
    return Trace(samples, widths, np.clip(pressure * flow, 1, 255), place)


def extent(traces: Sequence[Trace]) -> tuple[float, float]:
    """Return where the ink starts and ends, in x."""
    left = min(float((trace.points[:, 0] - trace.widths / 2).min()) for trace in traces)
    return left, max(float((trace.points[:, 0] + trace.widths / 2).max()) for trace in traces)


def _box(traces: Sequence[Trace]) -> Box:
    points = np.concatenate([trace.points for trace in traces])
    half = np.concatenate([trace.widths for trace in traces])[:, None] / 2
    x, y = (int(v) for v in np.floor((points - half).min(axis=0)))
    right, bottom = (int(v) for v in np.ceil((points + half).max(axis=0)))
    return Box(x, y, max(right - x, 1), max(bottom - y, 1))


def _ink_trace(canvas: Grey, trace: Trace, at: Box) -> None:
    unit = _OVERSAMPLE << _FRACTION_BITS
    points = np.rint((trace.points - (at.x, at.y)) * unit - unit / (2 * _OVERSAMPLE)).astype(int).tolist()
    widths = np.rint(trace.widths * _OVERSAMPLE).astype(int).tolist()
    darkness = np.rint(trace.darkness).astype(int).tolist()
    for start, end, width, dark in zip(points, points[1:], widths, darkness, strict=False):
        cv2.line(canvas, start, end, dark, width, cv2.LINE_8, _FRACTION_BITS)
