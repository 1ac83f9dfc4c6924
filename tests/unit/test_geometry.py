"""Boxes held against each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digit_core.geometry import covered, inside, intersection, iou
from digit_core.records import Box

boxes = st.builds(Box, st.integers(0, 50), st.integers(0, 50), st.integers(1, 40), st.integers(1, 40))


@given(boxes, boxes)
def test_iou_is_a_share_the_same_both_ways_and_whole_for_the_same_box(one, other):
    assert 0 <= iou(one, other) <= 1
    assert iou(one, other) == iou(other, one)
    assert iou(one, one) == 1


@given(boxes, boxes)
def test_the_common_area_is_the_count_of_the_pixels_in_both(one, other):
    def pixels(box):
        return {(x, y) for x in range(box.x, box.right) for y in range(box.y, box.bottom)}

    assert intersection(one, other) == len(pixels(one) & pixels(other))


def test_boxes_that_touch_have_nothing_in_common():
    assert intersection(Box(0, 0, 5, 5), Box(5, 0, 5, 5)) == 0


def test_a_box_is_covered_by_the_share_of_its_own_area():
    assert covered(Box(0, 0, 10, 10), by=Box(5, 0, 100, 100)) == pytest.approx(0.5)
    assert covered(Box(5, 0, 100, 100), by=Box(0, 0, 10, 10)) == pytest.approx(0.005)


def test_the_left_and_upper_edges_belong_to_a_box_and_the_others_do_not():
    box = Box(2, 3, 4, 5)

    assert inside((2, 3), box)
    assert not inside((6, 3), box)
    assert not inside((2, 8), box)
