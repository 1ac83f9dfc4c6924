"""The ink of one digit by itself, on strokes drawn by hand."""

import cv2
import numpy as np

from digit_core.recognition.digit_segmentation import digit_ink


def canvas() -> np.ndarray:
    return np.zeros((200, 300), np.uint8)


def rows(*boxes: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(boxes, np.float32)


def test_a_neighbour_that_leans_into_the_box_is_left_out():
    page = canvas()
    cv2.line(page, (60, 140), (110, 60), 255, 5)
    cv2.line(page, (100, 140), (150, 60), 255, 5)

    for _, part in digit_ink(page, page, rows((56, 56, 114, 144), (96, 56, 154, 144))):
        count, *_ = cv2.connectedComponents((part > 0).astype(np.uint8))
        assert count == 2  # paper and one stroke


def test_touching_digits_are_cut_at_their_boxes():
    page = canvas()
    cv2.ellipse(page, (80, 100), (20, 30), 0, 0, 360, 255, 5)
    cv2.ellipse(page, (122, 100), (20, 30), 0, 0, 360, 255, 5)

    (left, _), (right, _) = digit_ink(page, page, rows((57, 67, 101, 133), (101, 67, 145, 133)))

    assert left.right == right.x == 101


def test_a_loop_that_reaches_out_above_the_box_belongs_to_its_digit():
    page = canvas()
    cv2.line(page, (80, 60), (80, 140), 255, 5)

    ((box, _),) = digit_ink(page, page, rows((70, 66, 90, 143)))

    assert box.y <= 60


def test_a_box_without_ink_keeps_its_place_and_what_is_there():
    page = np.full((200, 300), 7, np.uint8)

    ((box, part),) = digit_ink(page, canvas(), rows((10, 10, 30, 50)))

    assert (box.x, box.y, box.w, box.h) == (10, 10, 20, 40)
    assert (part == 7).all()


def test_a_box_that_hangs_over_the_edge_is_kept_on_the_page():
    for box, part in digit_ink(canvas(), canvas(), rows((-20, -5, 12, 30), (290, 180, 330, 240), (400, 300, 420, 330))):
        assert 0 <= box.x < box.right <= 300
        assert 0 <= box.y < box.bottom <= 200
        assert part.shape == (box.h, box.w)
