"""Dates out of the names of rows, columns and zones."""

import pytest

from digit_core.dates import date_of, said_in_zones


@pytest.mark.parametrize(
    ("parts", "date"),
    [
        ("1947-Mar-1", "1947-03-01"),
        ("1947-3-31", "1947-03-31"),
        ("1947-September", "1947-09"),
        ("1947-Sept.", "1947-09"),
        ("1947", "1947"),
        ("1947-2-29", ""),  # no leap year
        ("1948-2-29", "1948-02-29"),
        ("1947-Total-1", ""),
        ("1947-Ma-1", ""),  # March or May
        ("47-3-1", ""),
        ("1947-3-32", ""),
        ("", ""),
    ],
)
def test_a_date_is_as_fine_as_its_parts_and_none_where_one_is_no_year_month_or_day(parts: str, date: str) -> None:
    assert date_of(parts, {}) == date


def test_what_stands_in_a_zone_counts_unless_it_is_in_review() -> None:
    zones = [("the year", "1947", "confirmed"), ("month", "3", "review")]

    said = said_in_zones(zones)

    assert date_of("{the year}-4-1", said) == "1947-04-01"
    assert date_of("{the year}-{month}-1", said) == ""
    assert date_of("{of-a-hyphen}-4", {"of-a-hyphen": "1900"}) == "1900-04"
