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

_LINE = 0.2
"""Depth of the valleys beside a line, as a share of the ink of a strong one."""


def with_rows_of_writing(ys: list[float], xs: list[float], maps: LineMaps) -> list[float]:
    """Return the edges of the rows with more between those that hold several lines of writing, in pixels of the maps."""
    ink = np.asarray(maps.darkness > _INK, np.uint8)
    found = [ys[0]]
    for top, bottom in pairwise(ys):
        found += [*_between(ink, top, bottom, xs, maps.side), bottom]
    return found


def _between(ink: NDArray[np.uint8], top: float, bottom: float, xs: list[float], side: int) -> list[float]:
    """Return the edges between lines of writing in a row of the table."""
    first, last = max(0, round(top) + _BESIDE), round(bottom) - _BESIDE
    if last - first < 2 * _SHORTEST * side:
        return []
    columns = [ink[first:last, max(0, round(left)) + _BESIDE : round(right) - _BESIDE] for left, right in pairwise(xs)]
    profile = np.sum([_share(column) for column in columns if column.shape[1]], axis=0)
    middles = _lines(np.convolve(profile, np.ones(3) / 3, "same"), _SHORTEST * side)
    if len(middles) < _FEWEST:
        return []
    return [first + (one + other) / 2 for one, other in pairwise(middles)]


def _share(column: NDArray[np.uint8]) -> Floats:
    """Return how much ink each row of pixels of a column has, as a share of what its lines of writing have."""
    ink = column.mean(axis=1)
    strong = float(np.percentile(ink[ink > 0], 80)) if (ink > 0).any() else 1.0
    return np.asarray(np.minimum(ink / strong, 1.0), np.float64)


def _lines(profile: Floats, shortest: float) -> list[float]:
    """Return the middles of the lines in a profile of ink: its peaks, at about the pitch at which it is most like itself."""
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks

    pitch = _pitch(profile, shortest)
    if pitch is None:
        return []
    smooth = gaussian_filter1d(profile, pitch / 5, mode="constant")
    peaks, _ = find_peaks(np.pad(smooth, 1), distance=0.6 * pitch, prominence=_LINE * float(np.percentile(smooth, 90)))
    return [float(peak) - 1 for peak in peaks]


def _pitch(profile: Floats, shortest: float) -> float | None:
    """Return the distance of the lines; None where the profile does not repeat itself."""
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
