"""Ink beside a number that may be its decimal point leaves doubt about its marks, and nothing else does."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from digit_core.imaging.prepare import PreparedPage
from digit_core.recognition.transcription.fusion import FoundNumber
from digit_core.recognition.transcription.loose_points import doubted

TOP, FOOT, HEIGHT = 40, 70, 30
LEFTS = (100, 130)


def page(*points: tuple[int, int]) -> PreparedPage:
    """Two digits as bars, and round points with these middles."""
    darkness = np.zeros((120, 260), np.uint8)
    for left in LEFTS:
        darkness[TOP:FOOT, left : left + 18] = 200
    for x, y in points:
        cv2.circle(darkness, (x, y), 2, 190, -1)
    bare = np.zeros_like(darkness)
    return PreparedPage(darkness, bare, bare, np.eye(2, 3), 0.0)


NUMBER = FoundNumber(
    np.array([(left, TOP, left + 18, FOOT) for left in LEFTS], np.float32),
    np.full((2, 11), 1 / 11, np.float32),
    1.0,
    0.0,
    "45",
    9.0,
)


@pytest.mark.parametrize("point", [(92, 68), (90, 52), (124, 70), (158, 66), (74, 60)])
def test_a_point_before_between_or_behind_the_digits_leaves_doubt(point: tuple[int, int]) -> None:
    assert doubted(page(point), NUMBER).marks == 0.5


@pytest.mark.parametrize("points", [(), ((92, 20),), ((40, 60),), ((92, 96),), tuple((x, 72) for x in range(72, 100, 7))])
def test_specks_elsewhere_and_dotted_rulings_leave_none(points: tuple[tuple[int, int], ...]) -> None:
    assert doubted(page(*points), NUMBER).marks == 1.0


def test_the_stroke_of_a_neighbour_is_no_point() -> None:
    beside = page()
    beside.darkness[50:54, 0:95] = 190

    assert doubted(beside, NUMBER).marks == 1.0


def test_a_number_written_with_its_point_is_not_asked_again() -> None:
    assert doubted(page((92, 68)), replace(NUMBER, text=".45")).marks == 1.0


def test_on_blank_paper_at_the_edge_of_the_page_nothing_fails() -> None:
    at_edge = replace(NUMBER, boxes=np.array([(0, 0, 18, 30), (242, 90, 260, 120)], np.float32))

    assert doubted(page(), at_edge).marks == 1.0
