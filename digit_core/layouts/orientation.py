"""How a page lies on its scan, told by the form that its rulings are of."""

from __future__ import annotations

from collections.abc import Sequence

from digit_core.imaging.line_detection import LineMaps
from digit_core.imaging.rotation import turned_maps
from digit_core.layouts.placement import Fit
from digit_core.layouts.registration import best_fit
from digit_core.layouts.template import Layout

_CLEARLY = 0.1
"""How much better a form must agree with the page in one direction than in another, to tell them apart: many are nearly the
same upside down."""


def lying_by_rulings(layouts: Sequence[Layout], maps: LineMaps, here: Fit | None) -> int:
    """Return by how many quarters (digit_core.imaging.rotation) a page with these rulings lies turned, on which `here` was found
    as it lies; 0 if no form is found clearly better in another direction.
    """
    if not layouts:
        return 0
    fits = {quarters: best_fit(layouts, turned_maps(maps, quarters)) for quarters in (1, 2, 3)}
    best = max(fits, key=lambda quarters: agreement_of(fits[quarters]))
    return best if clearly_better(fits[best], here) else 0


def clearly_better(one: Fit | None, other: Fit | None) -> bool:
    """Tell whether a form lies clearly better on the page in one direction than in the other; None where none is found."""
    return agreement_of(one) > agreement_of(other) + _CLEARLY


def agreement_of(fit: Fit | None) -> float:
    return fit.agreement if fit else 0.0
