"""How a form lies on a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digit_core.layouts.grid_offset import features
from digit_core.layouts.template import Area, Layout, Place

SURE = 0.65
"""Agreement from which a page is taken for the form."""

_STEPS_BACK = 12

Points = NDArray[np.float64]
"""Shape (n, 2): x, y."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """How a form lies on a prepared page. terms (2, 6): x and y on the page from 1, u, v, uv, uu, vv, with u and v from -1 to 1
    over the reference page. agreement: of the rulings of form and page, in the form's own frame, the share that lies on each
    other, 0 to 1. fault: why it may lie a row or a column off, in words; "" if nothing says so. placed: the layout with its grids
    where the page's writing is, if that is not where they were drawn.
    """

    layout: Layout
    terms: NDArray[np.float64]
    agreement: float
    fault: str = ""
    placed: Layout | None = None

    @property
    def sure(self) -> bool:
        """Whether the page is this form, lying so."""
        return self.agreement >= SURE and not self.fault

    @property
    def doubt(self) -> str:
        """Why it is not sure, in words."""
        return f"agreement {self.agreement:.2f}, needed {SURE:.2f}" if self.agreement < SURE else self.fault

    def cells(self) -> Mapping[Place, Area]:
        """Where the layout's cells are on this page, in its own units."""
        return (self.placed or self.layout).cells()

    def to_page(self, points: Points) -> Points:
        """Places of the form, (n, 2), as places on the prepared page."""
        return np.asarray(features(unit(points, self.layout), 6) @ self.terms.T, np.float64)

    def to_form(self, points: Points) -> Points:
        """Places on the prepared page, (n, 2), as places of the form: the inverse of `to_page`, by Newton's method."""
        steps = np.zeros_like(points)
        straight = np.linalg.inv(self.terms[:, 1:3])
        for _ in range(_STEPS_BACK):
            steps = steps - (features(steps, 6) @ self.terms.T - points) @ straight.T
        return np.asarray((steps + 1) / 2 * (self.layout.width, self.layout.height), np.float64)

    def quad(self, area: Area) -> Points:
        """The four corners of an area of the form on the prepared page, clockwise from its upper left."""
        x, y, right, bottom = area.x, area.y, area.x + area.w, area.y + area.h
        return self.to_page(np.array([(x, y), (right, y), (right, bottom), (x, bottom)], np.float64))


def unit(points: Points, layout: Layout) -> Points:
    """Places of the form, (n, 2), as u and v from -1 to 1."""
    return np.asarray(2 * points / (layout.width, layout.height) - 1, np.float64)
