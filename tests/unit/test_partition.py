import pytest
from hypothesis import given
from hypothesis import strategies as st

from digit_core.errors import InputError
from digit_core.partition import Share


@given(st.text(), st.integers(1, 40))
def test_every_object_belongs_to_exactly_one_share(uri, of):
    holders = [number for number in range(1, of + 1) if Share(number, of).holds(uri)]

    assert len(holders) == 1


def test_shares_are_of_about_the_same_size():
    uris = [f"s3://archive/box {number}/page.jpg" for number in range(4000)]

    counts = [sum(Share(number, 4).holds(uri) for uri in uris) for number in range(1, 5)]

    assert min(counts) > 900


def test_a_share_is_written_as_it_is_read():
    assert str(Share.parse("2/3")) == "2/3"


@pytest.mark.parametrize("text", ["", "2", "0/2", "3/2", "a/b", "1/0", "-1/2"])
def test_what_is_no_share_is_refused_with_the_right_form(text):
    with pytest.raises(InputError, match="1/3"):
        Share.parse(text)
