"""The pages on a scan, each as a picture that lies flat, and the way back to the scan: a photographed page is drawn straight, a
spread of two pages is divided at its gutter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from digit_core.imaging.gutter import find_gutter
from digit_core.imaging.page_outline import Outline, Points, find_outlines
from digit_core.params import Spread
from digit_core.records import Box, PageDigits, PageImage


@dataclass(frozen=True, slots=True, eq=False)
class PageView:
    """A page of a scan as a picture of its own.

    outline: the page on the scan, where it was drawn straight. x: left edge of the picture on the scan, or on the straight page.
    """

    image: PageImage
    outline: Outline | None = None
    x: int = 0

    @property
    def rotation(self) -> float:
        """Return the tilt of the picture on the scan in degrees, clockwise positive."""
        return self.outline.rotation if self.outline else 0.0

    def to_scan(self, points: Points) -> Points:
        """Map points of the picture, (n, 2), to the scan."""
        moved = points + np.array([self.x, 0])
        return self.outline.to_picture(moved) if self.outline else moved

    def boxes_on(self, scan: PageImage, boxes: Sequence[Box]) -> list[Box]:
        """Return the upright boxes on the scan around these boxes of the picture, inside the scan's borders."""
        if self.outline is None:
            return [replace(box, x=box.x + self.x) for box in boxes]
        sides = np.array([(box.x, box.y, box.right, box.bottom) for box in boxes], np.float64).reshape(-1, 4)
        corners = np.stack([self.to_scan(sides[:, [x, y]]) for x in (0, 2) for y in (1, 3)])
        last = np.array([scan.width, scan.height])
        first = np.clip(np.floor(corners.min(axis=0)), 0, last - 1).astype(int)
        size = np.maximum(np.minimum(np.ceil(corners.max(axis=0)), last).astype(int) - first, 1)
        return [Box(*place) for place in np.hstack([first, size]).tolist()]


def straight_views(scan: PageImage) -> tuple[PageView, ...]:
    """Return the scan as it is, or where it is the photograph of a page, that page drawn straight: the likeliest way first."""
    outlines = find_outlines(scan.pixels)
    straight = (PageView(PageImage(one.straightened(scan.pixels), scan.dpi), one) for one in outlines)
    return tuple(straight) if outlines else (PageView(scan),)


def pages_of(view: PageView, spread: Spread) -> tuple[PageView, ...]:
    """Return the left and the right page of a spread; the view itself if it is no spread."""
    pixels = view.image.pixels
    gutter = None if spread is Spread.NEVER else find_gutter(pixels, plain=spread is Spread.AUTO)
    if gutter is None:
        return (view,)
    halves = ((0, pixels[:, :gutter]), (gutter, pixels[:, gutter:]))
    return tuple(replace(view, image=PageImage(np.ascontiguousarray(half), view.image.dpi), x=x) for x, half in halves)


PageViews = tuple[PageView, ...]
"""The page on a scan, or the left and the right one."""


def ways_to_see(scan: PageImage, spread: Spread) -> tuple[PageViews, tuple[PageViews, ...]]:
    """Return the pages on a scan in the likeliest way to see them, and in all ways in the order in which layouts are tried."""
    views = straight_views(scan)
    divided = [pages_of(view, spread) for view in views]
    ways: list[PageViews] = []
    for view, pages in zip(views, divided, strict=True):
        if len(pages) > 1 and spread is Spread.AUTO:
            ways.append((view,))  # a layout may be that of a whole spread
        ways.append(pages)
    return divided[0], tuple(ways)


def on_scan(found: PageDigits, view: PageView, scan: PageImage) -> PageDigits:
    """Map what was found on a view of a page to its scan."""
    boxes = iter(view.boxes_on(scan, [box for number in found.numbers for box in number.boxes]))
    cells = iter(view.boxes_on(scan, [number.cell.box for number in found.numbers if number.cell]))
    numbers = tuple(
        replace(
            number,
            boxes=tuple(next(boxes) for _ in number.boxes),
            cell=replace(number.cell, box=next(cells)) if number.cell else None,
        )
        for number in found.numbers
    )
    return replace(found, numbers=numbers, skew=found.skew + view.rotation)
