"""Shapes of handwritten figures, as pen paths of our own drawing.

A path is a sequence of points that the pen passes through, in hundredths of the figure's height: x from its left edge, y down
from its top (0) to the baseline (100). A `*` after a point is a sharp turn, a `/` lifts the pen. Between the points the pen
follows a natural cubic spline, so a shape is a fixed matrix times its points; moving the points, as different writers do, costs
one product.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHAPES: dict[str, tuple[str, ...]] = {
    "0": (
        "42,3 16,16 5,52 16,90 36,100 58,80 64,42 50,9 30,3",  # plain, closed
        "38,5 12,28 7,66 26,99 50,88 62,54 55,18 40,4 30,9",  # leaning, a little overlap
        "54,12 36,1 12,24 6,64 24,99 50,90 64,50 54,12 42,8",  # closed from the right
        "34,4 9,34 9,74 32,100 56,74 56,30 36,2",  # narrow
    ),
    "1": (
        "30,0 28,35 26,70 24,100",  # a plain stroke
        "12,22 31,2* 29,50 27,100",  # with a short flag
        "14,20 32,2* 31,50 30,99* / 12,100 50,99",  # with flag and foot
        "33,-4 29,30 24,70 22,103",  # long and bare
    ),
    "2": (
        "9,26 22,5 46,5 54,28 38,62 7,98* 34,97 64,97",  # plain, angular foot
        "10,22 26,3 50,8 53,33 34,68 14,95 6,88 18,80 40,95 66,95",  # looped foot
        "8,20 30,1 52,15 46,48 8,97* 26,90 44,98 66,90",  # swan neck, waved foot
        "6,14 30,2 52,18 42,54 8,98* 60,98",  # wide head, flat foot
    ),
    "3": (
        "8,15 26,1 50,10 48,34 24,46* 52,55 58,80 34,101 6,89",  # round
        "8,4 34,4 56,3* 28,42* 52,50 58,78 34,102 5,91",  # flat top
        "8,14 28,0 50,14 42,38 24,47 22,43 34,43 54,60 54,86 30,101 5,87",  # small loop at the waist
        "10,10 30,2 48,16 40,38 26,44* 46,50 54,72 40,97 8,97",  # narrow head
    ),
    "4": (
        "22,4 15,32 5,64* 34,63 66,60 / 48,34 45,66 42,103",  # open
        "43,1 26,32 3,68* 36,68 68,66 / 44,2 43,50 41,103",  # closed, two strokes
        "17,16 13,44 11,62* 36,60 64,56 / 55,10 48,52 42,104",  # open, tall stem
        "45,2 24,36 4,67* 38,68 70,65 / 52,40 49,70 47,104",  # half open, stem from the middle
    ),
    "5": (
        "18,6 15,26 12,44* 34,37 56,56 50,90 26,101 5,91 / 18,6 40,6 62,3",  # hat drawn last
        "60,3 40,5 20,5* 14,44* 36,38 57,60 48,92 22,101 4,91",  # one stroke
        "20,8 14,47* 38,40 54,64 42,95 18,101 3,92 / 24,9 44,7 68,-3",  # raised hat
        "56,4 22,4* 18,40* 42,42 55,66 44,95 24,101 6,94",  # square shoulder
    ),
    "6": (
        "50,2 24,24 8,62 16,95 40,99 54,76 40,55 20,60 9,78",  # round back
        "54,-6 28,24 9,66 20,98 42,96 52,74 36,58 13,74",  # tall back
        "44,1 18,36 8,74 26,101 50,90 50,66 30,56 10,74",  # straight back, big bowl
        "56,8 42,2 18,30 7,70 22,99 44,97 54,74 38,57 12,70",  # hooked top
    ),
    "7": (
        "6,6 30,6 60,4* 40,44 24,102",  # plain
        "6,6 30,6 60,4* 38,46 24,102 / 16,52 36,50 56,48",  # barred
        "9,19 9,5* 34,7 60,5* 38,50 26,102",  # with a serif
        "5,14 18,4 38,9 61,3* 40,46 30,102",  # waved top
    ),
    "8": (
        "50,15 32,1 13,16 24,40 46,58 53,82 30,101 8,82 20,58 42,38 52,16 42,4",  # an S, then back up
        "33,46 13,26 30,1 50,22 33,46 9,76 30,101 56,78 33,46",  # head, then body
        "52,10 34,1 14,20 30,46 52,72 36,101 10,84 24,54 50,24 54,6",  # slim, open at the top
        "46,8 24,3 14,24 34,46 54,74 34,101 10,80 28,52 48,28 44,6",  # narrow
    ),
    "9": (
        "52,18 34,2 10,22 18,48 40,45 54,16* 51,60 42,102",  # straight stem
        "54,20 36,2 11,22 20,50 46,40 56,14 54,56 40,92 14,98",  # curled tail
        "50,10 26,4 8,32 24,52 46,36 53,10* 46,60 32,103",  # slanting stem
        "54,24 34,1 10,24 20,49 44,44 55,20 52,62 44,102",  # one stroke, round shoulder
    ),
    ".": ("0,96 3,98 4,101", "0,100 5,99 8,101"),
    "-": ("0,56 50,53 100,55", "0,53 45,56 96,54"),
}

STEP = 0.035  # distance of two samples of a path, in heights: fine enough that no corner shows at 150 px


@dataclass(frozen=True)
class GlyphPath:
    """A parsed path: `points` (n, 2) in heights; `matrix` (m, n) maps points to samples; `strokes` slice the samples."""

    points: Floats
    matrix: Floats
    strokes: tuple[slice, ...]


@lru_cache(maxsize=512)
def shape_of(character: str, variant: int, roundness: float) -> GlyphPath:
    """Return the pen path of a character; `roundness` 1 follows the spline, 0 goes straight from point to point."""
    variants = SHAPES[character]
    points, pieces = _parse(variants[variant % len(variants)])
    blocks = [_piece_matrix(points, piece, roundness) for piece, _ in pieces]
    ends = np.cumsum([len(block) for block in blocks]).tolist()
    return GlyphPath(points, np.vstack(blocks), tuple(_strokes(ends, [lifted for _, lifted in pieces])))


def _strokes(ends: list[int], lifted: list[bool]) -> Iterator[slice]:
    start = 0
    for end, pen_up in zip(ends, lifted, strict=True):
        if pen_up:
            yield slice(start, end)
            start = end


def _parse(path: str) -> tuple[Floats, list[tuple[list[int], bool]]]:
    """Return the points, and the smooth pieces as point numbers; True where the pen is lifted after the piece."""
    points: list[tuple[float, float]] = []
    pieces: list[tuple[list[int], bool]] = []
    for stroke in path.split("/"):
        piece: list[int] = []
        words = stroke.split()
        for word in words:
            x, y = word.rstrip("*").split(",")
            points.append((float(x) / 100, float(y) / 100))
            piece.append(len(points) - 1)
            if word.endswith("*") and word is not words[-1]:
                pieces.append((piece, False))
                piece = [len(points) - 1]
        pieces.append((piece, True))
    return np.array(points), pieces


def _piece_matrix(points: Floats, piece: list[int], roundness: float) -> Floats:
    chords = np.hypot(*np.diff(points[piece], axis=0).T)
    knots = np.concatenate([[0.0], np.cumsum(chords)])
    at = np.linspace(0, knots[-1], max(3, int(np.ceil(knots[-1] / STEP)) + 1))
    matrix = np.zeros((len(at), len(points)))
    matrix[:, piece] = roundness * _spline_matrix(knots, at) + (1 - roundness) * _polyline_matrix(knots, at)
    return matrix


def _polyline_matrix(knots: Floats, at: Floats) -> Floats:
    return np.stack([np.interp(at, knots, unit) for unit in np.eye(len(knots))], axis=1)


def _spline_matrix(knots: Floats, at: Floats) -> Floats:
    """Return the natural cubic spline as a matrix (len(at), len(knots)): values at the knots -> values at `at`."""
    from scipy.interpolate import CubicSpline

    return np.asarray(CubicSpline(knots, np.eye(len(knots)), bc_type="natural")(at))
