"""What the ink of a cell is: nothing, dirt, a mark, a tail of the neighbour's, or what nobody could read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digit_core.imaging.prepare import PreparedPage
from digit_core.inference.network_spec import CHARACTERS, NOTHING
from digit_core.recognition.cell_state import cell_state, ink_pieces, is_overwritten, is_struck_out, stroke_width
from digit_core.recognition.detections import Characters
from digit_core.records import CellState, Grey
from digit_core.synthesis.pen import draw_number, make_writer
from tests.support.drawn.forms import put

HEIGHT = 44.0
QUAD = np.array([(100, 100), (260, 100), (260, 200), (100, 200)], np.float64)
NO_MARKS = Characters(np.empty((0, 4), np.float32), np.empty((0, NOTHING + 1), np.float32), np.empty(0, np.float32))


def blank() -> Grey:
    """Ink of a page without any: 0 is paper, 255 is ink."""
    return np.zeros((300, 400), np.uint8)


def state(ink: Grey, marks: Characters = NO_MARKS) -> tuple[CellState, list[int] | None]:
    page = PreparedPage(ink, ink, np.zeros_like(ink), np.eye(2, 3), 0.0)
    found, box, _ = cell_state(page.darkness, page.ink, QUAD, marks, HEIGHT)
    return found, None if box is None else box.astype(int).tolist()


def number(ink: Grey, text: str, x: int = 130, y: int = 125) -> np.ndarray:
    """Writes a number, and returns the boxes of its digits."""
    drawn, boxes = draw_number(text, make_writer(3), HEIGHT, np.random.default_rng(0))
    ink[y : y + drawn.shape[0], x : x + drawn.shape[1]] |= ((drawn > 100) * 255).astype(np.uint8)
    return np.array([(x + b.x, y + b.y, x + b.right, y + b.bottom) for b in boxes], np.float32)


def test_a_cell_without_ink_is_blank() -> None:
    assert state(blank()) == (CellState.BLANK, None)


def test_specks_and_dots_of_a_leader_are_dirt() -> None:
    ink = blank()
    for x in range(115, 250, 20):
        cv2.circle(ink, (x, 150), 3, 255, -1)

    assert state(ink) == (CellState.BLANK, None)


def test_what_is_left_of_a_ruling_at_the_edge_is_no_ink_of_the_cell() -> None:
    ink = blank()
    cv2.line(ink, (100, 102), (260, 102), 255, 3)
    cv2.line(ink, (258, 100), (258, 200), 255, 3)

    assert state(ink) == (CellState.BLANK, None)


def test_the_tail_of_a_neighbour_s_digit_is_no_ink_of_the_cell() -> None:
    ink = blank()
    cv2.line(ink, (180, 60), (170, 122), 255, 5)
    cv2.line(ink, (85, 150), (118, 155), 255, 5)

    assert state(ink) == (CellState.BLANK, None)


@pytest.mark.parametrize("lines", [[(140, 150, 200, 150)], [(140, 150, 200, 158)], [(140, 140, 200, 140), (140, 160, 200, 160)]])
def test_one_or_two_flat_strokes_are_a_dash(lines: list[tuple[int, int, int, int]]) -> None:
    ink = blank()
    for x, y, right, bottom in lines:
        cv2.line(ink, (x, y), (right, bottom), 255, 5)

    assert state(ink) == (CellState.DASH, None)


def test_a_dash_that_the_reader_saw_counts_though_it_is_no_flat_stroke() -> None:
    ink = blank()
    cv2.ellipse(ink, (170, 150), (22, 10), 0, 0, 360, 255, -1)
    probabilities = np.full((1, NOTHING + 1), 0.01, np.float32)
    probabilities[0, CHARACTERS.index("-")] = 0.9
    dash = Characters(np.array([[148, 140, 192, 160]], np.float32), probabilities, np.zeros(1, np.float32))

    assert state(ink)[0] is CellState.ILLEGIBLE
    assert state(ink, dash) == (CellState.DASH, None)


def test_two_short_upright_strokes_are_a_ditto() -> None:
    ink = blank()
    cv2.line(ink, (160, 140), (157, 158), 255, 5)
    cv2.line(ink, (175, 140), (172, 158), 255, 5)

    assert state(ink) == (CellState.DITTO, None)


def test_two_short_strokes_far_apart_or_one_above_the_other_are_no_ditto() -> None:
    apart, stacked = blank(), blank()
    for x in (120, 220):
        cv2.line(apart, (x, 140), (x - 3, 158), 255, 5)
    for y in (125, 160):
        cv2.line(stacked, (170, y), (167, y + 18), 255, 5)

    assert state(apart)[0] is CellState.ILLEGIBLE
    assert state(stacked)[0] is CellState.ILLEGIBLE


def test_ink_that_nobody_read_is_shown_with_a_box_around_all_of_it() -> None:
    ink = blank()
    number(ink, "47")

    found, box = state(ink)

    assert found is CellState.ILLEGIBLE
    rows, columns = np.nonzero(ink)
    assert box == pytest.approx([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], abs=1)


def test_digits_that_are_low_for_their_cell_are_no_dash() -> None:
    ink = blank()
    number(ink, "4", y=130)
    cv2.line(ink, (190, 150), (220, 150), 255, 5)

    assert state(ink)[0] is CellState.ILLEGIBLE


@pytest.mark.parametrize(
    "quad",
    [
        [(-50, -50), (40, -50), (40, 20), (-50, 20)],
        [(380, 280), (500, 280), (500, 400), (380, 400)],
        [(600, 600), (700, 600), (700, 700), (600, 700)],
        [(-90, -90), (-50, -90), (-50, -60), (-90, -60)],
        [(10, 10), (10.2, 10), (10.2, 10.2), (10, 10.2)],
    ],
)
def test_cells_across_and_beyond_the_edge_of_the_page_break_nothing(quad: list[tuple[float, float]]) -> None:
    ink = blank()
    page = PreparedPage(ink, ink, ink, np.eye(2, 3), 0.0)

    assert cell_state(page.darkness, page.ink, np.array(quad, np.float64), NO_MARKS, HEIGHT)[:2] == (CellState.BLANK, None)
    assert ink_pieces(page.ink, np.array(quad, np.float64), HEIGHT).shape == (0, 4)


@pytest.mark.parametrize("rise", [-12, 0, 12])
def test_a_stroke_through_a_number_strikes_it_out(rise: int) -> None:
    ink = blank()
    boxes = number(ink, "4708")
    assert not is_struck_out(ink, boxes)

    left, right = int(boxes[:, 0].min()), int(boxes[:, 2].max())
    cv2.line(ink, (left - 6, 147 + rise // 2), (right + 6, 147 - rise // 2), 255, 5)

    assert is_struck_out(ink, boxes)


@pytest.mark.parametrize("text", ["11", "47", "55", "77", "2222", "4444", "7171", "0000", "5757"])
@pytest.mark.parametrize("hand", [1, 2, 5])
def test_numbers_with_flat_strokes_of_their_own_are_not_struck_out(text: str, hand: int) -> None:
    ink = blank()
    drawn, boxes = draw_number(text, make_writer(hand), HEIGHT, np.random.default_rng(0))
    put(ink := 255 - ink, drawn, 120, 120)
    ink = ((255 - ink) > 90).astype(np.uint8) * 255
    around = np.array([(120 + b.x, 120 + b.y, 120 + b.right, 120 + b.bottom) for b in boxes], np.float32)

    assert not is_struck_out(ink, around)


def test_a_single_digit_is_never_struck_out_as_its_own_stroke_may_be_flat() -> None:
    ink = blank()
    boxes = number(ink, "7")
    cv2.line(ink, (100, 140), (220, 140), 255, 5)

    assert not is_struck_out(ink, boxes)


def test_strokes_are_measured_by_their_width_and_thick_ones_were_written_over() -> None:
    thin, thick = blank(), blank()
    boxes = number(thin, "47")
    number(thick, "47")
    number(thick, "63")
    thick = cv2.dilate(thick, np.ones((5, 5), np.uint8))
    bar = blank()
    cv2.line(bar, (120, 150), (240, 150), 255, 7)

    usual, over = stroke_width(thin, boxes), stroke_width(np.asarray(thick, np.uint8), boxes)

    assert stroke_width(bar, np.array([[110, 130, 250, 170]], np.float32)) == pytest.approx(7, abs=1.5)
    assert is_overwritten(over, usual)
    assert not is_overwritten(usual, usual)
    assert not is_overwritten(usual, 0.0)
