"""When the second reader is asked, what it is shown, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from digit_core.errors import InputError
from digit_core.imaging.line_detection import line_maps
from digit_core.imaging.prepare import Original, PreparedPage, prepare
from digit_core.imaging.prepare_strip import prepare_strip
from digit_core.inference.network_spec import CLASSES
from digit_core.inference.reader import Columns, OnnxReader
from digit_core.params import AskWhen, SecondOpinion, SegmentationParams
from digit_core.recognition.numbers import find_numbers, with_second
from digit_core.recognition.pipeline import find_digits
from digit_core.recognition.transcription.second_opinion import Second, strip_of_scan
from digit_core.records import Grey, PageImage
from digit_core.synthesis.pen import draw_number, make_writer

PARAMS = SegmentationParams()


@dataclass
class Says:
    """A second reader that reads the same text in every strip, and remembers what it was shown."""

    text: str
    shown: list[Grey] = field(default_factory=list)

    def read(self, strips: Sequence[Grey]) -> list[Columns]:
        self.shown += strips
        return [self._columns() for _ in strips]

    def _columns(self) -> Columns:
        columns = np.full((2 * len(self.text) + 1, CLASSES), 1e-6)
        columns[:, 0] = 1
        for i, digit in enumerate(self.text):
            columns[2 * i + 1, [0, int(digit) + 1]] = 1e-6, 1
        return columns / columns.sum(axis=1, keepdims=True)


def page_with(*numbers: str) -> Grey:
    page = np.full((400, 600), 235, np.uint8)
    for row, digits in enumerate(numbers):
        ink, _ = draw_number(digits, make_writer(row), 40, np.random.default_rng(row))
        part = page[40 + 90 * row :, 60:][: ink.shape[0], : ink.shape[1]]
        part -= (ink * 0.8).astype(np.uint8)
    return page


@pytest.mark.parametrize(("when", "asked"), [(AskWhen.ALWAYS, [0, 1, 2]), (AskWhen.NEVER, []), (AskWhen.WHEN_UNSURE, [0, 2])])
def test_it_is_asked_where_the_setting_says_so(when: AskWhen, asked: list[int]) -> None:
    assert SecondOpinion(when, 0.99).asked([0.95, 0.999, 0.2]) == asked


def test_of_a_page_of_unsure_numbers_it_is_asked_about_a_share_that_is_nearest_to_being_sure() -> None:
    opinion = SecondOpinion(level=0.9, share=0.5, few=1)

    assert opinion.asked([0.1, 0.8, 0.95, 0.7, 0.3, 0.99]) == [1, 3, 4]
    assert SecondOpinion(level=0.9, share=0.0, few=2).asked([0.1, 0.8, 0.7]) == [1, 2]


def test_it_is_asked_about_a_sure_number_that_may_be_part_of_a_longer_one() -> None:
    opinion = SecondOpinion(level=0.9, share=0.0, few=1)

    assert opinion.asked([0.95, 0.99, 0.5, 0.6], lambda index: index in (1, 2)) == [1, 3]


def test_on_a_page_without_a_layout_numbers_are_free_and_such_a_letter_makes_one_ask() -> None:
    grey, says = page_with("358"), Says("358")
    cv2.putText(grey, "E", (172, 88), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 60, 4)

    find_digits(PageImage(grey), PARAMS, OnnxReader(), second=Second(says, SecondOpinion(level=0.0, few=0)))

    assert len(says.shown) == 1


@pytest.mark.parametrize(
    ("left", "free", "asked"),
    [(172, True, 1), (172, False, 0), (240, True, 0)],
    ids=["close", "close, in a cell", "far"],
)
def test_a_letter_close_behind_a_sure_number_makes_one_ask(left: int, free: bool, asked: int) -> None:
    grey = page_with("358")
    cv2.putText(grey, "E", (left, 88), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 60, 4)
    page, says = prepare(grey, PARAMS), Says("358")
    numbers = [one for one in find_numbers(page, line_maps(page.darkness), OnnxReader(), PARAMS) if one.text == "358"]
    assert len(numbers) == 1

    with_second(page, numbers, Second(says, SecondOpinion(level=0.0, few=0)), free=free)

    assert len(says.shown) == asked


@pytest.mark.parametrize("level", [-0.1, 1.1, float("nan")])
def test_a_level_that_is_no_confidence_is_refused(level: float) -> None:
    with pytest.raises(InputError, match="level"):
        SecondOpinion(level=level)


def test_every_number_of_a_page_is_shown_to_it_when_it_is_always_asked() -> None:
    page, says = prepare(page_with("358", "4127"), PARAMS), Says("358")
    numbers = find_numbers(page, line_maps(page.darkness), OnnxReader(), PARAMS)

    heard = with_second(page, numbers, Second(says, SecondOpinion(AskWhen.ALWAYS)))

    assert len(heard) == len(says.shown) == len(numbers) == 2
    assert [one.second for one in heard] == ["358", "358"]


def test_it_is_not_asked_about_what_is_hardly_seen_as_a_number() -> None:
    page, says = prepare(page_with("358"), PARAMS), Says("358")
    numbers = find_numbers(page, line_maps(page.darkness), OnnxReader(), PARAMS)

    heard = with_second(page, numbers, Second(says, SecondOpinion(AskWhen.ALWAYS)), least_seen=1e6)

    assert not says.shown
    assert [one.second for one in heard] == [None]


def test_without_it_numbers_stay_as_they_are() -> None:
    page = prepare(page_with("358"), PARAMS)
    numbers = find_numbers(page, line_maps(page.darkness), OnnxReader(), PARAMS)

    assert with_second(page, numbers, None) == numbers


def test_a_reader_that_differs_makes_a_number_less_sure_and_one_that_agrees_surer() -> None:
    page = prepare(page_with("358"), PARAMS)
    numbers = find_numbers(page, line_maps(page.darkness), OnnxReader(), PARAMS)

    agreed, differing = (
        with_second(page, numbers, Second(Says(text), SecondOpinion(AskWhen.ALWAYS)))[0] for text in ("358", "958")
    )

    assert agreed.confidence > differing.confidence


def test_it_is_shown_the_scan_s_own_grey_around_the_digits() -> None:
    scan = np.random.default_rng(0).integers(90, 250, (100, 200)).astype(np.uint8)
    page = prepare_strip(scan, PARAMS)
    boxes = np.array([[80, 40, 90, 60], [95, 40, 105, 60]], np.float32)

    shown = strip_of_scan(page, boxes)

    assert np.array_equal(shown, scan[35:65, 64:121])


def test_on_a_levelled_page_it_is_shown_level_grey() -> None:
    level = page_with("358", "4127")
    turn = cv2.getRotationMatrix2D((300, 200), 4.0, 1.0)
    scan = cv2.warpAffine(level, turn, (600, 400), borderValue=235)
    page = PreparedPage(~level, ~level, ~level, np.eye(2, 3), 4.0, Original(scan, turn.astype(np.float64)))

    shown = strip_of_scan(page, np.array([[60, 40, 160, 80]], np.float32))

    own = level[30:90, 28:192]
    assert shown.shape == own.shape
    assert np.abs(shown.astype(int) - own).mean() < 8


@pytest.mark.parametrize("box", [(0, 0, 5, 5), (595, 395, 600, 400), (-40, -10, -5, -1), (700, 500, 720, 540)])
def test_boxes_at_and_beyond_the_edges_show_something(box: tuple[int, int, int, int]) -> None:
    page = prepare(page_with("358"), PARAMS)

    assert strip_of_scan(page, np.array([box], np.float32)).size > 0
