"""A photographed page is drawn straight by its four edges; a flat one, and one whose edges are not plain, stays as it is."""

import cv2
import numpy as np
import pytest

from digit_core.imaging.page_outline import find_outlines
from tests.support.drawn.forms import DrawnForm, turned
from tests.support.drawn.photos import curled, photographed

FORM = DrawnForm()
PAGE = FORM.blank()
MARKS = np.array([(x, y) for x in (90, 500, 900) for y in (300, 700, 1260)], np.float64)
NEAR = 14.0
"""Pixels by which a mark may lie off, of 1000: the outermost edge of the paper is left out."""


def places_of_marks(to_picture, outline) -> np.ndarray:
    """Where the marks of the page lie on the straight one, in pixels of the page."""
    width, height = outline.size
    grid = np.array([(x, y) for y in np.linspace(0, height, 401) for x in np.linspace(0, width, 401)])
    on_picture = outline.to_picture(grid)
    nearest = [np.linalg.norm(on_picture - mark, axis=1).argmin() for mark in to_picture(MARKS)]
    return grid[nearest] * (FORM.width / width, FORM.height / height)


@pytest.mark.parametrize("share", [0.03, 0.06, 0.1, 0.2])
def test_a_page_seen_at_an_angle_is_drawn_straight(share: float) -> None:
    picture, to_picture = photographed(PAGE, share)

    outlines = find_outlines(picture)

    assert outlines
    assert not outlines[0].bends.any()
    assert np.abs(places_of_marks(to_picture, outlines[0]) - MARKS).max() < NEAR


@pytest.mark.parametrize("rise", [0.015, 0.03, 0.05])
def test_a_curled_page_is_drawn_straight(rise: float) -> None:
    picture, to_picture = curled(PAGE, rise)

    outlines = find_outlines(picture)

    assert outlines
    assert outlines[0].bends.any()
    assert np.abs(places_of_marks(to_picture, outlines[0]) - MARKS).max() < NEAR


def test_the_straight_picture_shows_what_lies_at_its_places_on_the_scan() -> None:
    for picture, _ in (photographed(PAGE, 0.08), curled(PAGE, 0.03)):
        outline = find_outlines(picture)[0]

        straight = outline.straightened(picture)

        assert straight.shape == outline.size[::-1]
        places = np.random.default_rng(1).uniform(20, np.array(outline.size) - 20, (400, 2)).round()
        x, y = outline.to_picture(places).astype(np.float32).T
        expected = cv2.remap(picture, x, y, cv2.INTER_LINEAR).ravel().astype(int)
        shown = straight[places[:, 1].astype(int), places[:, 0].astype(int)].astype(int)
        assert np.mean(np.abs(shown - expected) <= 12) > 0.98


def test_both_lengths_of_the_page_are_offered_where_its_edges_leave_them_open() -> None:
    picture, _ = photographed(PAGE, 0.1)

    mean, most = find_outlines(picture)

    assert mean.size[0] / mean.size[1] == pytest.approx(0.95 * FORM.width / FORM.height, rel=0.015)
    assert most.size[0] / most.size[1] == pytest.approx(FORM.width / FORM.height, rel=0.015)


@pytest.mark.parametrize("degrees", [0, 2, 4])
def test_a_flat_page_in_a_dark_surround_is_left_as_it_is(degrees: float) -> None:
    framed = cv2.copyMakeBorder(PAGE, 150, 150, 150, 150, cv2.BORDER_CONSTANT, value=30)
    height, width = framed.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    picture = cv2.warpAffine(framed, turn, (width, height), borderValue=30)

    assert find_outlines(picture) == ()


def test_a_page_that_fills_its_picture_has_no_outline() -> None:
    assert find_outlines(PAGE) == ()
    assert find_outlines(turned(PAGE, 3)[0]) == ()


def test_a_page_that_leaves_its_picture_on_one_side_has_no_outline() -> None:
    picture, _ = photographed(PAGE, 0.1)

    assert find_outlines(np.ascontiguousarray(picture[:, 130:])) == ()


def test_a_torn_edge_is_no_bent_one() -> None:
    page = photographed(PAGE, 0.0)[0]
    step = np.random.default_rng(2).integers(0, 70, 40).repeat(30)
    for row, torn in enumerate(step[: page.shape[0]]):
        page[row, : 75 + torn] = 40

    assert find_outlines(page) == ()
