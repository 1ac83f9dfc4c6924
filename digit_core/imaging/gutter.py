"""The gutter of a scan that shows two pages: a dark line down its middle, from the upper to the lower edge.

A printed ruling ends within its page, and is thinner; a fold is lighter, and a surround does not lie in the middle.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.background import reduced
from digit_core.imaging.prepare import Mask
from digit_core.records import Grey

_WIDER = 1.1
"""Least width of a scan of two pages, in heights."""

_SIDE = 1024
"""Pixels of the longer side on which a gutter is looked for."""

_MIDDLE = 0.36, 0.64
"""Shares of the width between which a gutter lies."""

_TILTS = np.linspace(-2, 2, 17)
"""Tilts of a gutter that are tried, in degrees."""

_DARK = 0.7
"""Greatest brightness of a gutter, as a share of the paper's."""

_THROUGH, _LIKELY = 0.95, 0.6
"""Share of the scan's rows in which a gutter is dark; and the least from which it is likelier than the middle of the scan."""

_WIDEST, _THINNEST = 0.12, 0.0035
"""Greatest and least width of a gutter, as shares of the scan's."""

_AT_ENDS = 0.02
"""Share of the scan's height at either end through which a gutter runs as well."""

_PAGE = 0.6
"""Least share of either page that is as light as paper."""


def find_gutter(scan: Grey, *, plain: bool) -> int | None:
    """Return x of the gutter in pixels of the scan; None where there is none, and where the scan is hardly wider than high.

    plain: it must be plain to see; otherwise the likeliest line near the middle of a wide scan is taken, or the middle.
    """
    height, width = (int(side) for side in scan.shape)
    if width < _WIDER * height:
        return None
    small = reduced(scan, _SIDE)
    paper = float(np.percentile(small, 75))
    dark, x, share = _darkest_line(np.asarray(small < _DARK * paper, np.uint8))
    line = _run_at(dark.mean(axis=0) >= _LIKELY, x)
    is_gutter = share >= _LIKELY and _THINNEST <= (line.stop - line.start) / small.shape[1] <= _WIDEST
    if plain and not (is_gutter and share >= _THROUGH and _divides(dark, line, x)):
        return None
    middle = (int(line.start) + int(line.stop)) / 2
    return round(middle * width / small.shape[1]) if is_gutter else width // 2


def _darkest_line(dark: Mask) -> tuple[Mask, int, float]:
    """Return the mask (1 dark) with the darkest line near the middle upright, its x, and the share of it that is dark."""
    first, last = (round(share * dark.shape[1]) for share in _MIDDLE)
    found = []
    for tilt in sorted(_TILTS, key=abs):  # of equal ones the least
        level = _sheared(dark, float(np.tan(np.radians(tilt))))
        columns = level[:, first:last].mean(axis=0)
        found.append((level, first + int(columns.argmax()), float(columns.max())))
    return max(found, key=lambda one: one[2])


def _sheared(mask: Mask, slope: float) -> Mask:
    height, width = mask.shape
    shear = np.array([[1, slope, -slope * height / 2], [0, 1, 0]], np.float32)
    return np.asarray(
        cv2.warpAffine(mask, shear, (width, height), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _run_at(dark: NDArray[np.bool_], x: int) -> slice:
    """Return the run of true values around x."""
    left, right = np.flatnonzero(~dark[:x]), np.flatnonzero(~dark[x:])
    return slice(int(left[-1]) + 1 if len(left) else 0, x + int(right[0]) if len(right) else len(dark))


def _divides(dark: Mask, line: slice, x: int) -> bool:
    """Whether the line runs out of the picture at both ends, and there is light paper on either side of it."""
    rows = max(1, round(_AT_ENDS * dark.shape[0]))
    pages = dark[:, : line.start], dark[:, line.stop :]
    ends = dark[:rows, x], dark[-rows:, x]
    return all(end.mean() >= _LIKELY for end in ends) and all(1 - page.mean() >= _PAGE for page in pages)
