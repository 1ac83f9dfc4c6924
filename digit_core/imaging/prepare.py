"""A page made ready: paper white and ink dark whatever the light, text level, rulings found and lifted off.

Images are grey uint8 of shape (height, width), 0 black; ink masks are uint8 of the same shape, 255 ink and 0 paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.params import SegmentationParams
from digit_core.records import Grey

Mask = NDArray[np.uint8]
Affine = NDArray[np.float64]
"""Shape (2, 3): takes a point (x, y, 1) of one image to (x, y) of another."""


_COARSER = 4
"""Rulings are looked for in pixels this many times as long."""


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """darkness: 0 paper, 255 black; ink: mask without rulings; rulings_v: mask of vertical rulings (they part columns).

    All have one shape; `to_scan` takes their pixels back to the scan's; `skew` in degrees, clockwise positive: by so many the
    page lies turned on its scan.
    """

    darkness: Grey
    ink: Mask
    rulings_v: Mask
    to_scan: Affine
    skew: float


def prepare(scan: Grey, params: SegmentationParams) -> PreparedPage:
    """Runs the steps below in their order. What needs no detail is measured on a copy reduced once."""
    coarse = reduced(scan, 1024)
    if is_negative(coarse):
        scan, coarse = ~scan, ~coarse
    paper = estimate_paper(coarse, reach=1 / 24)
    darkness, coarse_darkness = flatten(scan, paper), flatten(coarse, paper)
    skew = estimate_skew(coarse_darkness, params.max_skew)
    darkness, to_scan = rotate(darkness, skew)
    ink = binarise(darkness, ink_level(coarse_darkness, params))
    rulings_h, rulings_v = find_rulings(ink, params)
    return PreparedPage(darkness, lift_rulings(ink, rulings_h, rulings_v), rulings_v, to_scan, skew)


def prepare_strip(scan: Grey, params: SegmentationParams) -> PreparedPage:
    """The same for an image of one cropped number: enlarged if it is low, not turned, ruled only from end to end."""
    scale = min(4.0, max(1.0, 64 / scan.shape[0]))
    if scale > 1:
        scan = np.asarray(cv2.resize(scan, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)
    if is_negative(scan):
        scan = ~scan
    darkness = flatten(scan, estimate_paper(scan, reach=0.6))
    ink = binarise(darkness, ink_level(darkness, params))
    height, width = ink.shape
    rulings_h = _long_runs(ink, (max(2 * height, width // 2), 1))
    rulings_v = _long_runs(ink, (1, max(8, round(0.97 * height))))
    back = np.array([[1 / scale, 0, 0], [0, 1 / scale, 0]])
    return PreparedPage(darkness, lift_rulings(ink, rulings_h, rulings_v), rulings_v, back, 0.0)


def is_negative(scan: Grey) -> bool:
    """White ink on black: most of the page is dark."""
    small = reduced(scan, 256)
    return float(np.median(small)) < 85 and float(np.mean(small < 110)) > 0.6


def estimate_paper(scan: Grey, reach: float) -> Grey:
    """The brightness of the bare paper, at most 640 pixels a side: what a closing leaves that is wider than any stroke.

    `reach` is the width of the closing as a share of the shorter side.
    """
    small = reduced(scan, 640)
    window = max(5, round(min(small.shape) * reach)) | 1
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((window, window), np.uint8), borderType=cv2.BORDER_REPLICATE)
    # So smooth a picture needs few pixels; a wide blur of many would cost more than all else that is done to a strip.
    coarser = max(1, window // 8)
    paper = reduced(np.asarray(paper, np.uint8), -(-max(paper.shape) // coarser))
    paper = cv2.GaussianBlur(paper, (0, 0), window / 2 / coarser, borderType=cv2.BORDER_REPLICATE)
    # Where there is no paper (a punch hole, the bed of the scanner) dividing would blow noise up.
    return np.maximum(paper, max(48, int(np.percentile(paper, 60)) // 2)).astype(np.uint8)


def flatten(scan: Grey, paper: Grey) -> Grey:
    """Divides by the paper's own brightness, and returns darkness: 0 paper, 255 black."""
    height, width = scan.shape
    full = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.bitwise_not(cv2.divide(scan, full, scale=250)), np.uint8)


def estimate_skew(darkness: Grey, limit: float) -> float:
    """The tilt in degrees (clockwise positive, within ±limit) at which rows of ink are sharpest.

    Projection profiles as in Postl, "Detection of linear oblique structures and skew scan in digitized documents" (ICPR
    1986), coarse to fine. A page without structure has tilt 0.
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
    # A shear along y turns lines as a rotation does, and costs less than turning the picture.
    shear = np.array([[1, 0, 0], [-np.tan(np.deg2rad(angle)), 1, np.tan(np.deg2rad(angle)) * width / 2]], np.float32)
    rows = cv2.reduce(cv2.warpAffine(small, shear, (width, height)), 1, cv2.REDUCE_SUM, dtype=cv2.CV_32F).ravel()
    return float(np.square(np.diff(rows)).sum())


def rotate(darkness: Grey, skew: float) -> tuple[Grey, Affine]:
    """The page turned level, on a canvas that loses no corner, and the way back to the scan's pixels."""
    if abs(skew) < 0.35:  # rulings and lines of text bear that, and turning costs sharpness
        return darkness, np.array([[1.0, 0, 0], [0, 1.0, 0]])
    height, width = darkness.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1.0)
    new_width = int(np.ceil(abs(turn[0, 0]) * width + abs(turn[0, 1]) * height))
    new_height = int(np.ceil(abs(turn[0, 1]) * width + abs(turn[0, 0]) * height))
    turn[:, 2] += (new_width - width) / 2, (new_height - height) / 2
    level = cv2.warpAffine(darkness, turn, (new_width, new_height), flags=cv2.INTER_LINEAR)
    return np.asarray(level, np.uint8), np.asarray(cv2.invertAffineTransform(turn), np.float64)


def ink_level(darkness: Grey, params: SegmentationParams) -> float:
    """From which darkness on it is ink: darker than the paper by `ink_contrast`, or by four times the paper's own noise
    if that is more. On flattened paper one level does for the whole page.
    """
    sample = reduced(darkness, 1024)
    paper = float(np.median(sample))
    noise = 1.4826 * float(np.median(cv2.absdiff(sample, np.full_like(sample, round(paper)))))
    level = paper + max(255 * params.ink_contrast, 4 * noise)
    # Bilevel and high-contrast scans: half way up the edge is truer to the stroke than its foot.
    level = max(level, 0.38 * float(np.percentile(sample, 99.5))) if noise < 1 else level
    return min(level, 200.0)


def binarise(darkness: Grey, level: float) -> Mask:
    """Components without a core darker than `core_contrast` are dropped later, when they are known."""
    return np.asarray(cv2.threshold(darkness, level, 255, cv2.THRESH_BINARY)[1], np.uint8)


def find_rulings(ink: Mask, params: SegmentationParams) -> tuple[Mask, Mask]:
    """Masks of horizontal and of vertical rulings: straight runs of ink longer than any digit's stroke."""
    length = max(80, round(params.rule_length * max(ink.shape)))
    return _long_runs(ink, (length, 1)), _long_runs(ink, (1, length))


def _long_runs(ink: Mask, size: tuple[int, int]) -> Mask:
    """Ink that lies in straight runs of `size` = (length, 1) or (1, length) pixels or more.

    Looked for at a quarter of the resolution along the run, which costs a quarter and bridges the gaps of faint and
    dotted rulings; a ruling tilted by a pixel here and there is still one run, because it is widened by one across.
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
    """Takes the rulings off the ink and leaves the strokes that cross them whole."""
    lifted = cv2.subtract(ink, _without_crossings(ink, rulings_h, vertical_strokes=True))
    return np.asarray(cv2.subtract(lifted, _without_crossings(ink, rulings_v, vertical_strokes=False)), np.uint8)


def _without_crossings(ink: Mask, rulings: Mask, *, vertical_strokes: bool) -> Mask:
    """A stroke crosses where the ink, measured across the ruling, is clearly thicker than the ruling itself."""
    thickness = _thickness(rulings, along_rows=vertical_strokes)
    if thickness == 0:
        return rulings
    reach = thickness * 2 + 3
    across = np.ones((reach, 1) if vertical_strokes else (1, reach), np.uint8)
    crossing = cv2.morphologyEx(ink, cv2.MORPH_OPEN, across)
    return np.asarray(cv2.subtract(rulings, crossing), np.uint8)


def _thickness(rulings: Mask, *, along_rows: bool) -> int:
    """Median thickness of the rulings in pixels, 0 if there are none."""
    area = cv2.countNonZero(rulings)
    if area == 0:
        return 0
    edge = cv2.subtract(rulings, cv2.erode(rulings, np.ones((2, 1) if along_rows else (1, 2), np.uint8)))
    return max(1, round(area / max(1, cv2.countNonZero(edge))))


def reduced(image: Grey, side: int) -> Grey:
    """The image with its longer side at most `side` pixels, by area averaging."""
    scale = side / max(image.shape)
    if scale >= 1:
        return image
    height, width = (max(1, round(length * scale)) for length in image.shape)
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
