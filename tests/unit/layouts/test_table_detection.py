"""Tables found by their own rulings, and rulings that pass for a 1."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from digit_core.imaging.line_detection import line_maps
from digit_core.inference.network_spec import NOTHING
from digit_core.layouts.tables import detection
from digit_core.layouts.tables.detection import ruled_tables
from digit_core.layouts.template import Area, Grid
from digit_core.recognition.detections import Characters
from digit_core.recognition.ruling_filter import beside_edges, not_rulings
from digit_core.records import Grey
from digit_core.synthesis.pen import draw_number, make_writer
from tests.support.drawn.forms import OTHER, PAPER, PRINT, DrawnForm, prepared, write_in

FORM = DrawnForm()


def tables(page: Grey) -> tuple[Grid, ...]:
    return ruled_tables(line_maps(prepared(page).darkness))


def test_a_ruled_table_is_found_with_its_rows_and_columns_numbered_from_one() -> None:
    (table,) = tables(FORM.blank())

    assert table.name == "table1"
    assert table.rows.names == ("1", "2", "3", "4", "5", "6", "7", "8")
    assert table.columns.names == ("1", "2", "3", "4", "5")
    assert table.rows.edges == pytest.approx(FORM.rows, abs=3)
    assert table.columns.edges == pytest.approx(FORM.columns, abs=3)


def test_a_table_full_of_numbers_is_the_same_table() -> None:
    numbers = {(str(row), str(column)): str(1111 * ((row * column) % 9 + 1)) for row in range(1, 9) for column in range(1, 6)}

    (table,) = tables(FORM.filled(numbers))

    assert table.rows.edges == pytest.approx(FORM.rows, abs=3)
    assert table.columns.edges == pytest.approx(FORM.columns, abs=3)


def test_a_double_line_is_one_edge() -> None:
    page = FORM.blank()
    cv2.line(page, (90, 667), (900, 667), PRINT, 2)
    cv2.line(page, (577, 300), (577, 1260), PRINT, 2)

    (table,) = tables(page)

    assert (len(table.rows.names), len(table.columns.names)) == (8, 5)


def test_dotted_rulings_are_edges_too() -> None:
    page = FORM.blank()
    for x in range(90, 900, 6):
        cv2.circle(page, (x, 840), 1, 60, -1)

    (table,) = tables(page)

    assert len(table.rows.names) == 9
    assert np.abs(np.array(table.rows.edges) - 840).min() < 3


def test_two_tables_are_told_apart_and_come_in_reading_order() -> None:
    page = np.full((1400, 1000), PAPER, np.uint8)
    for top, left in ((900, 100), (200, 300)):
        for i in range(5):
            cv2.line(page, (left, top + 80 * i), (left + 480, top + 80 * i), PRINT, 2)
            cv2.line(page, (left + 120 * i, top), (left + 120 * i, top + 320), PRINT, 2)

    first, second = tables(page)

    assert (first.name, first.rows.edges[0], first.columns.edges[0]) == (
        "table1",
        pytest.approx(200, abs=3),
        pytest.approx(300, abs=3),
    )
    assert (second.name, second.rows.edges[0]) == ("table2", pytest.approx(900, abs=3))


def test_rows_of_print_between_rulings_are_no_rulings() -> None:
    page = FORM.blank()
    for y in range(340, 1260, 120):
        for column in range(5):
            cv2.putText(page, "HIEHIEHI", (100 + 160 * column, y + 40), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 40, 2)

    (table,) = tables(page)

    assert table.rows.edges == pytest.approx(FORM.rows, abs=3)


def test_lines_that_do_not_cross_make_no_table() -> None:
    page = np.full((1400, 1000), PAPER, np.uint8)
    for y in range(100, 1300, 60):
        cv2.line(page, (80, y), (920, y), PRINT, 2)

    assert tables(page) == ()


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (700, 500)])
def test_a_blank_page_has_no_table(shape: tuple[int, int]) -> None:
    assert tables(np.full(shape, PAPER, np.uint8)) == ()


def test_a_form_of_another_kind_gives_another_table() -> None:
    (table,) = tables(OTHER.blank())

    assert table.rows.edges == pytest.approx(OTHER.rows, abs=3)
    assert table.columns.edges == pytest.approx(OTHER.columns, abs=3)


def ones(*boxes: tuple[float, float, float, float]) -> Characters:
    """Characters that the reader takes for a 1, at these places."""
    probabilities = np.full((len(boxes), NOTHING + 1), 0.001, np.float32)
    probabilities[:, 1] = 0.99
    return Characters(np.array(boxes, np.float32).reshape(-1, 4), probabilities, np.zeros(len(boxes), np.float32))


def left_of(page: Grey, *boxes: tuple[float, float, float, float]) -> int:
    darkness = 255 - page
    return len(not_rulings(ones(*boxes), darkness, line_maps(darkness)))


def white() -> Grey:
    return np.full((1400, 1000), 255, np.uint8)


def test_a_piece_of_a_long_ruling_is_no_one() -> None:
    page = white()
    cv2.line(page, (500, 100), (500, 1300), 60, 3)

    assert left_of(page, (496, 600, 505, 644)) == 0


def test_a_piece_of_a_dashed_ruling_is_no_one() -> None:
    page = white()
    for y in range(100, 1300, 50):
        cv2.line(page, (500, y), (500, y + 42), 60, 3)

    assert left_of(page, (497, 600, 504, 642)) == 0


@pytest.mark.parametrize("hand", range(1, 9))
def test_a_pen_s_one_stays_though_it_stands_in_a_column_of_ones(hand: int) -> None:
    page, rng = white(), np.random.default_rng(hand)
    boxes = []
    for row in range(12):
        ink, (box,) = draw_number("1", make_writer(hand), 44, rng)
        y, x = 200 + 80 * row, 500 + int(rng.integers(-8, 8))
        page[y : y + ink.shape[0], x : x + ink.shape[1]] -= ink
        boxes.append((x + box.x, y + box.y, x + box.right, y + box.bottom))

    assert left_of(page, *boxes) == 12


def test_a_broad_digit_across_a_ruling_stays() -> None:
    page = white()
    cv2.line(page, (500, 100), (500, 1300), 60, 3)

    assert left_of(page, (480, 600, 520, 644)) == 1


def test_ones_at_the_edge_of_the_page_break_nothing() -> None:
    assert left_of(white(), (-5, -5, 1, 30), (990, 1380, 1010, 1420)) == 2


def test_nothing_found_stays_nothing() -> None:
    assert left_of(white()) == 0


def test_the_ruling_at_the_side_of_a_cell_is_no_one_however_short_and_a_pen_s_one_in_its_middle_is() -> None:
    page = white()
    cv2.line(page, (300, 600), (300, 640), 60, 3)
    write_in(page, Area(380, 580, 40, 80), "1")
    found = ones((297, 600, 304, 641), (385, 595, 412, 645))

    at_edge = beside_edges(found, 255 - page, np.array([[300.0, 500.0], [300.0, 500.0]]))

    assert at_edge.tolist() == [True, False]


def test_connected_rulings_are_those_that_a_graph_library_connects():
    rng = np.random.default_rng(4)
    for _ in range(200):
        cross = rng.random(rng.integers(1, 9, 2)) < rng.uniform(0.05, 0.5)
        graph = np.zeros((sum(cross.shape),) * 2, bool)
        graph[: len(cross), len(cross) :] = cross
        _, labels = connected_components(graph, directed=False)

        rows, columns = detection._connected(cross)

        together = np.concatenate([rows, columns])
        linked = np.concatenate([cross.any(axis=1), cross.any(axis=0)])
        same = together[:, None] == together
        assert (same == (labels[:, None] == labels))[np.ix_(linked, linked)].all()
