"""Strip preparation: a picture of one number, cropped to its paper, enlarged if it is low, rulings removed."""

from __future__ import annotations

import cv2
import numpy as np

from digit_core.imaging.background import estimate_paper, flatten
from digit_core.imaging.page_frame import OF_STRIP, find_page
from digit_core.imaging.prepare import Original, PreparedPage, binarise, ink_level, is_negative, lift_rulings, long_runs
from digit_core.params import SegmentationParams
from digit_core.records import Grey


def prepare_strip(scan: Grey, params: SegmentationParams) -> PreparedPage:
    """Prepare a strip as a page: not rotated, and only rulings from end to end are removed."""
    part, x, y = _own_paper(scan)
    scale = min(4.0, max(1.0, 64 / part.shape[0]))
    if scale > 1:
        part = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)
    darkness = flatten(part, estimate_paper(part, 0.6, blurred=True))
    ink = binarise(darkness, ink_level(darkness, params))
    height, width = ink.shape
    rulings_h = long_runs(ink, (max(2 * height, width // 2), 1))
    rulings_v = long_runs(ink, (1, max(8, round(0.97 * height))))
    back = np.array([[1 / scale, 0, x], [0, 1 / scale, y]])
    return PreparedPage(darkness, lift_rulings(ink, rulings_h, rulings_v), rulings_v, back, 0.0, Original(part, np.eye(2, 3)))


def _own_paper(scan: Grey) -> tuple[Grey, int, int]:
    """Cut off the dark gutter or border; return the strip, dark ink on light, and its corner on the scan."""
    frame = find_page(scan, OF_STRIP)
    if frame is None:
        return ~scan if is_negative(scan) else scan, 0, 0
    box = frame.box(scan.shape)
    part = scan[box.y : box.bottom, box.x : box.right].copy()
    outside = frame.mask(scan.shape) > 0
    part[outside] = np.percentile(part[~outside], 75)
    return part, box.x, box.y
