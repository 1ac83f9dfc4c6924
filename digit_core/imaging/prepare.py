"""Page preparation: white paper and dark ink whatever the light, text level, rulings found and removed.

Images are grey uint8 of shape (height, width), 0 black; ink masks are uint8 of the same shape, 255 ink and 0 paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.background import estimate_paper, flatten, reduced
from digit_core.imaging.page_frame import OF_PAGE, PageFrame, find_page
from digit_core.params import SegmentationParams
from digit_core.records import Grey

Mask = NDArray[np.uint8]
Affine = NDArray[np.float64]
"""Shape (2, 3): maps a point (x, y, 1) of one image to (x, y) of another."""


_COARSER = 4
"""Factor by which the resolution is reduced along rulings."""

_THICKEST = 100
"""Pixels: greatest thickness of a ruling. The search takes time in proportion to it."""


@dataclass(frozen=True, slots=True, eq=False)
class Original:
    """The scan in its own grey, ink dark; `affine` maps pixels of the prepared page to pixels of the scan."""

    pixels: Grey
    affine: Affine

    def cut(self, x0: int, y0: int, x1: int, y1: int) -> Grey:
        """Cut the part between these pixels of the prepared page, levelled."""
        corners = np.array([(x, y) for x in (x0, x1) for y in (y0, y1)]) @ self.affine[:, :2].T + self.affine[:, 2]
        low = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, np.array(self.pixels.shape[::-1]) - 1)
        high = np.maximum(np.ceil(corners.max(axis=0)).astype(int), low + 1)
        part = self.pixels[low[1] : high[1], low[0] : high[0]]
        if np.array_equal(self.affine[:, :2], np.eye(2)):
            return part
        local = np.column_stack([self.affine[:, :2], self.affine[:, :2] @ (x0, y0) + self.affine[:, 2] - low])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(part, local, (x1 - x0, y1 - y0), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """A prepared page. All images have one shape.

    darkness: 0 paper, 255 black; ink: mask without rulings; rulings_v: mask of vertical rulings (they separate columns).
    `to_scan` maps their pixels to the scan's; `skew`: rotation of the page on its scan in degrees, clockwise positive.
    """

    darkness: Grey
    ink: Mask
    rulings_v: Mask
    to_scan: Affine
    skew: float
    original: Original | None = None


def prepare(scan: Grey, params: SegmentationParams) -> PreparedPage:
    """Prepare a page. Steps that need no detail run on a reduced copy.

    A page in a dark surround is cut out of it: the surround is neither paper nor ink.
    """
    coarse = reduced(scan, 1024)
    frame = find_page(coarse, OF_PAGE)
    if frame is None and is_negative(coarse):
        scan, coarse = ~scan, ~coarse
    page = _Lit.of_page(scan, coarse, frame)
    skew = estimate_skew(page.coarse, params.max_skew)
    darkness, to_part = rotate(page.darkness, skew)
    ink = binarise(darkness, ink_level(page.coarse, params))
    rulings_h, rulings_v = find_rulings(ink, params)
    to_scan = to_part + np.array([[0, 0, page.x], [0, 0, page.y]])
    original = Original(scan, to_scan)
    return PreparedPage(darkness, lift_rulings(ink, rulings_h, rulings_v), rulings_v, to_scan, skew, original)


@dataclass(frozen=True, slots=True, eq=False)
class _Lit:
    """The page without its surround: its darkness, the same reduced, and its upper left corner on the scan."""

    darkness: Grey
    coarse: Grey
    x: int = 0
    y: int = 0

    @classmethod
    def of_page(cls, scan: Grey, coarse: Grey, frame: PageFrame | None) -> _Lit:
        if frame is None:
            paper = estimate_paper(coarse, 1 / 24, blurred=False)
            return cls(flatten(scan, paper), flatten(coarse, paper))
        box = frame.box(scan.shape)
        part = np.ascontiguousarray(scan[box.y : box.bottom, box.x : box.right])
        outside = frame.mask(scan.shape)
        paper = estimate_paper(part, 1 / 24, blurred=False, outside=outside)
        darkness = np.asarray(cv2.subtract(flatten(part, paper), outside), np.uint8)
        return cls(darkness, reduced(darkness, 1024), box.x, box.y)


def is_negative(scan: Grey) -> bool:
    """Whether the scan is white ink on black: most of it is dark."""
    small = reduced(scan, 256)
    return float(np.median(small)) < 85 and float(np.mean(small < 110)) > 0.6


def estimate_skew(darkness: Grey, limit: float) -> float:
    """Estimate the tilt in degrees (clockwise positive, within ±limit) at which rows of ink are sharpest.

    Projection profiles as in Postl, "Detection of linear oblique structures and skew scan in digitized documents" (ICPR 1986),
    coarse to fine. A page without structure has tilt 0.
    """
    small = reduced(darkness, 720)
    small = np.where(small > 40, small, 0).astype(np.uint8)
    if limit == 0 or min(small.shape) < 40 or not small.any():
        return 0.0
    best = 0.0
    for reach, step in ((limit, 1.0), (0.5, 0.5), (0.4, 0.1)):
        tried = np.arange(best - reach, best + reach + step / 2, step)
        best = float(max(tried, key=lambda angle: _sharpness(small, float(angle))))
    clearly = _sharpness(small, best) > 1.02 * _sharpness(small, 0.0)
    return round(best, 2) if clearly else 0.0


def _sharpness(small: Grey, angle: float) -> float:
    height, width = small.shape
    # a shear along y tilts lines as a rotation does, and is cheaper
    shear = np.array([[1, 0, 0], [-np.tan(np.deg2rad(angle)), 1, np.tan(np.deg2rad(angle)) * width / 2]], np.float32)
    rows = cv2.reduce(cv2.warpAffine(small, shear, (width, height)), 1, cv2.REDUCE_SUM, dtype=cv2.CV_32F).ravel()
    return float(np.square(np.diff(rows)).sum())


def rotate(darkness: Grey, skew: float) -> tuple[Grey, Affine]:
    """Level the page on a canvas that loses no corner; also return the affine map to the scan's pixels."""
    if abs(skew) < 0.35:  # rulings and lines of text tolerate that, and rotation costs sharpness
        return darkness, np.array([[1.0, 0, 0], [0, 1.0, 0]])
    height, width = darkness.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1.0)
    new_width = int(np.ceil(abs(turn[0, 0]) * width + abs(turn[0, 1]) * height))
    new_height = int(np.ceil(abs(turn[0, 1]) * width + abs(turn[0, 0]) * height))
    turn[:, 2] += (new_width - width) / 2, (new_height - height) / 2
    level = cv2.warpAffine(darkness, turn, (new_width, new_height), flags=cv2.INTER_LINEAR)
    return np.asarray(level, np.uint8), np.asarray(cv2.invertAffineTransform(turn), np.float64)


def ink_level(darkness: Grey, params: SegmentationParams) -> float:
    """Return the darkness from which a pixel is ink: `ink_contrast`, or four times the paper's noise if that is more. On
    flattened paper one level suits the whole page."""
    sample = reduced(darkness, 1024)
    paper = float(np.median(sample))
    noise = 1.4826 * float(np.median(cv2.absdiff(sample, np.full_like(sample, round(paper)))))
    level = paper + max(255 * params.ink_contrast, 4 * noise)
    # for bilevel and high-contrast scans, half way up the edge is closer to the stroke's outline than its foot
    level = max(level, 0.38 * float(np.percentile(sample, 99.5))) if noise < 1 else level
    return min(level, 200.0)


def binarise(darkness: Grey, level: float) -> Mask:
    """Threshold at `level`. Components without a core darker than `core_contrast` are dropped later."""
    return np.asarray(cv2.threshold(darkness, level, 255, cv2.THRESH_BINARY)[1], np.uint8)


def find_rulings(ink: Mask, params: SegmentationParams) -> tuple[Mask, Mask]:
    """Return masks of horizontal and of vertical rulings: straight runs of ink longer than any digit's stroke."""
    length = max(80, round(params.rule_length * max(ink.shape)))
    return long_runs(ink, (length, 1)), long_runs(ink, (1, length))


def long_runs(ink: Mask, size: tuple[int, int]) -> Mask:
    """Return ink in straight runs of at least `size` = (length, 1) or (1, length) pixels.

    Searched at a quarter of the resolution along the run, which costs a quarter and bridges the gaps of faint and dotted rulings;
    a ruling tilted by a pixel here and there is still one run, because it is widened by one across.
    """
    height, width = ink.shape
    if width < size[0] or height < size[1]:
        return np.zeros_like(ink)
    along_rows = size[0] > 1
    short = (-(-width // _COARSER), height) if along_rows else (width, -(-height // _COARSER))
    small = cv2.threshold(cv2.resize(ink, short, interpolation=cv2.INTER_AREA), 100, 255, cv2.THRESH_BINARY)[1]
    small = cv2.dilate(small, np.ones((3, 2) if along_rows else (2, 3), np.uint8))
    small = cv2.erode(small, np.ones((1, 2) if along_rows else (2, 1), np.uint8))
    length = max(2, max(size) // _COARSER)
    runs = cv2.morphologyEx(small, cv2.MORPH_OPEN, np.ones((1, length) if along_rows else (length, 1), np.uint8))
    return np.asarray(cv2.bitwise_and(cv2.resize(runs, (width, height), interpolation=cv2.INTER_NEAREST), ink), np.uint8)


def lift_rulings(ink: Mask, rulings_h: Mask, rulings_v: Mask) -> Mask:
    """Remove the rulings from the ink, keeping the strokes that cross them whole."""
    lifted = cv2.subtract(ink, _without_crossings(ink, rulings_h, vertical_strokes=True))
    return np.asarray(cv2.subtract(lifted, _without_crossings(ink, rulings_v, vertical_strokes=False)), np.uint8)


def _without_crossings(ink: Mask, rulings: Mask, *, vertical_strokes: bool) -> Mask:
    """Keep crossings: a stroke crosses where the ink, measured across the ruling, is clearly thicker than the ruling."""
    thickness = _thickness(rulings, along_rows=vertical_strokes)
    if not 0 < thickness <= _THICKEST:
        return rulings
    reach = thickness * 2 + 3
    across = np.ones((reach, 1) if vertical_strokes else (1, reach), np.uint8)
    crossing = cv2.morphologyEx(ink, cv2.MORPH_OPEN, across)
    return np.asarray(cv2.subtract(rulings, crossing), np.uint8)


def _thickness(rulings: Mask, *, along_rows: bool) -> int:
    """Return the median thickness of the rulings in pixels, 0 if there are none."""
    area = cv2.countNonZero(rulings)
    if area == 0:
        return 0
    edge = cv2.subtract(rulings, cv2.erode(rulings, np.ones((2, 1) if along_rows else (1, 2), np.uint8)))
    return max(1, round(area / max(1, cv2.countNonZero(edge))))
