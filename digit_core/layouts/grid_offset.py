"""Correction of a form that is off by whole rows or columns: evenly spaced rulings also coincide then, so those placings are
tried too; only the ends of the form and its other rulings show which one is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from digit_core.layouts.template import Layout

Floats = NDArray[np.float64]
Terms = NDArray[np.float64]
"""Shape (2, 6): x and y on the page from 1, u, v, uv, uu, vv; u and v go from -1 to 1 over the form."""

_ROUNDS = 4
_BETTER = 0.004
"""Least improvement of the agreement for another placing."""

_ENDS = ((1, 1), (-1, -1), (0, 1), (0, -1), (1, 0), (-1, 0))
"""Numbers of spacings by which the first and the last ruling are moved."""

_LONG, _SAME = 0.3, 0.004
"""Share of the longest ruling from which one counts; distance in u or v within which two are one double line."""


def features(unit: Floats, terms: int = 6) -> Floats:
    """Return the factors of the terms, (n, terms), for places (n, 2) u, v."""
    u, v = unit[:, 0], unit[:, 1]
    return np.stack([np.ones_like(u), u, v, u * v, u * u, v * v][:terms], axis=1)


def settled(terms: Terms, across: Floats, down: Floats, score: Callable[[Terms], float]) -> Terms:
    """Return the terms, or those of a placing a few rows or columns off that scores better.

    across, down: the form's rulings, (n, 4) as ends in u and v.
    """
    places = _places(down[:, [0, 2]], down[:, [1, 3]]), _places(across[:, [1, 3]], across[:, [0, 2]])
    best = score(terms)
    for _ in range(_ROUNDS):
        others = [(score(other), other) for axis in (0, 1) for other in _beside(terms, axis, places[axis])]
        rate, other = max(others, key=lambda pair: pair[0], default=(0.0, terms))
        if rate < best + _BETTER:
            break
        best, terms = rate, other
    return terms


def beside(terms: Terms, layout: Layout) -> Iterator[Terms]:
    """The placings that lie a row or a column of one of its grids off, either way."""
    for grid in layout.grids:
        for axis, edges, side in ((1, grid.rows.edges, layout.height), (0, grid.columns.edges, layout.width)):
            pitch = 2 * float(np.median(np.diff(edges))) / side
            yield from (_moved(terms, axis, off * pitch, 1.0) for off in (1, -1))


def _places(own: Floats, along: Floats) -> Floats:
    """Return the positions of the long parallel rulings, ascending, double lines once."""
    if not len(own):
        return np.empty(0)
    lengths = np.abs(np.diff(along, axis=1)).ravel()
    places = np.sort(own.mean(axis=1)[lengths >= _LONG * lengths.max()])
    return np.asarray(places[np.concatenate([[True], np.diff(places) > _SAME])], np.float64)


def _beside(terms: Terms, axis: int, places: Floats) -> Iterator[Terms]:
    """Yield the placings whose first and last rulings lie where others do now."""
    if len(places) < 3:
        return
    first, last, pitch = places[0], places[-1], float(np.median(np.diff(places)))
    for low, high in _ENDS:
        stretch = 1 + (high - low) * pitch / (last - first)
        yield _moved(terms, axis, first + low * pitch - stretch * first, stretch)


def _moved(terms: Terms, axis: int, shift: float, stretch: float) -> Terms:
    """Return terms that have at u (axis 0) or v (axis 1) what the given ones have at shift + stretch * u or v."""
    steps = np.linspace(-1, 1, 4)
    here = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    there = here.copy()
    there[:, axis] = shift + stretch * here[:, axis]
    return np.asarray(np.linalg.lstsq(features(here), features(there) @ terms.T, rcond=None)[0].T, np.float64)
