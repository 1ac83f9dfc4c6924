"""Pictures: the right colour in the right place, and no input that breaks them."""

import cv2
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digit_core.imaging.rotation import to_lying
from digit_core.readings import DigitReading, PageRead, ReadBy, Reading, State
from digit_core.recognition.assembly import to_scan
from digit_core.records import NOT_A_DIGIT, Box, PageRef
from digit_core.results.schema import batch_tables
from digit_core.visualisation.page_overlay import COLOURS, contact_sheet, overlay, picture_file, to_png


def paper(height=300, width=400):
    return np.full((height, width), 255, np.uint8)


def tables_with(*digits):
    """Tables of a page with one number a digit, each given as (box, state, label, probability)."""
    readings = []
    for box, state, label, probability in digits:
        part = DigitReading(box, ((label, probability), (1, 0.0), (2, 0.0)), state, "unsure" if state == State.REVIEW else "")
        readings.append(Reading(0, box, part.digit, probability, state, (part,)))
    page = PageRead(PageRef("/p.png", "v", "0" * 64), 400, 300, 300.0, 0.0, tuple(readings))
    tables = batch_tables([page], ReadBy("1", "1", "", "p", "r"))
    return tables["numbers"], tables["digits"]


def has(image, state):
    return bool((image == np.array(COLOURS[state])).all(axis=2).any())


@pytest.mark.parametrize("state", list(State))
def test_a_digit_s_box_has_the_colour_of_its_state(state):
    drawn = overlay(paper(), *tables_with((Box(100, 100, 30, 50), state, 7, 0.5)))

    assert (drawn[120, 100] == COLOURS[state]).all()
    assert (drawn[120, 129] == COLOURS[state]).all()


def test_the_digit_read_stands_above_its_box():
    plain = overlay(paper(), *tables_with((Box(100, 100, 30, 50), State.ACCEPTED, 7, 0.99)))

    assert has(plain[60:94, 95:135], State.ACCEPTED)
    assert not has(plain[157:200], State.ACCEPTED)


def test_a_number_is_drawn_with_the_point_of_its_value_whether_it_was_written_or_not():
    numbers, digits = tables_with((Box(100, 100, 30, 50), State.ACCEPTED, 7, 0.99))
    row = {**numbers.to_pylist()[0], "digits": "396"}
    unwritten, written = ({**row, **said} for said in ({"text": "396", "decimals": 2}, {"text": "3.96", "decimals": None}))

    one, other = (overlay(paper(), pa.Table.from_pylist([it], numbers.schema), digits) for it in (unwritten, written))

    assert (one == other).all()


def test_only_an_unsure_number_shows_its_confidence():
    sure, unsure = (
        overlay(paper(), *tables_with((Box(100, 100, 30, 50), state, 7, 0.41))) for state in (State.ACCEPTED, State.REVIEW)
    )

    assert labelled_columns(unsure) > 2 * labelled_columns(sure)


def labelled_columns(drawn):
    return int((drawn[60:94] != 255).any(axis=(0, 2)).sum())


def test_a_label_goes_where_nothing_is_written():
    page = paper()
    page[60:98, ::4] = 0  # above the number
    page[100:300, 134::4] = 0  # right of it
    page[154:300, ::4] = 0  # below it

    drawn = overlay(page, *tables_with((Box(100, 100, 30, 50), State.ACCEPTED, 7, 0.99)))

    assert has(drawn[100:150, 50:95], State.ACCEPTED)
    assert not has(drawn[:95], State.ACCEPTED)


def test_labels_of_neighbours_do_not_lie_on_one_another():
    boxes = [Box(100 + 34 * at, 100, 30, 50) for at in range(3)]

    drawn = overlay(paper(), *tables_with(*((box, State.ACCEPTED, 7, 0.99) for box in boxes)))

    columns = np.flatnonzero((drawn[60:94] != 255).any(axis=(0, 2)))
    assert np.count_nonzero(np.diff(columns) > 3) == 2


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.builds(Box, *[st.integers(0, 300)] * 2, *[st.integers(1, 90)] * 2), max_size=6))
def test_nothing_that_is_drawn_makes_any_writing_lighter(seed, boxes):
    page = np.random.default_rng(seed).integers(0, 256, (300, 400), np.uint8)
    nothing = overlay(page, *tables_with())

    drawn = overlay(page, *tables_with(*((box, State.REVIEW, 8, 0.5) for box in boxes)))

    assert (drawn[:300, :400] <= nothing[:300, :400]).all()


def test_what_is_no_digit_gets_a_box_and_no_label():
    drawn = overlay(paper(), *tables_with((Box(100, 100, 30, 50), State.REJECTED, NOT_A_DIGIT, 0.99)))

    assert has(drawn[95:155], State.REJECTED)
    assert not has(drawn[:94], State.REJECTED)


def test_a_digit_at_the_top_of_the_page_keeps_its_label_on_the_page():
    alone = overlay(paper(), *tables_with((Box(100, 0, 30, 50), State.ACCEPTED, 7, 0.99)))
    frame_only = overlay(paper(), *tables_with((Box(100, 0, 30, 50), State.ACCEPTED, NOT_A_DIGIT, 0.99)))

    assert (alone[:300] != frame_only[:300]).any()


def test_the_picture_has_the_size_of_its_page_and_a_legend_below():
    drawn = overlay(paper(900, 1300), *tables_with((Box(100, 100, 9, 14), State.ACCEPTED, 7, 0.99)))

    assert drawn.shape[1] == 1300
    assert 900 < drawn.shape[0] < 1000
    assert (drawn[105, 100] == COLOURS[State.ACCEPTED]).all()


def test_a_page_without_digits_shows_the_page_and_a_legend():
    page = paper()
    page[10:20, 10:20] = 0

    drawn = overlay(page, *tables_with())

    assert drawn.dtype == np.uint8
    assert drawn.shape[0] > 300
    assert drawn[15, 15].max() < 128 < drawn[25, 25].min()
    assert all(has(drawn[300:], state) for state in (State.ACCEPTED, State.REVIEW, State.REJECTED))


@settings(max_examples=40, deadline=None)
@example(30, 30, [Box(2_000_000_000, 2_000_000_000, 5, 5)])
@given(
    st.integers(1, 60),
    st.integers(1, 60),
    st.lists(
        st.builds(
            Box, st.integers(-90, 2_000_000_000), st.integers(-90, 90), st.integers(1, 100_000_000), st.integers(1, 2_000_000_000)
        ),
        max_size=4,
    ),
)
def test_boxes_anywhere_on_pages_of_any_size_are_drawn_without_error(height, width, boxes):
    drawn = overlay(paper(height, width), *tables_with(*((box, State.REVIEW, 8, 0.5) for box in boxes)))

    assert drawn.shape[0] > height
    assert drawn.shape[1] >= width


def test_the_page_itself_is_left_as_it_was():
    page = paper()

    overlay(page, *tables_with((Box(100, 100, 30, 50), State.ACCEPTED, 7, 0.9)))

    assert (page == 255).all()


def test_a_colour_image_is_refused_as_a_page():
    with pytest.raises(ValueError, match="grey"):
        overlay(np.zeros((5, 5, 3), np.uint8), *tables_with())


def test_a_contact_sheet_has_one_row_for_every_so_many_crops():
    crops = [np.zeros((28, 28), np.uint8)] * 7

    one_row = contact_sheet(crops[:3], ["a"] * 3, columns=3, title="t")
    three_rows = contact_sheet(crops, ["a"] * 7, columns=3, title="t")

    cell = contact_sheet(crops[:6], ["a"] * 6, columns=3, title="t").shape[0] - one_row.shape[0]
    assert three_rows.shape[0] == one_row.shape[0] + 2 * cell
    assert three_rows.shape[1] == one_row.shape[1]


def test_a_contact_sheet_takes_crops_and_captions_of_any_shape():
    crops = [np.zeros(shape, np.uint8) for shape in ((1, 1), (300, 2), (2, 300), (0, 5), (28, 28))]

    sheet = contact_sheet(crops, ["", "März 7 %", "long " * 40, "a\nb", "山"], columns=2, title="Ünsicher " * 30)

    assert sheet.dtype == np.uint8
    assert sheet.ndim == 3


def test_a_contact_sheet_of_nothing_says_so():
    assert contact_sheet([], [], title="least sure").min() < 100


def test_a_contact_sheet_needs_a_caption_for_each_crop_and_a_column():
    crop = np.zeros((28, 28), np.uint8)

    with pytest.raises(ValueError, match="one caption a crop"):
        contact_sheet([crop], [])
    with pytest.raises(ValueError, match="1 column"):
        contact_sheet([crop], ["a"], columns=0)


def test_a_picture_survives_its_way_through_png():
    image = np.random.default_rng(0).integers(0, 256, (7, 9, 3), np.uint8)

    assert (cv2.imdecode(np.frombuffer(to_png(image), np.uint8), cv2.IMREAD_COLOR) == image).all()


JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG"


@pytest.mark.parametrize(("ending", "begins"), [(".jpg", JPEG), (".JPEG", JPEG), (".png", PNG), ("", PNG)])
def test_the_ending_of_the_file_says_what_it_is(ending, begins):
    assert picture_file(overlay(paper(), *tables_with()), ending).startswith(begins)


def test_a_scanned_page_takes_a_third_of_the_room_of_a_plain_png():
    noise = np.random.default_rng(0).normal(235, 3, (1200, 900))
    page = cv2.GaussianBlur(noise.clip(0, 255).astype(np.uint8), (5, 5), 0)
    drawn = overlay(page, *tables_with((Box(100, 100, 30, 50), State.ACCEPTED, 7, 0.99)))

    small = picture_file(drawn, ".png")

    assert len(small) < len(to_png(drawn)) / 3
    shown = cv2.imdecode(np.frombuffer(small, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(shown[120, 100].astype(int) - COLOURS[State.ACCEPTED]).max() < 32


def test_an_image_without_pixels_is_no_png():
    with pytest.raises(ValueError, match="no pixels"):
        to_png(np.zeros((0, 4), np.uint8))
    with pytest.raises(ValueError, match="no pixels"):
        picture_file(np.zeros((0, 4, 3), np.uint8), ".jpg")


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_that_lies_turned_is_shown_upright_with_what_was_read_on_it(quarters):
    page, box = paper(), Box(100, 100, 30, 50)
    lying = np.ascontiguousarray(np.rot90(page, -quarters))
    height, width = lying.shape
    (place,) = to_scan([box], to_lying(quarters, width, height), width, height)

    shown = overlay(lying, *tables_with((place, State.ACCEPTED, 7, 0.99)), quarters)

    np.testing.assert_array_equal(shown, overlay(page, *tables_with((box, State.ACCEPTED, 7, 0.99))))
