"""The line of champions that promotions and rollbacks go along."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tasks.adapters.registry.promotions import line_of_champions

VERSIONS = st.sampled_from(["1", "2", "3"])


def lines(size):
    """Lines in which no version follows itself."""
    return st.lists(VERSIONS, min_size=size, max_size=8).filter(lambda line: all(a != b for a, b in pairwise(line)))


def test_a_registry_that_nobody_promoted_in_has_a_line_of_one():
    assert line_of_champions("", "1") == ["1"]


def test_a_champion_that_another_program_set_comes_last():
    assert line_of_champions("1,2", "5") == ["1", "2", "5"]


def test_without_a_champion_the_line_is_what_was_written():
    assert line_of_champions("1,2", None) == ["1", "2"]


@given(lines(1))
def test_a_line_that_was_written_to_its_end_is_read_as_it_is(line):
    assert line_of_champions(",".join(line), line[-1]) == line


@given(lines(1), VERSIONS)
def test_a_promotion_that_was_cut_short_between_alias_and_line_is_counted(line, version):
    read = line_of_champions(",".join(line), version)

    assert read[-1] == version
    assert read[: len(read) - 1] == line[: len(read) - 1]


@given(lines(2))
def test_a_rollback_that_was_cut_short_between_alias_and_line_is_counted(line):
    assert line_of_champions(",".join(line), line[-2]) == line[:-1]
