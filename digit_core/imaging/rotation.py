"""Quarter turns for pages scanned sideways or upside down: pictures and boxes, there and back.

`quarters` is the page's clockwise rotation in quarters of a circle, 0 to 3. Boxes and points are in pixels, origin top left; a
pixel reaches from its number to the next.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from digit_core.imaging.line_detection import LineMaps
from digit_core.imaging.prepare import Affine, PreparedPage, prepare
from digit_core.params import SegmentationParams
from digit_core.records import Box, Grey, PageImage


def quarters_of(skew: float) -> int:
    """Return the quarter turns of a page whose tilt is `skew` degrees, clockwise positive."""
    return round(skew / 90) % 4


def upright(picture: Grey, quarters: int) -> Grey:
    """Turn the picture, shape (height, width), of a page with this rotation upright."""
    return np.ascontiguousarray(np.rot90(picture, quarters))


def image_upright(image: PageImage, quarters: int) -> PageImage:
    """Turn the scan of a page with this rotation upright."""
    return PageImage(upright(image.pixels, quarters), image.dpi)


def to_lying(quarters: int, width: int, height: int) -> Affine:
    """Return the affine map from the upright page to its scan of this size, on which it is rotated by so many quarters."""
    ways = (
        [[1, 0, 0], [0, 1, 0]],
        [[0, -1, width], [1, 0, 0]],
        [[-1, 0, width], [0, -1, height]],
        [[0, 1, 0], [-1, 0, height]],
    )
    return np.array(ways[quarters], np.float64)


def turned_maps(maps: LineMaps, quarters: int) -> LineMaps:
    """Turn the ruling maps of a page with this rotation upright."""
    across, down, darkness = (upright(one, quarters) for one in (maps.across, maps.down, maps.darkness))
    return LineMaps(down, across, darkness, maps.scale) if quarters % 2 else LineMaps(across, down, darkness, maps.scale)


def upright_box(box: Box, quarters: int, width: int, height: int) -> Box:
    """Map a box of a scan of this size to the page turned upright."""
    if quarters == 1:
        return Box(box.y, width - box.right, box.h, box.w)
    if quarters == 2:
        return Box(width - box.right, height - box.bottom, box.w, box.h)
    if quarters == 3:
        return Box(height - box.bottom, box.x, box.h, box.w)
    return box


def prepare_lying(scan: Grey, params: SegmentationParams, quarters: int) -> PreparedPage:
    """Prepare the page upright; `to_scan` maps back to the scan as it is, and `skew` is the whole rotation."""
    page = prepare(upright(scan, quarters), params)
    if not quarters:
        return page
    height, width = scan.shape
    return replace(page, to_scan=chained(to_lying(quarters, width, height), page.to_scan), skew=page.skew + 90.0 * quarters)


def chained(last: Affine, first: Affine) -> Affine:
    """Compose two maps: `first`, then `last`."""
    return np.asarray(last @ np.vstack([first, [0, 0, 1]]), np.float64)
