import pytest

from digit_core.wording import counted


@pytest.mark.parametrize(("count", "words"), [(0, "0 pages"), (1, "1 page"), (2, "2 pages"), (3_000, "3,000 pages")])
def test_one_thing_has_no_s_and_thousands_are_parted(count, words):
    assert counted(count, "page") == words
