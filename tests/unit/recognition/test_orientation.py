"""Pages that lie sideways or upside down are read upright, and nothing else is turned."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from digit_core.imaging.decode import decode_page
from digit_core.imaging.rotation import quarters_of, to_lying
from digit_core.inference.reader import OnnxReader
from digit_core.params import DecodeLimits, ReviewPolicy, SegmentationParams
from digit_core.readings import State
from digit_core.recognition.acceptance import judge
from digit_core.recognition.assembly import to_scan
from digit_core.recognition.legibility import legibility_of
from digit_core.recognition.pipeline import find_digits
from digit_core.records import NOT_A_DIGIT, Box, Grey, NumberString, PageDigits, PageFound, PageImage, PageRef
from digit_core.results.schema import NO_CLEAR_NUMBERS, batch_tables
from digit_core.synthesis.ledger.page import PageStyle, write_page
from digit_core.synthesis.pen import draw_number, make_writer
from digit_core.visualisation.page_overlay import to_png
from tests.support.drawn.forms import DrawnForm, put, turned
from tests.support.results import READ_BY

pytestmark = pytest.mark.slow

PARAMS = SegmentationParams()
LEDGER = PageStyle(rows=9, columns=4, dpi=200, min_digits=2)
FORM = DrawnForm("rain", height=1000, rows=(300, 420, 540, 660, 780, 900))


@pytest.fixture(scope="module")
def reader() -> OnnxReader:
    return OnnxReader()


@pytest.fixture(scope="module")
def ledger() -> Grey:
    return write_page(4, 0, LEDGER).pixels


@pytest.fixture(scope="module")
def found_upright(reader: OnnxReader, ledger: Grey) -> PageDigits:
    return find_digits(PageImage(ledger), PARAMS, reader)


def lying(page: Grey, quarters: int) -> Grey:
    return np.ascontiguousarray(np.rot90(page, -quarters))


def texts(found: PageDigits) -> list[str]:
    return sorted(number.text for number in found.numbers)


def words(lines: int) -> Grey:
    """Printed words, and no number."""
    page = Image.new("L", (1000, 300 + 60 * lines), 238)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(34)
    for line in range(lines):
        pen.text((80, 120 + 60 * line), "rainfall in the months of the year, as sent by the observers of", fill=40, font=font)
    return np.asarray(page)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_that_lies_turned_gives_what_it_gives_upright_where_it_lies(
    reader: OnnxReader, ledger: Grey, found_upright: PageDigits, quarters: int
) -> None:
    scan = lying(ledger, quarters)
    height, width = scan.shape

    found = find_digits(PageImage(scan), PARAMS, reader)

    assert found.skew == pytest.approx(found_upright.skew + 90 * quarters)
    np.testing.assert_array_equal(found.crops, found_upright.crops)
    assert [number.text for number in found.numbers] == [number.text for number in found_upright.numbers]
    for number, same in zip(found.numbers, found_upright.numbers, strict=True):
        assert number.boxes == tuple(to_scan(same.boxes, to_lying(quarters, width, height), width, height))


@pytest.mark.parametrize("degrees", [-2, 88, 183, 272])
def test_a_page_that_lies_turned_and_is_tilted_besides_is_levelled_too(
    reader: OnnxReader, ledger: Grey, found_upright: PageDigits, degrees: int
) -> None:
    quarters = quarters_of(degrees)
    scan = turned(lying(cv2.copyMakeBorder(ledger, 60, 60, 60, 60, cv2.BORDER_REPLICATE), quarters), (degrees + 45) % 90 - 45)[0]

    found = find_digits(PageImage(scan), PARAMS, reader)

    assert quarters_of(found.skew) == quarters
    assert (found.skew - degrees + 180) % 360 - 180 == pytest.approx(found_upright.skew, abs=0.4)
    common = sum(one in texts(found_upright) for one in texts(found))
    assert common >= 0.85 * len(found_upright.numbers)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_two_numbers_are_enough_to_see_how_a_page_lies(reader: OnnxReader, quarters: int) -> None:
    page = np.full((1100, 800), 238, np.uint8)
    for y, text in ((300, "3574"), (700, "2943")):
        put(page, draw_number(text, make_writer(3), 44, np.random.default_rng(0))[0], 250, y)

    found = find_digits(PageImage(lying(page, quarters)), PARAMS, reader)

    assert quarters_of(found.skew) == quarters
    assert texts(found) == ["2943", "3574"]


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_page_of_words_is_left_as_it_lies_and_nothing_on_it_is_accepted(reader: OnnxReader, quarters: int) -> None:
    scan = lying(words(14), quarters)

    found = find_digits(PageImage(scan), PARAMS, reader)

    assert quarters_of(found.skew) == 0
    assert legibility_of((number.seen, len(number.boxes)) for number in found.numbers).none or not found.numbers


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_form_is_found_on_a_page_that_lies_turned_and_its_cells_where_they_lie(reader: OnnxReader, quarters: int) -> None:
    page, layout = FORM.filled({("1", "1"): "358", ("2", "3"): "2947", ("5", "5"): "614"}), FORM.layout()
    expected = {cell_of(one): one for one in find_digits(PageImage(page), PARAMS, reader, [layout]).numbers}
    scan = lying(page, quarters)
    height, width = scan.shape

    found = find_digits(PageImage(scan), PARAMS, reader, [layout])

    assert found.form is not None
    assert found.form.name == "rain"
    assert {where: one.text for where, one in zip(map(cell_of, found.numbers), found.numbers, strict=True)} == {
        where: one.text for where, one in expected.items()
    }
    for one in found.numbers:
        (place,) = to_scan([expected[cell_of(one)].cell.box], to_lying(quarters, width, height), width, height)
        assert one.cell.box == place


@pytest.mark.parametrize("quarters", [1, 3])
def test_a_form_that_lies_sideways_is_known_by_its_rulings_if_hardly_anything_is_written_on_it(
    reader: OnnxReader, quarters: int
) -> None:
    scan = lying(FORM.filled({("2", "2"): "7"}), quarters)

    found = find_digits(PageImage(scan), PARAMS, reader, [FORM.layout()])

    assert found.form is not None
    assert found.form.name == "rain"
    assert quarters_of(found.skew) == quarters
    assert [one.text for one in found.numbers if one.text] == ["7"]


def cell_of(number: NumberString) -> tuple[str, str]:
    assert number.cell is not None
    return number.cell.row, number.cell.column


def test_a_direction_is_better_only_if_more_is_seen_and_clearly_so() -> None:
    upright_, turned_ = legibility_of([(30.0, 2), (48.0, 3), (11.0, 1)]), legibility_of([(9.0, 2), (10.0, 1), (12.0, 1)])

    assert (upright_.all, upright_.clear, upright_.digits) == (41.0, 38.0, 6)
    assert upright_.beats(turned_, by=10)
    assert not turned_.beats(upright_, by=10)
    assert not upright_.beats(upright_, by=0)
    assert not legibility_of([]).none


@pytest.mark.parametrize(("seen", "state", "reason"), [(24.0, State.ACCEPTED, ""), (12.0, State.REVIEW, NO_CLEAR_NUMBERS)])
def test_where_hardly_anything_is_seen_to_be_a_number_nothing_is_accepted(seen: float, state: State, reason: str) -> None:
    numbers = tuple(
        NumberString(line, (Box(5, 40 * line, 9, 20), Box(15, 40 * line, 9, 20)), text="77", seen=seen) for line in (0, 1)
    )
    digits = PageDigits(numbers, np.zeros((4, 28, 28), np.uint8))
    sure = np.full((4, NOT_A_DIGIT + 1), 1e-4, np.float32)
    sure[:, 7] = 0.999

    read = judge(PageFound(PageRef("a.png", "", "ab" * 32), 60, 90, 0.0, digits), sure, ReviewPolicy(audit_share=0))

    assert {one.state for one in read.readings} == {state}
    (row,) = batch_tables([read], READ_BY)["pages"].to_pylist()
    assert row["reason"] == reason


def test_white_writing_on_a_black_page_is_read_like_black_on_white(
    reader: OnnxReader, ledger: Grey, found_upright: PageDigits
) -> None:
    found = find_digits(PageImage(~ledger), PARAMS, reader)

    assert texts(found) == texts(found_upright)


@pytest.mark.parametrize("shape", [(3, 20_000), (20_000, 3)])
def test_a_thread_of_ink_is_read_without_complaint(reader: OnnxReader, shape: tuple[int, int]) -> None:
    thread = np.random.default_rng(0).choice(np.array([30, 235], np.uint8), shape)

    found = find_digits(PageImage(thread), PARAMS, reader)

    assert len(found.crops) == sum(len(number.boxes) for number in found.numbers)


def test_a_blue_number_is_read_under_a_red_ruling(reader: OnnxReader) -> None:
    ink, _ = draw_number("3574", make_writer(3), 44, np.random.default_rng(0))
    page = np.full((500, 700, 3), 238, np.uint8)
    part = page[200 : 200 + ink.shape[0], 250 : 250 + ink.shape[1]]
    part[ink > 100] = (170, 60, 40)  # blue, green, red
    cv2.line(page, (20, 222), (680, 222), (60, 60, 210), 2)

    found = find_digits(decode_page(to_png(page), 0, DecodeLimits()), PARAMS, reader)

    assert texts(found) == ["3574"]
