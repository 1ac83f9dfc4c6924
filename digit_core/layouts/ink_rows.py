"""Rows that writing keeps to, against those of a grid: how many there are, and whether its edges cut through the writing.

The ink of a table, row by row, is a wave with one period a row. That the page has a row more or fewer in the same frame moves its
frequency; that the grid lies off moves its phase (both by Fourier's sums over the grid).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from digit_core.layouts.straightened import Floats, Straightened

_INK = 40
"""Darkness of ink, of 255."""

_BESIDE = 7
"""Samples along a row that are left out for a ruling that crosses it."""

_FEWEST, _WINDOWS = 4, 4
"""Rows of a grid from which a wave is told, and parts of it in which its phase is."""

_LEAST_INK, _CLEAR = 0.004, 0.25
"""Share of the grid that is ink at least, and strength of a wave that says something."""

_OTHER, _STRONGER = 0.35, 1.7
"""Strength of the wave of another number of rows, and how much stronger than the grid's own it must be."""

_OTHERS = (-3, -2, -1, 1, 2, 3)
"""So many rows more or fewer."""


@dataclass(frozen=True, slots=True)
class InkRows:
    """What the ink of a grid says: how many rows more than the grid it has, and how far below the middles of the grid's rows it
    lies in parts of it, in rows: pairs of place and distance. Without any where the ink says nothing.
    """

    more: int = 0
    off: tuple[tuple[float, float], ...] = ()

    def line(self) -> tuple[float, float]:
        """The straight line through the distances: that at row 0, and what is added a row."""
        if not self.off:
            return 0.0, 0.0
        places, distances = np.array(self.off).T
        slope, start = np.polyfit(places, distances, 1) if len(places) > 2 else (0.0, float(np.mean(distances)))
        return float(start), float(slope)


def ink_rows(picture: Straightened) -> InkRows:
    """Return what the writing in a grid says of its rows."""
    rows, count = picture.rows, len(picture.edges) - 1
    within = (rows > 0) & (rows < count)
    ink = _ink(picture)[within]
    if count < _FEWEST or not ink.size or ink.mean() < _LEAST_INK:
        return InkRows()
    places, steps = rows[within], np.gradient(rows[within])
    wave = (ink.mean(axis=1) - np.average(ink.mean(axis=1), weights=steps)) * steps
    total = float(np.abs(wave).sum())
    own = _strength(wave, places, 1.0) / total
    others = {more: _strength(wave, places, (count + more) / count) / total for more in _OTHERS if abs(more) <= count / 4}
    best = max(others, key=lambda more: others[more])
    if others[best] >= _OTHER and others[best] > _STRONGER * own:
        return InkRows(best)
    return InkRows(0, _phases(wave, places, count)) if own >= _CLEAR else InkRows()


def _ink(picture: Straightened) -> Floats:
    """1 where there is ink that is no ruling, without what stands beside crossing rulings."""
    wide = cv2.dilate(picture.page_crossing, np.ones((1, _BESIDE), np.uint8)) > 0
    ruled = cv2.dilate(picture.page, np.ones((2 * picture.near + 1, 1), np.uint8)) > 0
    return np.asarray((picture.darkness > _INK) & ~wide & ~ruled, np.float64)


def _strength(wave: Floats, places: Floats, frequency: float) -> float:
    return float(abs((wave * np.exp(2j * np.pi * frequency * places)).sum()))


def _phases(wave: Floats, places: Floats, count: int) -> tuple[tuple[float, float], ...]:
    """For parts of the grid where they are, and how far below the middles of the rows their ink lies, -0.5 to 0.5 rows."""
    found = []
    for part in np.array_split(np.arange(count), min(_WINDOWS, count // 2)):
        own = (places >= part[0]) & (places < part[-1] + 1)
        total = (wave * np.exp(2j * np.pi * places))[own].sum()
        if abs(total) >= _CLEAR * np.abs(wave[own]).sum() > 0:
            found.append((float(part.mean()) + 0.5, float(np.angle(total)) / (2 * np.pi) % 1 - 0.5))
    return tuple(found)
