"""Each step that makes a page ready, on pages drawn by hand."""

import time

import cv2
import numpy as np
import pytest

from digit_core.imaging.background import estimate_paper, flatten
from digit_core.imaging.prepare import (
    binarise,
    estimate_skew,
    find_rulings,
    ink_level,
    is_negative,
    lift_rulings,
    prepare,
    rotate,
)
from digit_core.imaging.prepare_strip import prepare_strip
from digit_core.params import SegmentationParams

PARAMS = SegmentationParams()


def flat(page: np.ndarray) -> np.ndarray:
    return flatten(page, estimate_paper(page, reach=1 / 24, blurred=False))


def inked(page: np.ndarray) -> np.ndarray:
    return binarise(flat(page), ink_level(flat(page), PARAMS))


def blank(height: int = 600, width: int = 800, shade: int = 235) -> np.ndarray:
    return np.full((height, width), shade, np.uint8)


def ruled_page(angle: float = 0.0) -> np.ndarray:
    page = blank()
    for y in range(60, 560, 50):
        cv2.line(page, (40, y), (760, y), 40, 2)
        for x in range(60, 740, 60):
            cv2.putText(page, "17", (x, y - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 30, 2)
    turn = cv2.getRotationMatrix2D((400, 300), -angle, 1)
    return cv2.warpAffine(page, turn, (800, 600), borderValue=235)


def test_a_shadow_over_half_the_page_does_not_hide_or_invent_ink():
    page = blank()
    shadow = np.linspace(1.0, 0.45, 800)
    cv2.putText(page, "4", (100, 300), cv2.FONT_HERSHEY_SIMPLEX, 2, 60, 4)
    cv2.putText(page, "7", (650, 300), cv2.FONT_HERSHEY_SIMPLEX, 2, 60, 4)
    page = (page * shadow).astype(np.uint8)

    ink = inked(page)

    assert ink[240:310, 90:160].any()
    assert ink[240:310, 640:710].any()
    assert not ink[:200].any()


def test_the_papers_brightness_under_a_number_is_that_of_the_light():
    light = np.tile(np.linspace(140, 240, 400), (60, 1)).astype(np.uint8)
    written = light.copy()
    cv2.putText(written, "2047", (120, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 30, 3)

    paper = cv2.resize(estimate_paper(written, reach=0.6, blurred=True), (400, 60), interpolation=cv2.INTER_LINEAR)

    assert np.abs(paper[:, 40:-40].astype(int) - light[:, 40:-40]).max() <= 14


def test_a_shadow_with_a_sharp_edge_leaves_no_edge_and_no_ink_behind():
    page = blank()
    cv2.putText(page, "4711", (320, 300), cv2.FONT_HERSHEY_SIMPLEX, 2, 60, 4)
    light = np.where(np.arange(800) < 400, 0.3, 1.0)

    darkness = flat((page * light).astype(np.uint8))

    writing = slice(240, 320), slice(300, 500)
    without = darkness.copy()
    without[writing] = 0
    assert np.percentile(without, 99.5) < 30
    assert without.max() < 80  # a column of pixels is half in the light
    assert inked((page * light).astype(np.uint8))[writing].any()


def test_a_dark_surround_is_cut_off_and_points_find_their_way_back():
    picture = np.full((900, 1400), 12, np.uint8)
    picture[150:750, 300:1100] = ruled_page()

    page, alone = prepare(picture, PARAMS), prepare(ruled_page(), PARAMS)

    assert page.ink.shape == pytest.approx(alone.ink.shape, abs=12)
    assert cv2.countNonZero(page.ink) == pytest.approx(cv2.countNonZero(alone.ink), rel=0.05)
    y, x = (int(v.mean()) for v in np.nonzero(page.ink))
    np.testing.assert_allclose(
        page.to_scan @ [x, y, 1], np.array([300, 150]) + [v.mean() for v in np.nonzero(alone.ink)][::-1], atol=5
    )


def test_black_bars_beside_a_page_cost_no_more_time_than_paper_there():
    page = cv2.resize(ruled_page(), (1600, 1200))
    bars = np.zeros((1200, 1400), np.uint8)

    started = time.process_time()
    prepare(np.hstack([bars, page, bars]), PARAMS)

    assert time.process_time() - started < 2


def test_black_over_all_of_a_page_costs_no_more_time_than_writing():
    ink = np.full((1200, 3000), 255, np.uint8)
    ink[:, 1200:1800] = 0

    started = time.process_time()
    lift_rulings(ink, *find_rulings(ink, PARAMS))

    assert time.process_time() - started < 2


def test_a_negative_is_turned_into_dark_ink_on_light_paper():
    page = ruled_page()

    assert is_negative(255 - page)
    assert not is_negative(page)
    np.testing.assert_array_equal(prepare(255 - page, PARAMS).ink, prepare(page, PARAMS).ink)


@pytest.mark.parametrize("angle", [-3.0, -1.0, 0.0, 0.8, 2.5])
def test_the_tilt_of_a_page_is_found_to_a_fifth_of_a_degree(angle: float):
    darkness = flat(ruled_page(angle))

    assert estimate_skew(darkness, limit=6) == pytest.approx(angle, abs=0.2)


def test_a_blank_page_has_no_tilt():
    assert estimate_skew(np.zeros((600, 800), np.uint8), limit=6) == 0.0


def test_a_turned_page_is_levelled_and_its_points_find_their_way_back():
    darkness = flat(ruled_page(2.0))

    level, to_scan = rotate(darkness, 2.0)

    assert estimate_skew(level, limit=6) == pytest.approx(0, abs=0.2)
    middle = np.array([level.shape[1] / 2, level.shape[0] / 2, 1])
    np.testing.assert_allclose(to_scan @ middle, [400, 300], atol=1.0)


def test_paper_noise_is_not_taken_for_ink():
    noisy = np.clip(np.random.default_rng(3).normal(228, 7, (600, 800)), 0, 255).astype(np.uint8)

    ink = inked(noisy)

    assert (ink > 0).mean() < 0.001


def test_long_straight_runs_are_rulings_and_the_strokes_of_digits_are_not():
    ink = np.zeros((400, 600), np.uint8)
    ink[200:203, 20:580] = 255
    ink[20:380, 300:303] = 255
    cv2.putText(ink, "7", (100, 150), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 255, 3)

    rulings_h, rulings_v = find_rulings(ink, PARAMS)

    assert rulings_h[201, 30:290].all()
    assert rulings_v[30:190, 301].all()
    assert not rulings_h[100:160, 90:140].any()
    assert not rulings_v[100:160, 90:140].any()


def test_a_dotted_ruling_is_a_ruling():
    ink = np.zeros((100, 600), np.uint8)
    for x in range(20, 580, 8):
        ink[50:53, x : x + 4] = 255

    rulings_h, _ = find_rulings(ink, PARAMS)

    assert (rulings_h[50:53, 60:540] > 0).sum() == (ink[50:53, 60:540] > 0).sum()


def test_lifting_a_ruling_leaves_the_stroke_that_crosses_it_whole():
    ink = np.zeros((200, 400), np.uint8)
    ink[100:103, :] = 255
    ink[70:130, 200:206] = 255

    rulings = find_rulings(ink, PARAMS)
    lifted = lift_rulings(ink, *rulings)

    assert lifted[70:130, 201:205].all()
    assert not lifted[100:103, 20:180].any()


def test_a_strip_is_enlarged_and_its_boxes_map_back():
    strip = blank(20, 60)
    cv2.line(strip, (30, 3), (30, 16), 30, 2)

    page = prepare_strip(strip, PARAMS)

    assert page.ink.shape[0] >= 60
    y, x = (int(v.mean()) for v in np.nonzero(page.ink))
    np.testing.assert_allclose(page.to_scan @ [x, y, 1], [30, 9.5], atol=1.0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (3, 40), (40, 3), (2, 2)])
def test_pages_of_odd_shapes_are_prepared_without_complaint(shape: tuple[int, int]):
    for image in (np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8)):
        assert prepare(image, PARAMS).ink.size > 0
        assert prepare_strip(image, PARAMS).ink.size > 0
