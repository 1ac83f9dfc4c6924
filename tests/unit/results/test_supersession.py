import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digit_core.records import PageRef
from digit_core.results.supersession import PAGE, current, fingerprint, page_row, rows_of, whole_objects

OLD, NEW = "a" * 64, "b" * 64


def page_array(pages):
    """The pages in their order."""
    return np.array([page_row(page) for page in pages], PAGE)


def ref(uri: str, sha256: str = OLD, index: int = 0, count: int = 1, version: str = "v") -> PageRef:
    return PageRef(uri, version, sha256, index, count)


def masks(*batches: list[PageRef]) -> list[list[bool]]:
    """For batches from the oldest to the newest."""
    counts = iter(current(page_array([page for batch in batches for page in batch])).tolist())
    return [[next(counts) for _ in batch] for batch in batches]


def test_pages_that_were_read_once_all_count():
    assert masks([ref("a"), ref("b")], [ref("c")]) == [[True, True], [True]]


def test_a_page_that_was_read_again_counts_once_by_its_newest_reading():
    assert masks([ref("a"), ref("b")], [ref("a")]) == [[False, True], [True]]


def test_a_changed_file_replaces_all_pages_of_the_old_one():
    old = [ref("a", OLD, index, 3) for index in range(3)]

    assert masks(old, [ref("a", NEW, 0, 1)]) == [[False, False, False], [True]]


def test_a_reading_that_came_half_way_takes_no_page_away():
    old = [ref("a", OLD, index, 3) for index in range(3)]

    assert masks(old, [ref("a", OLD, 0, 3, version="touched")]) == [[False, True, True], [True]]


def test_a_file_that_became_unreadable_replaces_the_pages_that_were_read():
    assert masks([ref("a", OLD, 0, 2), ref("a", OLD, 1, 2)], [ref("a", OLD, 0, 1)]) == [[False, False], [True]]


def test_a_file_put_back_to_what_it_was_counts_by_its_old_reading_where_there_is_no_new_one():
    first = [ref("a", OLD, 0, 2), ref("a", OLD, 1, 2)]

    assert masks(first, [ref("a", NEW)], [ref("a", OLD, 0, 2)]) == [[False, True], [False], [True]]


def test_nothing_sealed_is_nothing_current():
    assert current(page_array([])).tolist() == []


batches_of_pages = st.lists(
    st.lists(
        st.builds(ref, st.sampled_from("abc"), st.sampled_from([OLD, NEW]), st.integers(0, 2), st.just(3)), min_size=1, max_size=5
    ),
    min_size=1,
    max_size=6,
)


@given(batches_of_pages)
def test_a_slow_and_plain_way_agrees(batches):
    content = {page.uri: page.sha256 for batch in batches for page in batch}
    rows = [(number, place, page) for number, batch in enumerate(batches) for place, page in enumerate(batch)]
    newest = {(page.uri, page.index): (number, place) for number, place, page in rows if page.sha256 == content[page.uri]}

    assert {(number, place) for number, mask in enumerate(masks(*batches)) for place, true in enumerate(mask) if true} == set(
        newest.values()
    )


def test_an_object_is_whole_when_all_its_pages_are_there():
    pages = page_array([ref("a"), ref("b", OLD, 0, 2), ref("c", OLD, 1, 2), ref("c", OLD, 0, 2)])

    assert set(whole_objects(pages).tolist()) == {fingerprint("a", "v"), fingerprint("c", "v")}


def test_an_object_goes_by_its_newest_version():
    pages = page_array([ref("a", OLD, 1, 2, version="old"), ref("a", OLD, 0, 2, version="new")])

    assert whole_objects(pages).tolist() == [fingerprint("a", "new")]


def test_an_object_that_could_not_be_had_is_not_whole():
    assert whole_objects(page_array([ref("a", sha256="")])).tolist() == []


def test_rows_are_found_by_uri_and_page():
    pages = page_array([ref("a", index=1), ref("b", index=0)])

    found = rows_of(pages, ["a", "b"], np.array([0, 1, 0, 1], np.int32), np.array([0, 0, 1, 1], np.int32))

    assert found.tolist() == [False, True, True, False]


def test_a_fingerprint_tells_where_one_word_ends():
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
