import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digit_core.records import Box, Cell, CellState, Form, NumberString, PageDigits, PageFound, PageRef
from tasks.parcels import pack, unpack

boxes = st.builds(Box, st.integers(0, 9000), st.integers(0, 9000), st.integers(1, 300), st.integers(1, 300))
shares = st.floats(0, 1)
cells = st.builds(Cell, st.text(max_size=4), st.text(max_size=4), st.text(max_size=4), st.sampled_from(CellState), boxes)
numbers = st.builds(
    NumberString,
    st.integers(0, 200),
    st.lists(boxes, max_size=6).map(tuple),
    shares,
    shares,
    st.text(".-0123456789"),
    st.floats(allow_nan=False),
    st.none() | cells,
)
forms = st.none() | st.builds(Form, st.text(max_size=4), st.text(max_size=4), shares)


@given(st.lists(numbers, max_size=8).map(tuple), st.floats(-10, 10), st.integers(0, 255), forms)
def test_a_page_that_was_packed_is_the_same_when_unpacked(
    strings: tuple[NumberString, ...], skew: float, ink: int, form: Form | None
) -> None:
    count = sum(len(string.boxes) for string in strings)
    crops = np.full((count, 28, 28), ink, np.uint8)
    evidence = np.random.default_rng(count).dirichlet(np.ones(11), count).astype(np.float32)
    digits = PageDigits(strings, crops, skew, evidence, form)
    found = PageFound(PageRef("a.jpg", "1", "ab" * 32, 3, 9), 2480, 3508, 300.0, digits)

    again = unpack(pack(found))

    assert again.ref == found.ref
    assert (again.width, again.height, again.dpi, again.digits.skew) == (2480, 3508, 300.0, skew)
    assert (again.digits.numbers, again.digits.form) == (strings, form)
    assert np.array_equal(again.digits.crops, crops)
    assert np.array_equal(again.digits.evidence, evidence)
