"""Rows from the writing: lines of text between two rulings, where a table is ruled by columns alone, or by groups of rows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import LineMaps

Floats = NDArray[np.float64]

_INK, _BESIDE = 40, 4
"""Darkness of ink, of 255; and pixels beside an edge that may be its ruling."""

_SHORTEST, _FEWEST = 0.006, 3
"""Least distance of two lines of text as a share of the page's longer side, and least number of lines that make rows."""

_PERIODIC = 0.3
"""Correlation of the ink's profile with itself one line on, from which there are lines."""

_HIGHER = 1.6
"""Usual heights of a row from which one may hold several lines where most do not."""

_LINE = 0.35
"""Depth of the valleys beside a line, as a share of the ink of a strong one."""


def with_rows_of_writing(ys: list[float], xs: list[float], maps: LineMaps) -> list[float]:
    """Return the edges of the rows with more between those that hold several lines of writing, in pixels of the maps."""
    profiles = [_profile(maps, top, bottom, xs) for top, bottom in pairwise(ys)]
    pitches = [_pitch(profile, _SHORTEST * maps.side) for profile in profiles]
    known = [pitch for pitch in pitches if pitch is not None]
    usual = float(np.median(known)) if len(known) > 1 else None  # groups of rows have the same distance
    lines = [_lines(profile, pitch or usual) for profile, pitch in zip(profiles, pitches, strict=True)]
    many = [len(middles) >= (_FEWEST if usual is None else 2) for middles in lines]
    least = 0.0 if np.mean(many) > 0.5 else _HIGHER * float(np.median(np.diff(ys)))  # most rows are ruled: a high one may not be
    found = [ys[0]]
    for (top, bottom), middles, several in zip(pairwise(ys), lines, many, strict=True):
        if several and bottom - top > least:
            found += [top + _BESIDE + (one + other) / 2 for one, other in pairwise(middles)]
        found.append(bottom)
    return found


def _profile(maps: LineMaps, top: float, bottom: float, xs: list[float]) -> Floats:
    """Return the ink between two rulings, row of pixels by row, all columns together."""
    first, last = max(0, round(top) + _BESIDE), max(0, round(bottom) - _BESIDE)
    sides = [(max(0, round(left) + _BESIDE), max(0, round(right) - _BESIDE)) for left, right in pairwise(xs)]
    parts = [maps.darkness[first:last, left:right] > _INK for left, right in sides if left < right]
    total = np.sum([_share(part) for part in parts], axis=0) if parts and first < last else np.zeros(1)
    return np.convolve(total, np.ones(3) / 3, "same") if len(total) > 3 else total


def _share(column: NDArray[np.bool_]) -> Floats:
    """Return how much ink each row of pixels of a column has, as a share of what its lines of writing have."""
    ink = column.mean(axis=1)
    strong = float(np.percentile(ink[ink > 0], 80)) if (ink > 0).any() else 1.0
    return np.asarray(np.minimum(ink / strong, 1.0), np.float64)


def _lines(profile: Floats, pitch: float | None) -> list[float]:
    """Return the middles of the lines in a profile of ink: its peaks, at about this distance."""
    if pitch is None or len(profile) < 1.5 * pitch:
        return []
    from scipy.ndimage import gaussian_filter1d  # a second that a page without lines of writing can avoid
    from scipy.signal import find_peaks

    smooth = gaussian_filter1d(profile, pitch / 5, mode="constant")
    peaks, _ = find_peaks(np.pad(smooth, 1), distance=0.6 * pitch, prominence=_LINE * float(np.percentile(smooth, 90)))
    return [float(peak) - 1 for peak in peaks]


def _pitch(profile: Floats, shortest: float) -> float | None:
    """Return the distance of the lines, at which the profile is like itself; None where it does not repeat itself."""
    waves = profile - profile.mean()
    power = float(np.square(waves).sum())
    if power <= 0 or len(profile) < 2 * shortest:
        return None
    longest = len(profile) // 2
    lags = np.arange(round(shortest), longest)
    if not len(lags):
        return None
    like = np.array([float((waves[lag:] * waves[:-lag]).sum()) / power * len(waves) / (len(waves) - lag) for lag in lags])
    peaks = [i for i in range(1, len(like) - 1) if like[i] >= like[i - 1] and like[i] > like[i + 1] and like[i] >= _PERIODIC]
    return float(lags[peaks[0]]) if peaks else None
