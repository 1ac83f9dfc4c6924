"""Patterned paper (security patterns of cheques, coarse fibres, copy dots), told from ink and removed.

Pictures are darkness, uint8 of shape (height, width), 0 paper, 255 black.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.records import Grey

_FINE = 1.5
"""Pixels of the blur that turns a pattern into even grey, but not a stroke of a pen."""

_KEPT = 0.8
"""Share of the level between paper and ink (Otsu, "A threshold selection method from gray-level histograms", 1979) from which ink
is kept, first faint and then as dark as it was."""

_SPREAD = 5
"""Pixels: the area closer to ink is neither paper nor ink."""


def paper_darkness(darkness: Grey) -> float:
    """Return the darkness of the paper between the ink, as a share of the ink's: the median of both; 0 without ink."""
    soft, level = _soft(darkness)
    ink = soft > level
    if not ink.any():
        return 0.0
    paper = cv2.dilate(ink.astype(np.uint8), np.ones((_SPREAD, _SPREAD), np.uint8)) == 0
    return float(np.median(darkness[paper])) / max(1.0, float(np.median(darkness[ink]))) if paper.any() else 0.0


def without_pattern(darkness: Grey) -> Grey:
    """Remove the pattern: everything much fainter than the rest; the ink becomes slightly softer."""
    soft, level = _soft(darkness)
    ink = soft > level
    if not ink.any():
        return darkness
    full, least = float(soft[ink].mean()), _KEPT * level
    return np.asarray(np.clip((soft - least) / max(1.0, full - least), 0, 1) * full, np.uint8)


def _soft(darkness: Grey) -> tuple[NDArray[np.float32], float]:
    soft = cv2.GaussianBlur(darkness, (0, 0), _FINE)
    level, _ = cv2.threshold(soft, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return soft.astype(np.float32), float(level)
