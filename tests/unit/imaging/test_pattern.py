"""Paper that is not bare, drawn by hand."""

import cv2
import numpy as np
import pytest

from digit_core.imaging.pattern import paper_darkness, without_pattern


def number_on(paper: np.ndarray) -> np.ndarray:
    """Darkness of 47 in dark ink on this paper."""
    darkness = paper.copy()
    cv2.putText(darkness, "47", (40, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 210, 5)
    return darkness


def waves(strength: int) -> np.ndarray:
    y, x = np.mgrid[0:80, 0:200]
    return np.asarray(strength * (1 + np.sin(x / 1.2 + np.sin(y / 5))) / 2, np.uint8)


BARE = np.zeros((80, 200), np.uint8)


def test_bare_paper_is_not_dark_and_a_pattern_is_as_dark_as_it_is_for_its_ink():
    assert paper_darkness(number_on(BARE)) == 0
    assert paper_darkness(number_on(waves(90))) == pytest.approx(0.5 * 90 / 210, abs=0.08)
    assert paper_darkness(BARE) == 0


def test_a_pattern_is_taken_off_and_the_strokes_stay_dark():
    cleaned = without_pattern(number_on(waves(90)))

    ink = number_on(BARE) > 0
    beyond = cv2.dilate(ink.astype(np.uint8), np.ones((7, 7), np.uint8)) == 0
    assert cleaned[beyond].max() == 0
    core = cv2.erode(ink.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert np.median(cleaned[core]) > 150


def test_a_strip_without_ink_stays_as_it_is():
    np.testing.assert_array_equal(without_pattern(BARE), BARE)
