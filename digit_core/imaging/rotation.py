"""Pages that were scanned sideways or upside down: quarter turns of pictures and boxes, there and back.

`quarters` says how a page lies: by how many quarters of a circle it is turned clockwise, 0 to 3. Boxes and points are in
pixels, origin top left; a pixel reaches from its number to the next.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from digit_core.imaging.line_detection import LineMaps
from digit_core.imaging.prepare import Affine, PreparedPage, prepare
from digit_core.params import SegmentationParams
from digit_core.records import Box, Grey, PageImage


def quarters_of(skew: float) -> int:
    """How a page lies whose tilt is `skew` degrees, clockwise positive."""
    return round(skew / 90) % 4


def upright(picture: Grey, quarters: int) -> Grey:
    """The picture, shape (height, width), of a page that lies so, turned upright."""
    return np.ascontiguousarray(np.rot90(picture, quarters))


def image_upright(image: PageImage, quarters: int) -> PageImage:
    """The scan of a page that lies so, turned upright."""
    return PageImage(upright(image.pixels, quarters), image.dpi)


def to_lying(quarters: int, width: int, height: int) -> Affine:
    """Takes points of the upright page to its scan of this size, on which it lies turned by so many quarters."""
    ways = (
        [[1, 0, 0], [0, 1, 0]],
        [[0, -1, width], [1, 0, 0]],
        [[-1, 0, width], [0, -1, height]],
        [[0, 1, 0], [-1, 0, height]],
    )
    return np.array(ways[quarters], np.float64)


def turned_maps(maps: LineMaps, quarters: int) -> LineMaps:
    """The rulings of a page that lies so, as they are when it is turned upright."""
    across, down, darkness = (upright(one, quarters) for one in (maps.across, maps.down, maps.darkness))
    return LineMaps(down, across, darkness, maps.scale) if quarters % 2 else LineMaps(across, down, darkness, maps.scale)


def upright_box(box: Box, quarters: int, width: int, height: int) -> Box:
    """Where a box of a scan of this size lies on the page turned upright."""
    if quarters == 1:
        return Box(box.y, width - box.right, box.h, box.w)
    if quarters == 2:
        return Box(width - box.right, height - box.bottom, box.w, box.h)
    if quarters == 3:
        return Box(height - box.bottom, box.x, box.h, box.w)
    return box


def prepare_lying(scan: Grey, params: SegmentationParams, quarters: int) -> PreparedPage:
    """The page made ready, upright; `to_scan` goes back to the scan as it lies, and `skew` is its whole turn."""
    page = prepare(upright(scan, quarters), params)
    if not quarters:
        return page
    height, width = scan.shape
    return replace(page, to_scan=chained(to_lying(quarters, width, height), page.to_scan), skew=page.skew + 90.0 * quarters)


def chained(last: Affine, first: Affine) -> Affine:
    """`first`, and then `last`, as one."""
    return np.asarray(last @ np.vstack([first, [0, 0, 1]]), np.float64)
