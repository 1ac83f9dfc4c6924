"""Finding a form by its printed rulings, however its scan lies; and refusing pages of another form."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from digit_core.imaging.line_detection import Lines, drawn, line_maps, page_lines
from digit_core.layouts.placement import SURE, Fit
from digit_core.layouts.registration import best_fit, fit
from digit_core.layouts.template import Area, Layout, Zone
from digit_core.records import Grey
from digit_core.synthesis.pen import draw_number, make_writer
from tests.support.drawn.forms import CHANGES, OTHER, PAPER, DrawnForm, Points, curved, moved_points, prepared, put

FORM = DrawnForm()
LAYOUT, OTHER_LAYOUT = FORM.layout(), OTHER.layout()

NEAR = 0.003
"""Of the page's longer side: how far a corner may lie from where it was moved to."""


def corners(layout: Layout) -> Points:
    """All corners of all cells, in pixels of the form: shape (4 n, 2)."""
    sides = [(a.x, a.y, a.x + a.w, a.y + a.h) for a in layout.cells().values()]
    return np.array([point for x, y, right, bottom in sides for point in ((x, y), (right, y), (right, bottom), (x, bottom))])


def found_corners(page: Grey, layout: Layout) -> tuple[Points, Fit]:
    """The same as they were found, in pixels of the scan."""
    ready = prepared(page)
    found = fit(layout, line_maps(ready.darkness))
    on_page = np.concatenate([found.quad(area) for area in layout.cells().values()])
    return moved_points(on_page, ready.to_scan), found


def off(found: Points, expected: Points, page: Grey) -> float:
    """The farthest corner's way, as a share of the page's longer side."""
    return float(np.abs(found - expected).max() / max(page.shape))


def with_writing(page: Grey) -> Grey:
    """Numbers all over the page, across rulings too."""
    rng = np.random.default_rng(5)
    for _ in range(60):
        text = str(rng.integers(1, 9999))
        ink, _ = draw_number(text, make_writer(7), 44, rng)
        put(page, ink, int(rng.integers(0, page.shape[1] - 200)), int(rng.integers(0, page.shape[0] - 80)))
    return page


@pytest.mark.parametrize("change", CHANGES)
def test_a_form_is_found_where_its_scan_has_it(change: str) -> None:
    page, move = CHANGES[change](FORM.blank())

    found, sure = found_corners(page, LAYOUT)

    assert sure.agreement > 0.8
    assert off(found, moved_points(corners(LAYOUT), move), page) < NEAR


def test_a_page_that_was_filled_in_is_found_as_a_blank_one_is() -> None:
    page = with_writing(FORM.blank())

    found, sure = found_corners(page, LAYOUT)

    assert sure.agreement > 0.7
    assert off(found, corners(LAYOUT), page) < NEAR


def test_a_page_that_does_not_lie_flat_is_followed_in_its_curve() -> None:
    page, moved = curved(FORM.blank(), bow=10)

    found, sure = found_corners(page, LAYOUT)

    assert sure.agreement > 0.7
    assert off(found, moved(corners(LAYOUT)), page) < NEAR


def test_a_page_of_another_form_is_refused_by_either() -> None:
    ours, theirs = (line_maps(prepared(with_writing(form.blank())).darkness) for form in (FORM, OTHER))

    assert best_fit([OTHER_LAYOUT], ours) is None
    assert best_fit([LAYOUT], theirs) is None


def even(name: str, rows: tuple[int, int, int], columns: tuple[int, int, int], *heads: int) -> DrawnForm:
    """A grid of nothing but even spacings: first and last edge, and how many; heads: y of rulings above it."""
    ys, xs = (tuple(np.rint(np.linspace(first, last, n + 1)).astype(int).tolist()) for first, last, n in (rows, columns))
    return DrawnForm(name, rows=ys, columns=xs, heads=tuple((columns[0], columns[1], y) for y in heads))


@pytest.mark.parametrize(
    "form", [even("25 rows", (390, 1032, 25), (112, 882, 9), 93, 279), even("60 rows", (200, 1340, 60), (60, 940, 15), 120)]
)
@pytest.mark.parametrize("change", ["turned by 3 degrees", "cropped by 3 %", "shifted by 5 %"])
def test_a_close_even_grid_is_found_in_its_own_rows_and_not_a_row_off(form: DrawnForm, change: str) -> None:
    page, move = CHANGES[change](form.blank())
    layout = form.layout()

    found, sure = found_corners(page, layout)

    assert sure.agreement >= SURE
    assert off(found, moved_points(corners(layout), move), page) < NEAR


@pytest.mark.parametrize(
    ("own", "other"),
    [
        (even("14 rows", (342, 1298, 14), (61, 915, 8), 276), even("18 rows", (351, 1341, 18), (136, 948, 10))),
        (even("11 rows", (343, 1321, 11), (82, 854, 8), 57, 144, 169), even("13 rows", (387, 1289, 13), (86, 947, 11), 120)),
    ],
)
def test_an_even_grid_is_not_found_in_a_part_of_another_one(own: DrawnForm, other: DrawnForm) -> None:
    assert best_fit([own.layout()], line_maps(prepared(other.blank()).darkness)) is None
    assert best_fit([other.layout()], line_maps(prepared(own.blank()).darkness)) is None


def test_a_form_that_would_have_to_be_stretched_is_refused() -> None:
    wide = cv2.resize(FORM.blank(), None, fx=1.12, fy=1.0, interpolation=cv2.INTER_AREA)

    assert best_fit([LAYOUT], line_maps(prepared(np.asarray(wide, np.uint8)).darkness)) is None


def test_of_several_forms_the_one_that_fits_best_is_taken_whatever_their_order() -> None:
    ours, theirs = (line_maps(prepared(form.blank()).darkness) for form in (FORM, OTHER))

    for layouts in ([LAYOUT, OTHER_LAYOUT], [OTHER_LAYOUT, LAYOUT]):
        assert best_fit(layouts, ours).layout is LAYOUT
        assert best_fit(layouts, theirs).layout is OTHER_LAYOUT


def test_of_many_forms_the_right_one_is_found_though_only_some_are_tried_closely() -> None:
    others = [
        DrawnForm(
            f"form {i}", rows=tuple(range(200 + 10 * i, 1300, 70 + 12 * i)), columns=tuple(range(60, 960, 90 + 25 * i))
        ).layout()
        for i in range(6)
    ]

    found = best_fit([*others, LAYOUT, OTHER_LAYOUT], line_maps(prepared(with_writing(FORM.blank())).darkness))

    assert found is not None
    assert found.layout is LAYOUT


@pytest.mark.parametrize("shade", [0, 120, 255])
@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (900, 3), (60, 60), (700, 500)])
def test_blank_pages_of_any_shape_hold_no_form(shape: tuple[int, int], shade: int) -> None:
    maps = line_maps(prepared(np.full(shape, shade, np.uint8)).darkness)

    assert best_fit([LAYOUT, OTHER_LAYOUT], maps) is None
    assert page_lines(maps) == Lines()


def test_a_page_of_writing_without_rulings_holds_no_form() -> None:
    maps = line_maps(prepared(with_writing(np.full((1400, 1000), PAPER, np.uint8))).darkness)

    assert best_fit([LAYOUT, OTHER_LAYOUT], maps) is None


def test_a_black_page_of_noise_holds_no_form() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (700, 500)).astype(np.uint8)

    assert best_fit([LAYOUT], line_maps(noise)) is None


def test_a_layout_without_lines_is_never_found() -> None:
    bare = Layout("bare", 1000, 1400, zones=(Zone("year", Area(10, 10, 100, 50)),))
    maps = line_maps(prepared(FORM.blank()).darkness)

    assert fit(bare, maps).agreement == 0.0
    assert best_fit([bare], maps) is None
    assert best_fit([], maps) is None


@pytest.mark.parametrize("lines", [Lines(horizontal=LAYOUT.lines.horizontal), Lines(vertical=LAYOUT.lines.vertical[:1])])
def test_a_layout_with_lines_of_one_direction_alone_breaks_nothing(lines: Lines) -> None:
    agreement = fit(replace(LAYOUT, lines=lines), line_maps(prepared(FORM.blank()).darkness)).agreement

    assert 0 <= agreement <= 1


def test_places_of_the_page_are_taken_back_to_those_of_the_form() -> None:
    page, _ = curved(FORM.blank(), bow=10)
    _, found = found_corners(page, LAYOUT)

    assert found.to_form(found.to_page(corners(LAYOUT))) == pytest.approx(corners(LAYOUT), abs=0.01)


def test_a_layout_may_be_drawn_in_shares_of_its_page() -> None:
    def share(lines: tuple[tuple[float, float, float, float], ...]) -> tuple[tuple[float, float, float, float], ...]:
        return tuple((a / 1000, b / 1400, c / 1000, d / 1400) for a, b, c, d in lines)

    lines = Lines(share(LAYOUT.lines.horizontal), share(LAYOUT.lines.vertical))
    layout = Layout("shares", 1, 1, zones=(Zone("cell", Area(0.25, 0.3, 0.16, 0.0857142857)),), lines=lines)
    page, move = CHANGES["turned by 3 degrees"](FORM.blank())

    found, sure = found_corners(page, layout)

    assert sure.agreement > 0.8
    assert off(found, moved_points(corners(layout) * (1000, 1400), move), page) < NEAR


def test_rulings_are_found_as_segments_longest_first_from_left_to_right_and_from_top_to_bottom() -> None:
    darkness = np.zeros((1000, 800), np.uint8)
    cv2.line(darkness, (100, 200), (700, 206), 150, 2)
    cv2.line(darkness, (100, 500), (400, 500), 30, 2)  # faint
    cv2.line(darkness, (650, 100), (640, 900), 200, 3)

    lines = page_lines(line_maps(darkness))

    assert np.allclose(lines.horizontal, [(100, 200, 700, 206), (100, 500, 400, 500)], atol=4)
    assert np.allclose(lines.vertical, [(650, 100, 640, 900)], atol=4)


def test_dots_in_a_row_are_a_ruling_and_thick_bars_are_none() -> None:
    darkness = np.zeros((1000, 800), np.uint8)
    for x in range(100, 700, 6):
        cv2.circle(darkness, (x, 300), 1, 180, -1)
    cv2.rectangle(darkness, (100, 600), (700, 625), 180, -1)

    (dotted,) = page_lines(line_maps(darkness)).horizontal

    assert np.allclose(dotted, (100, 300, 697, 300), atol=5)


def test_segments_are_drawn_as_they_were_found() -> None:
    maps = line_maps(prepared(FORM.blank()).darkness)
    lines = page_lines(maps)

    picture = drawn(np.array(lines.horizontal) * maps.scale, maps.across.shape, 5)

    assert cv2.countNonZero(cv2.bitwise_and(picture, maps.across)) > 0.97 * cv2.countNonZero(maps.across)
