"""Orientation of a page on its scan, determined by the form that its rulings match."""

from __future__ import annotations

from collections.abc import Sequence

from digit_core.imaging.line_detection import LineMaps
from digit_core.imaging.rotation import turned_maps
from digit_core.layouts.placement import Fit
from digit_core.layouts.registration import best_fit
from digit_core.layouts.template import Layout

_CLEARLY = 0.1
"""Least difference in agreement between two directions: many forms are nearly the same upside down."""


def lying_by_rulings(layouts: Sequence[Layout], maps: LineMaps, here: Fit | None) -> int:
    """Return the quarter turns (digit_core.imaging.rotation) of a page with these rulings; `here` is the form's fit without a
    turn. 0 if no form fits clearly better in another direction."""
    if not layouts:
        return 0
    fits = {quarters: best_fit(layouts, turned_maps(maps, quarters)) for quarters in (1, 2, 3)}
    best = max(fits, key=lambda quarters: agreement_of(fits[quarters]))
    return best if clearly_better(fits[best], here) else 0


def clearly_better(one: Fit | None, other: Fit | None) -> bool:
    """Tell whether a form fits clearly better in one direction than in the other; None means no fit."""
    return agreement_of(one) > agreement_of(other) + _CLEARLY


def agreement_of(fit: Fit | None) -> float:
    return fit.agreement if fit else 0.0
