"""Ends of rulings: where a form's rulings end, the page's must end too; else the form lies on a part of another table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import LineMaps, drawn
from digit_core.imaging.prepare import Mask
from digit_core.layouts.grid_offset import Floats, Terms, features

_LONG = 0.3
"""Share of the longest ruling from which a ruling's ends are checked."""

_STEPS = np.array([0.025, 0.032, 0.04])
"""Distances beyond an end at which the page is checked, in u and v: a few hundredths of half a page."""


def running_on(across: Floats, down: Floats, maps: LineMaps, terms: Terms, near: float) -> float:
    """Return the share of the ends of the form's long rulings beyond which the page's rulings continue, 0 to 1.

    across, down: the form's rulings, (n, 4) as ends in u and v; near: tolerance in map pixels.
    """
    found = [
        _unknown(segments, mask, terms, near, sideways)
        for segments, mask, sideways in ((across, maps.across, (0, 1)), (down, maps.down, (1, 0)))
        if len(segments)
    ]
    ends = np.concatenate(found) if found else np.empty(0, bool)
    return float(ends.mean()) if len(ends) else 0.0


def _unknown(segments: Floats, mask: Mask, terms: Terms, near: float, aside: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell for either end of each long ruling, (2 n,), whether the page has another ruling beyond it."""
    ways = segments[:, 2:] - segments[:, :2]
    lengths = np.abs(ways).max(axis=1)
    chosen = lengths >= _LONG * lengths.max()
    unit = ways[chosen] / lengths[chosen, None]
    ends = np.concatenate([segments[chosen, 2:], segments[chosen, :2]])
    points = ends[:, None] + _STEPS[:, None] * np.concatenate([unit, -unit])[:, None]
    places = np.rint(features(points.reshape(-1, 2)) @ terms.T).astype(int)
    own = drawn((features(segments.reshape(-1, 2)) @ terms.T).reshape(-1, 4), mask.shape, 2 * round(2 * near) + 1)
    seen = np.zeros(len(places), bool)
    for off in range(-round(near), round(near) + 1):
        seen |= _at(mask, places + np.array(aside) * off)
    return np.asarray((seen & ~_at(own, places)).reshape(len(points), -1).all(axis=1))


def _at(mask: Mask, places: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Tell whether the mask is set at places (n, 2) x, y; False outside of it."""
    inside = np.asarray(((places >= 0) & (places < mask.shape[::-1])).all(axis=1))
    x, y = np.where(inside[:, None], places, 0).T
    return np.asarray((mask[y, x] > 0) & inside)
