"""What is handed from detection to classification arrives as it was sent, and pictures come out as if cut from the whole scan."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digit_core.recognition.page_table import forget_page, from_table, keep_page, kept_page, to_table
from digit_core.records import Box, Cell, CellState, Form, NumberString, PageDigits, PageFound, PageRef, RightPage
from digit_core.review.snippets import cut, cut_from, windows_around

WIDTH, HEIGHT = 600, 400

boxes = st.builds(
    lambda x, y, w, h: Box(x, y, min(w, WIDTH - x), min(h, HEIGHT - y)),
    st.integers(0, WIDTH - 1),
    st.integers(0, HEIGHT - 1),
    st.integers(1, 300),
    st.integers(1, 300),
)
shares = st.floats(0, 1)
cells = st.builds(Cell, st.text(max_size=4), st.text(max_size=4), st.text(max_size=4), st.sampled_from(CellState), boxes)
numbers = st.builds(
    NumberString,
    line=st.integers(0, 200),
    boxes=st.lists(boxes, max_size=6).map(tuple),
    certainty=shares,
    printed=shares,
    text=st.text(".-0123456789"),
    seen=st.floats(allow_nan=False),
    cell=st.none() | cells,
)
forms = st.none() | st.builds(Form, st.text(max_size=4), st.text(max_size=4), shares)
rights = st.none() | st.builds(RightPage, st.integers(1, WIDTH), st.integers(0, 8), forms)
pages = st.lists(numbers, max_size=8).map(tuple)


def found_on(
    strings: tuple[NumberString, ...],
    skew: float = 0.0,
    form: Form | None = None,
    seen: bool = True,
    right: RightPage | None = None,
) -> PageFound:
    rng = np.random.default_rng(len(strings))
    count = sum(len(string.boxes) for string in strings)
    evidence = rng.dirichlet(np.ones(11), count).astype(np.float32) if seen else None
    crops = rng.integers(0, 256, (count, 28, 28), np.uint8)
    ref = PageRef("a page.jpg", "1", "ab" * 32, 3, 9)
    return PageFound(ref, WIDTH, HEIGHT, 300.0, PageDigits(strings, crops, skew, evidence, form, right))


@given(pages, st.floats(-10, 370), forms, st.booleans(), rights)
def test_a_page_comes_out_of_its_table_as_it_went_in(
    strings: tuple[NumberString, ...], skew: float, form: Form | None, seen: bool, right: RightPage | None
) -> None:
    found = found_on(strings, skew, form, seen, right)

    again = from_table(to_table(found))

    assert again.ref == found.ref
    assert (again.width, again.height, again.dpi, again.digits.skew) == (WIDTH, HEIGHT, 300.0, skew)
    assert (again.digits.numbers, again.digits.form, again.digits.right) == (strings, form, right)
    assert np.array_equal(again.digits.crops, found.digits.crops)
    if found.digits.evidence is None:
        assert again.digits.evidence is None
    else:
        assert np.array_equal(again.digits.evidence, found.digits.evidence)


@given(pages, st.integers(0, 3))
def test_pictures_cut_from_what_was_kept_are_those_of_the_whole_scan(strings: tuple[NumberString, ...], quarters: int) -> None:
    scan = np.random.default_rng(5).integers(0, 256, (HEIGHT, WIDTH), np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "page.arrow")
        windows = windows_around(scan, [number.boxes for number in strings], quarters)
        keep_page(file, found_on(strings, 90.0 * quarters), windows)
        kept = kept_page(file)

        for number, window in zip(kept.found.digits.numbers, kept.windows, strict=True):
            places = [(box, Box.around(number.boxes)) for box in number.boxes]
            if places:
                assert cut_from(window, places, quarters) == cut(scan, places, quarters)

        assert file.with_suffix(".pixels").stat().st_size <= scan.size
        forget_page(file)
        assert list(Path(folder).iterdir()) == []
