"""Long rulings of a straightened grid, each with what the form, or the page, has of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.prepare import Mask
from digit_core.layouts.straightened import Floats, Straightened

STRONG = 0.5
"""Of a grid's width that a ruling is long at least to be one of the table's own."""

_SPLIT = 2
"""Rows of the picture between two rulings at least."""

GAP = 0.15
"""Rows by which a ruling may lie off one of the form, and be known."""

UNKNOWN = 0.55
"""Of a ruling of the page, up to which the form does not have it."""


@dataclass(frozen=True, slots=True)
class MatchedRuling:
    """A ruling of a straightened grid, or a few close ones.

    at: its row in the picture; row, top, bottom: its middle and ends in rows of the grid, outside of which they are below 0 or
    above their number; own, other: share of the width that its own picture, and the other one, has there.
    """

    at: int
    row: float
    top: float
    bottom: float
    own: float
    other: float

    def knows(self, other: MatchedRuling) -> bool:
        """Whether the other one's middle lies within it, or beside it, and it is not much shorter."""
        return self.top - GAP < other.row < self.bottom + GAP and other.own >= UNKNOWN * self.own


def rulings_of(picture: Straightened, mask: Mask, other: Mask) -> list[MatchedRuling]:
    """The long rulings of a picture in their order, and how much of each another one has."""
    thick = np.ones((2 * picture.near + 1, 1), np.uint8)
    own, theirs = (np.asarray(cv2.dilate(one, thick).mean(axis=1) / 255, np.float64) for one in (mask, other))
    most = np.asarray(cv2.dilate(theirs.reshape(-1, 1), np.ones((3, 1), np.uint8)).ravel(), np.float64)
    strong = np.flatnonzero(own >= STRONG)
    groups = np.split(strong, np.flatnonzero(np.diff(strong) > _SPLIT) + 1) if len(strong) else []
    return [_ruling(picture, group, own, most) for group in groups]


def _ruling(picture: Straightened, group: NDArray[np.intp], own: Floats, other: Floats) -> MatchedRuling:
    """The ruling of rows of the picture that its thickened line covers."""
    at, rows = int(group[0] + group[-1]) // 2, picture.rows
    core = group[picture.near : -picture.near] if len(group) > 2 * picture.near else np.array([at])
    top, bottom = float(rows[core[0]]), float(rows[core[-1]])
    return MatchedRuling(at, float(rows[at]), top, bottom, float(own[group].max()), float(other[core].max()))


def added(page: Sequence[MatchedRuling], form: Sequence[MatchedRuling]) -> list[MatchedRuling]:
    """Return the rulings of a page that a form does not have."""
    return [one for one in page if one.other < UNKNOWN * one.own and not any(one.knows(known) for known in form)]
