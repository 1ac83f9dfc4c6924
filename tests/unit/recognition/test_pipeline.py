"""A page's story from pixels to readings, and the judgement over what may be published."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from digit_core.inference.reader import OnnxReader
from digit_core.params import ReviewPolicy, SegmentationParams, Writing
from digit_core.readings import State
from digit_core.recognition.acceptance import fused, judge
from digit_core.recognition.assembly import reading_order, to_scan
from digit_core.recognition.pipeline import PageReader, find_digits, find_strip
from digit_core.records import NOT_A_DIGIT, Box, NumberString, PageDigits, PageFound, PageImage, PageRef
from digit_core.synthesis.pen import draw_number, make_writer

PARAMS = SegmentationParams()
REF = PageRef("scans/a.png", "v1", "ab" * 32)
NO_AUDIT = ReviewPolicy(threshold=0.9, audit_share=0.0)


def row(label: int, p: float) -> np.ndarray:
    rest = np.full(11, (1 - p) / 10, np.float32)
    rest[label] = p
    return rest


def found(*numbers: int) -> PageFound:
    strings = tuple(
        NumberString(line, tuple(Box(10 + 20 * i, 40 * line, 15, 30) for i in range(n))) for line, n in enumerate(numbers)
    )
    return PageFound(REF, 600, 400, 300.0, PageDigits(strings, np.zeros((sum(numbers), 28, 28), np.uint8)))


@pytest.fixture(scope="module")
def reader() -> OnnxReader:
    return OnnxReader()


def string(x: int, y: int, h: int = 30) -> NumberString:
    return NumberString(0, (Box(x, y, 20, h),))


def test_sure_digits_are_published_with_their_leading_zeros():
    page = judge(found(3), np.stack([row(0, 0.99), row(0, 0.98), row(7, 0.99)]), NO_AUDIT)

    (reading,) = page.readings
    assert reading.digits == "007"
    assert reading.state is State.ACCEPTED
    assert reading.confidence == pytest.approx(0.99 * 0.98 * 0.99, rel=1e-5)


def test_one_unsure_digit_sends_its_number_to_review_and_says_why():
    page = judge(found(2), np.stack([row(4, 0.99), row(9, 0.6)]), NO_AUDIT)

    (reading,) = page.readings
    assert reading.state is State.REVIEW
    assert [part.reason for part in reading.parts] == ["", "low confidence"]
    assert reading.parts[1].top[0] == (9, pytest.approx(0.6))


def test_what_is_surely_no_digit_is_left_out_of_its_number_but_kept_in_the_record():
    page = judge(found(3), np.stack([row(1, 0.99), row(NOT_A_DIGIT, 0.99), row(5, 0.99)]), NO_AUDIT)

    (reading,) = page.readings
    assert reading.digits == "15"
    assert [part.state for part in reading.parts] == [State.ACCEPTED, State.REJECTED, State.ACCEPTED]


def test_a_word_is_no_number():
    page = judge(found(4, 2), np.stack([row(NOT_A_DIGIT, 0.9)] * 3 + [row(1, 0.9)] + [row(1, 0.95)] * 2), NO_AUDIT)

    assert [reading.digits for reading in page.readings] == ["11"]


def test_what_neither_columns_nor_classifier_see_is_no_number_and_what_one_of_them_clearly_sees_is():
    page, rows = found(1, 1, 1), np.full((3, 11), 1e-5, np.float32)
    rows[:, 4] = (0.9, 0.9999, 0.9)
    rows[:, NOT_A_DIGIT] = (0.09, 1e-5, 0.09)
    seen = (1.0, 1.0, 9.0)
    numbers = tuple(replace(n, seen=s) for n, s in zip(page.digits.numbers, seen, strict=True))

    read = judge(replace(page, digits=replace(page.digits, numbers=numbers)), rows, NO_AUDIT)

    assert [reading.line for reading in read.readings] == [1, 2]


def test_a_strip_holds_a_number_whatever_its_columns_see(reader: OnnxReader):
    ink, _ = draw_number("358", make_writer(3), 40, np.random.default_rng(0))
    strip = 240 - (cv2.copyMakeBorder(ink, 20, 20, 20, 20, cv2.BORDER_CONSTANT) * 0.8).astype(np.uint8)

    assert [number.seen for number in find_strip(PageImage(strip), PARAMS, reader).numbers] == [float("inf")]


def test_a_likely_stranger_asks_whether_it_is_a_digit():
    page = judge(found(3), np.stack([row(1, 0.99), row(5, 0.99), row(NOT_A_DIGIT, 0.7)]), NO_AUDIT)

    assert page.readings[0].parts[2].reason == "not a digit?"


def test_only_the_wanted_kind_of_writing_is_published():
    numbers = tuple(replace(n, printed=p) for n, p in zip(found(1, 1).digits.numbers, (0.9, 0.1), strict=True))
    page = found(1, 1)
    page = replace(page, digits=replace(page.digits, numbers=numbers))
    rows = np.stack([row(1, 0.99), row(2, 0.99)])

    def published(writing: Writing) -> list[str]:
        return [r.digits for r in judge(page, rows, replace(NO_AUDIT, writing=writing)).readings]

    assert published(Writing.ANY) == ["1", "2"]
    assert published(Writing.PRINT) == ["1"]
    assert published(Writing.HAND) == ["2"]


def test_a_number_is_doubted_once_for_its_length_and_not_once_for_each_digit():
    page = found(2)
    doubtful = (replace(page.digits.numbers[0], certainty=0.8),)
    read = judge(replace(page, digits=replace(page.digits, numbers=doubtful)), np.stack([row(4, 0.9), row(9, 0.9)]), NO_AUDIT)

    assert read.readings[0].confidence == pytest.approx(0.9 * 0.9 * 0.8)


def test_the_audit_draws_about_its_share_and_the_same_digits_every_time():
    probabilities = np.stack([row(3, 0.999)] * 4000)
    policy = ReviewPolicy(threshold=0.9, audit_share=0.05)

    first, second = (judge(found(*[4] * 1000), probabilities, policy) for _ in range(2))

    drawn = [part.box for reading in first.readings for part in reading.parts if part.reason == "audit"]
    assert 120 <= len(drawn) <= 290
    assert first == second
    assert all(reading.state is State.ACCEPTED for reading in first.readings)


def test_lines_come_from_top_to_bottom_and_a_line_from_left_to_right():
    strings = [string(300, 104), string(20, 100), string(500, 10), string(20, 210)]

    order = [(line, s.boxes[0].x) for line, s in reading_order(strings)]

    assert order == [(0, 500), (1, 20), (1, 300), (2, 20)]


def test_boxes_of_a_turned_page_stay_inside_the_scan():
    turn = cv2.invertAffineTransform(cv2.getRotationMatrix2D((300, 200), 3, 1))

    (box,) = to_scan([Box(560, 0, 60, 40)], turn, 600, 400)

    assert box.x >= 0
    assert box.y >= 0
    assert box.right <= 600
    assert box.bottom <= 400


def written(text: str, angle: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A ruled page with one number written in its middle, turned about its middle; and where the number then stands."""
    page = np.full((900, 1200), 240, np.uint8)
    for y in range(100, 900, 80):
        cv2.line(page, (50, y), (1150, y), 60, 2)
    ink, _ = draw_number(text, make_writer(3), 46, np.random.default_rng(0))
    h, w = ink.shape
    page[430 : 430 + h, 600 : 600 + w] -= (ink * 0.85).astype(np.uint8)
    turn = cv2.getRotationMatrix2D((600, 450), angle, 1)
    return cv2.warpAffine(page, turn, (1200, 900), borderValue=240), turn @ [600 + w / 2, 430 + h / 2, 1]


def test_boxes_are_in_pixels_of_the_original_scan_also_when_it_was_levelled(reader: OnnxReader):
    page, where = written("358", angle=-2.5)

    digits = find_digits(PageImage(page), PARAMS, reader)

    assert digits.skew == pytest.approx(2.5, abs=0.2)
    (number,) = digits.numbers
    assert Box.around(number.boxes).centre == pytest.approx(tuple(where), abs=5)


class Undecided:
    """A classifier that has no opinion."""

    version = "test"

    def __call__(self, crops: np.ndarray) -> np.ndarray:
        return np.full((len(crops), 11), 1 / 11, np.float32)


def test_a_page_is_read_by_whatever_tells_digits(reader: OnnxReader):
    page, _ = written("358")

    read = PageReader(reader, Undecided(), policy=NO_AUDIT).read(PageImage(page), REF)

    assert [reading.digits for reading in read.readings] == ["358"]


def test_the_classifier_has_its_say_where_the_reader_is_undecided():
    probabilities = np.stack([row(7, 0.9)])
    undecided, against = np.full((1, 11), 1 / 11, np.float32), np.stack([row(1, 0.9)])

    assert fused(probabilities, undecided).argmax() == 7
    assert fused(probabilities, np.stack([row(7, 0.9)]))[0, 7] > fused(probabilities, undecided)[0, 7]
    assert fused(probabilities, against)[0].max() < fused(against, against)[0].max() - 0.02
    assert fused(probabilities, None) is probabilities


def test_digits_of_a_number_whose_length_is_in_doubt_go_to_review_as_touching():
    sure = found(2)
    doubtful = NumberString(0, sure.digits.numbers[0].boxes, certainty=0.6)
    page = judge(
        replace(sure, digits=replace(sure.digits, numbers=(doubtful,))), np.stack([row(4, 0.99), row(9, 0.99)]), NO_AUDIT
    )

    (reading,) = page.readings
    assert reading.state is State.REVIEW
    assert [part.reason for part in reading.parts] == ["touching", "touching"]
    assert reading.parts[0].confidence == pytest.approx(0.99 * 0.6)


@pytest.mark.parametrize("shade", [0, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (400, 3), (1, 20000), (50, 50)])
def test_blank_pages_of_any_shape_hold_no_digits(reader: OnnxReader, shape: tuple[int, int], shade: int):
    image = PageImage(np.full(shape, shade, np.uint8))

    assert find_digits(image, PARAMS, reader).numbers == ()
    assert find_strip(image, PARAMS, reader).numbers == ()


def marked(*texts: str, marks: float = 1.0) -> tuple[PageFound, np.ndarray]:
    """Numbers on lines of their own, found with these texts, and what a sure classifier says of their digits."""
    digits = ["".join(filter(str.isdecimal, text)) for text in texts]
    page = found(*map(len, digits))
    numbers = tuple(replace(n, text=text, marks=marks) for n, text in zip(page.digits.numbers, texts, strict=True))
    rows = np.stack([row(int(digit), 0.99) for digit in "".join(digits)])
    return replace(page, digits=replace(page.digits, numbers=numbers)), rows


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [("-3", "signed", -3.0), ("226,91", "decimal", 226.91), ("18¾", "fraction", 18.75), ("20/1/1944", "date", None)],
)
def test_a_reading_has_its_text_kind_and_value(text: str, kind: str, value: float | None):
    (reading,) = judge(*marked(text), NO_AUDIT).readings

    assert (reading.text, reading.kind, reading.value, reading.state) == (text, kind, value, State.ACCEPTED)


def test_the_confidence_of_a_number_covers_its_marks():
    (reading,) = judge(*marked("22.6", marks=0.95), NO_AUDIT).readings

    assert reading.confidence == pytest.approx(0.99**3 * 0.95, rel=1e-5)
    assert reading.state is State.ACCEPTED


def test_unsure_marks_send_a_number_to_review_however_sure_its_digits_are():
    (reading,) = judge(*marked("22.6", marks=0.5), NO_AUDIT).readings

    assert reading.state is State.REVIEW
    assert {part.reason for part in reading.parts} == {"mark?"}


@pytest.mark.parametrize("text", ["7?2", "19..36", "2.13.4", "35-40"])
def test_what_is_written_like_no_number_goes_to_review(text: str):
    (reading,) = judge(*marked(text), NO_AUDIT).readings

    assert (reading.state, reading.kind, reading.value) == (State.REVIEW, "other", None)


def test_a_comma_that_may_part_thousands_or_decimals_means_what_the_page_s_other_numbers_say():
    alone, beside_decimals, beside_thousands = (
        judge(*marked(*texts), NO_AUDIT).readings[0] for texts in (["1,234"], ["1,234", "22,5"], ["1,234", "3,760,834"])
    )

    assert [one.value for one in (alone, beside_decimals, beside_thousands)] == [None, 1.234, 1234]
    assert alone.state is State.ACCEPTED
