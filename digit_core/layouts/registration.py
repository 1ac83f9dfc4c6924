"""Registration of a form on a page: its placing, and how certain that is.

The form is recognised by its printed rulings. Likely placings (digit_core.layouts.coarse_alignment) are fitted to nearby rulings:
a vertical one determines x, a horizontal one y (iterated closest points as in Besl, McKay, "A method for registration of 3-D
shapes", PAMI 1992, here point to line), finally with the quadratic terms for pages that are not flat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import LineMaps, Segments, drawn, with_broken_rulings
from digit_core.imaging.prepare import Mask
from digit_core.layouts.coarse_alignment import likeness, placings
from digit_core.layouts.grid_check import fault_of, to_writing
from digit_core.layouts.grid_offset import beside, features, settled
from digit_core.layouts.placement import SURE, Fit, Points, unit
from digit_core.layouts.ruling_ends import running_on
from digit_core.layouts.template import Layout

_ROUGHLY = ((0.022, 3), (0.012, 3))
_CLOSELY = ((0.007, 6), (0.005, 6))
"""Steps of the fit: distance within which a ruling is looked for, as a share of the page's longer side, and number of terms."""

_STEP = 0.02
"""Distance of two points of a ruling, in half pages."""

_NEAR = 0.0035
"""Greatest distance, as a share of the longer side, at which rulings of form and page coincide."""

_ASIDE = ((0.011, 0.009), (-0.009, 0.011), (0.013, -0.01), (-0.012, -0.011))
"""Shares of the longer side by which a form is shifted to measure the agreement by chance."""

_FAR, _HALF_A_RULING = 10_000, 3
"""Map pixels: a distance beyond any search; and the greatest distance of a ruling's middle from its edge."""

_MORE = 1.2
"""Factor by which more of the page is ruled with broken rulings, from which it has any."""

_TRIED = 3
"""Number of forms that are fitted closely."""

_STRETCHED = 1.03
"""Greatest relative change of the aspect ratio: paper shrinks, and lenses distort."""

_BEYOND = 0.08
"""Margin around the form's rulings, as a share of the page's longer side: where the form's grid ends, the page's must end too."""


def fit(layout: Layout, maps: LineMaps) -> Fit:
    """Find the best placing of a form on a page with these rulings, however bad; see `agreement` and `fault`.

    Where it is not certain, rulings of dots or dashes far apart are looked at too, and lines of characters are not.
    """
    found = _fit(layout, maps)
    if found.sure:
        return found
    broken = with_broken_rulings(maps)
    if found.agreement < SURE and _drawn_share(broken) < _MORE * _drawn_share(maps):
        return found  # another form
    other = _fit(layout, broken)
    return max(found, other, key=lambda one: (one.sure, one.agreement))


def _drawn_share(maps: LineMaps) -> float:
    return float(np.mean(maps.across > 0) + np.mean(maps.down > 0))


def _fit(layout: Layout, maps: LineMaps) -> Fit:
    form = _Form.of(layout)
    starts = [_drawn_to_lines(form, maps, placing, _ROUGHLY) for placing in placings(form.across, form.down, maps)]
    best = max(starts, key=lambda terms: _on_each_other(form, maps, terms), default=np.zeros((2, 6)))
    terms = _drawn_to_lines(form, maps, best, _CLOSELY)
    terms = settled(terms, form.across, form.down, lambda other: _on_each_other(form, maps, other))
    found = _looked_at(form, maps, Fit(layout, _drawn_to_lines(form, maps, terms, _CLOSELY[-1:]), 0.0))
    if found.agreement < SURE or not found.fault:
        return found
    others = (_drawn_to_lines(form, maps, other, _CLOSELY) for other in beside(found.terms * maps.scale, layout))
    return next((other for terms in others if (other := _looked_at(form, maps, Fit(layout, terms, 0.0))).sure), found)


def _looked_at(form: _Form, maps: LineMaps, found: Fit) -> Fit:
    """The placing, in map pixels until now, with what speaks for it and against it."""
    layout, terms = found.layout, found.terms
    placed = replace(found, terms=terms / maps.scale)
    agreement = 0.0 if _is_stretched(layout, terms) else _agreement(form, maps, terms)
    if agreement < SURE:
        return replace(placed, agreement=agreement)
    near = max(1.5, _NEAR * maps.side)
    fault = fault_of(layout, placed.to_page, maps, near)
    moved = layout if fault else to_writing(layout, placed.to_page, maps, near)
    return replace(placed, agreement=agreement, fault=fault, placed=None if moved is layout else moved)


def _is_stretched(layout: Layout, terms: NDArray[np.float64]) -> bool:
    """Tell whether the aspect ratio of the form would change: a part of another table's grid may look like it. Unknown for a form
    drawn in fractions of its page."""
    if layout.width == layout.height == 1:
        return False
    wide, high = abs(terms[0, 1]) / layout.width, abs(terms[1, 2]) / layout.height
    return not high or not 1 / _STRETCHED < wide / high < _STRETCHED


def best_fit(layouts: Sequence[Layout], maps: LineMaps) -> Fit | None:
    """Return the fit of the form that agrees best with the page; None if none is certain."""
    best = nearest_fit(layouts, maps)
    return best if best is not None and best.sure else None


def nearest_fit(layouts: Sequence[Layout], maps: LineMaps) -> Fit | None:
    """Return the same, or the nearest fit where none is certain; None only without layouts.

    Of many forms only those are tried whose picture is most similar to the page's.
    """
    fits = [fit(layout, maps) for layout in _likeliest(layouts, maps)]
    return max(fits, key=lambda one: (one.sure, one.agreement), default=None)


def _likeliest(layouts: Sequence[Layout], maps: LineMaps) -> Sequence[Layout]:
    if len(layouts) <= _TRIED:
        return layouts
    scored = ((likeness(form.across, form.down, maps), one) for one, form in ((one, _Form.of(one)) for one in layouts))
    return [one for _, one in sorted(scored, key=lambda pair: -pair[0])[:_TRIED]]


@dataclass(frozen=True, slots=True, eq=False)
class _Form:
    """A layout's rulings in u and v, which go from -1 to 1 over the reference page: as segments, and as points along them."""

    across: Segments
    down: Segments
    on_across: Points
    on_down: Points

    @classmethod
    def of(cls, layout: Layout) -> _Form:
        both = (np.array(part, np.float64).reshape(-1, 2) for part in (layout.lines.horizontal, layout.lines.vertical))
        across, down = (unit(part, layout).reshape(-1, 4) for part in both)
        return cls(across, down, _along(across), _along(down))

    def rulings(self, maps: LineMaps) -> tuple[tuple[bool, Segments, Points, Mask], ...]:
        """Return for each direction whether it is across, segments and points of the form, and the page's rulings."""
        return (False, self.down, self.on_down, maps.down), (True, self.across, self.on_across, maps.across)


def _along(segments: Segments) -> Points:
    """Return evenly spaced places along the segments, (n, 2)."""
    lengths = np.abs(segments[:, 2:] - segments[:, :2]).max(axis=1, initial=0.0)
    steps = [np.linspace(0, 1, max(2, round(float(length) / _STEP))) for length in lengths]
    rows = [row[:2] + step[:, None] * (row[2:] - row[:2]) for row, step in zip(segments, steps, strict=True)]
    return np.concatenate(rows) if rows else np.empty((0, 2))


def _drawn_to_lines(
    form: _Form, maps: LineMaps, terms: NDArray[np.float64], reaches: Sequence[tuple[float, int]]
) -> NDArray[np.float64]:
    for reach, count in reaches:
        for _ in range(2):
            for across, _, points, mask in form.rulings(maps):
                nearest = _nearest(points, terms, mask, across, reach * maps.side)
                terms = _moved(terms, int(across), points, nearest, count)
    return terms


def _nearest(
    points: Points, terms: NDArray[np.float64], mask: Mask, across: bool, reach: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return for each point the distance to the middle of the nearest ruling, in map pixels, and whether there is one."""
    if not len(points):
        return np.empty(0), np.empty(0, bool)
    places = features(points, 6) @ terms.T
    own = 1 if across else 0
    span = np.arange(-int(np.ceil(reach)), int(np.ceil(reach)) + 1)
    along = np.rint(places[:, 1 - own]).astype(int)
    over = np.rint(places[:, own]).astype(int)[:, None] + span
    limit = mask.shape[::-1]
    inside = (over >= 0) & (over < limit[own]) & ((along >= 0) & (along < limit[1 - own]))[:, None]
    rows, columns = (over, along[:, None]) if across else (along[:, None], over)
    seen = mask[np.clip(rows, 0, mask.shape[0] - 1), np.clip(columns, 0, mask.shape[1] - 1)] > 0
    seen &= inside
    away = np.where(seen, np.abs(span)[None, :], _FAR)
    best = span[away.argmin(axis=1)]
    own_line = seen & (np.abs(span[None, :] - best[:, None]) <= _HALF_A_RULING)
    count = own_line.sum(axis=1)
    middle = (own_line * over).sum(axis=1) / np.maximum(count, 1) + 0.5
    return middle - places[:, own], count > 0


def _moved(
    terms: NDArray[np.float64], row: int, points: Points, nearest: tuple[NDArray[np.float64], NDArray[np.bool_]], count: int
) -> NDArray[np.float64]:
    """Fit the terms of x (row 0) or y (row 1) to the rulings that were found; far ones weigh less."""
    away, seen = nearest
    if seen.sum() < 12:
        return terms
    own = features(points[seen], count)
    spread = 1.4826 * float(np.median(np.abs(away[seen]))) + 0.5
    weight = 1 / (1 + np.square(away[seen] / (2 * spread)))
    # a slight pull towards no change keeps terms that these lines do not determine
    system = (own * weight[:, None]).T @ own + 0.05 * len(own) * np.diag([0.0, 0.02, 0.02, 1, 1, 1][:count])
    step = np.linalg.solve(system, (own * weight[:, None]).T @ away[seen])
    moved = terms.copy()
    moved[row, :count] += step
    return moved


def _agreement(form: _Form, maps: LineMaps, terms: NDArray[np.float64]) -> float:
    """Return how much better form and page coincide than when shifted a little, where they do so by chance, times the share of
    the form's ruling ends at which the page's end too; 0 to 1."""
    mine = _on_each_other(form, maps, terms)
    chance = float(np.mean([_on_each_other(form, maps, _shifted(terms, maps, dx, dy)) for dx, dy in _ASIDE]))
    ending = 1 - running_on(form.across, form.down, maps, terms, max(1.5, _NEAR * maps.side))
    return max(0.0, (mine - chance) / (1 - chance)) * ending if chance < 1 else 0.0


def _shifted(terms: NDArray[np.float64], maps: LineMaps, dx: float, dy: float) -> NDArray[np.float64]:
    moved = terms.copy()
    moved[:, 0] += np.array([dx, dy]) * maps.side
    return moved


def _on_each_other(form: _Form, maps: LineMaps, terms: NDArray[np.float64]) -> float:
    """Return the harmonic mean of the share of the form's rulings found on the page, and of the page's found in the form."""
    near = max(1.5, _NEAR * maps.side)
    there = [_nearest(points, terms, mask, across, near)[1] for across, _, points, mask in form.rulings(maps)]
    found = float(np.concatenate(there).mean()) if sum(map(len, there)) else 0.0
    known = _known(form, maps, terms, near)
    return 2 * found * known / (found + known) if found + known else 0.0


def _known(form: _Form, maps: LineMaps, terms: NDArray[np.float64], near: float) -> float:
    """Return the share of the page's rulings within and close around the form's frame that the form has."""
    rulings = form.rulings(maps)
    ends = [features(segments.reshape(-1, 2), 6) @ terms.T for _, segments, _, _ in rulings]
    corners = np.concatenate(ends)
    if not len(corners):
        return 0.0
    low, high = np.floor(corners.min(axis=0) - near).astype(int), np.ceil(corners.max(axis=0) + near).astype(int)
    beyond = round(_BEYOND * maps.side)
    (x0, y0), (x1, y1) = np.maximum(low - beyond, 0), np.maximum(high + beyond, 0)
    total = shared = 0
    for end, (_, _, _, mask) in zip(ends, rulings, strict=True):
        own = drawn(end.reshape(-1, 4), mask.shape, 2 * round(near) + 1)[y0:y1, x0:x1]
        seen = mask[y0:y1, x0:x1]
        total += cv2.countNonZero(seen)
        shared += cv2.countNonZero(cv2.bitwise_and(seen, own))
    return shared / total if total else 0.0
