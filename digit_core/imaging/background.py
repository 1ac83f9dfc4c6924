"""Background estimation: the brightness of the paper everywhere, and the scan divided by it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.records import Grey

Mask = NDArray[np.uint8]

_SIDE = 640
"""Greatest length in pixels of the longer side on which paper is estimated."""

_DEEPEST_SHADOW = 6
"""Greatest factor by which paper is darker than the page's usual paper: what is darker is none (a punch hole, the bed of a
scanner), and dividing by it would amplify noise."""

_SHADOWS_STEP = 0.05
"""Share of the paper's brightness: a blur that changes it by more has reached across the edge of a shadow."""

_WIDEST_STROKE = 15
"""Pixels: no stroke of a figure is wider, so a narrower closing would take its ink for paper."""

_BLACK = 20
"""Grey below which there is no paper, however dark the rest."""


def reduced(image: Grey, side: int) -> Grey:
    """Reduce the image to at most `side` pixels on its longer side, by area averaging."""
    scale = side / max(image.shape)
    if scale >= 1:
        return image
    height, width = (max(1, round(length * scale)) for length in image.shape)
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def estimate_paper(scan: Grey, reach: float, *, blurred: bool, outside: Mask | None = None) -> Grey:
    """Estimate the brightness of the bare paper, uint8, at most 640 pixels a side, by a closing wider than any stroke.

    reach: width of the closing as a share of the shorter side. The edge of a shadow stays sharp, unless `blurred`: a small piece
    such as a strip is lit evenly, and its ink may be as wide as the closing. outside: mask of the scan's shape, 255 outside the
    page.
    """
    small = reduced(scan, _SIDE)
    window = max(5 if blurred else _WIDEST_STROKE, round(min(small.shape) * reach)) | 1
    paper = without_ink(small, window)
    paper = filled(paper, outside) if outside is not None else paper
    paper = _blurred(paper, window) if blurred else _evened(paper, window)
    usual = int(np.percentile(paper, 60))
    least = max(48, usual // 2) if blurred else max(_BLACK, usual // _DEEPEST_SHADOW)
    return np.maximum(paper, least).astype(np.uint8)


def without_ink(small: Grey, window: int) -> Grey:
    """Remove what is dark and narrower than `window` pixels."""
    kernel = np.ones((window, window), np.uint8)
    return np.asarray(cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE), np.uint8)


def _blurred(paper: Grey, window: int) -> Grey:
    # a smooth picture needs few pixels; a wide blur of many would cost more than all other steps on a strip
    coarser = max(1, window // 8)
    paper = reduced(paper, -(-max(paper.shape) // coarser))
    return np.asarray(cv2.GaussianBlur(paper, (0, 0), window / 2 / coarser, borderType=cv2.BORDER_REPLICATE), np.uint8)


def _evened(paper: Grey, window: int) -> Grey:
    """Smooth the steps that a closing leaves, but keep a shadow's edge sharp."""
    soft = cv2.GaussianBlur(paper, (0, 0), window / 7, borderType=cv2.BORDER_REPLICATE)
    step = cv2.absdiff(soft, paper) > _SHADOWS_STEP * paper
    return np.where(step, paper, soft).astype(np.uint8)


def flatten(scan: Grey, paper: Grey) -> Grey:
    """Divide by the paper's brightness and return darkness: 0 paper, 255 black."""
    height, width = scan.shape
    full = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    cv2.divide(scan, full, dst=full, scale=250)  # in place: a huge page has no room for copies
    return np.asarray(cv2.bitwise_not(full, dst=full), np.uint8)


def filled(paper: Grey, outside: Mask) -> Grey:
    """Fill the area outside the page (255 in the mask) with the brightness of the nearest part of the page."""
    outside = np.asarray(cv2.resize(outside, paper.shape[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)
    if not outside.any() or outside.all():
        return paper
    _, nearest = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    brightness = np.zeros(int(nearest.max()) + 1, np.uint8)
    inside = outside == 0
    brightness[nearest[inside]] = paper[inside]
    return np.asarray(brightness[nearest], np.uint8)
