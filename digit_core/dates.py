"""Dates of numbers in tables: year, month and day out of the names of rows and columns, of zones, and of the layout itself."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from digit_core.readings import PageRead, State

_ZONE = re.compile(r"\{([^{}]+)\}")
_SHORTEST = 3
"""Letters of a month's name at least."""

_OPEN = frozenset({State.REVIEW, State.UNREADABLE})


def month_of(name: str) -> int | None:
    """Return the month that a row or column is named after: its number, or its English name or the beginning of it."""
    plain = name.strip(" .").casefold()
    if plain.isascii() and plain.isdecimal():
        return int(plain) if 1 <= int(plain) <= 12 else None
    found = [month for month in range(1, 13) if calendar.month_name[month].casefold().startswith(plain)]
    return found[0] if len(found) == 1 and len(plain) >= _SHORTEST else None


def day_of(name: str) -> int | None:
    """Return the day of the month that a row or column is named after."""
    plain = name.strip(" .")
    return int(plain) if plain.isascii() and plain.isdecimal() and 1 <= int(plain) <= 31 else None


def year_of(name: str) -> int | None:
    """Return the year, of four digits, that a row or column is named after."""
    plain = name.strip(" .")
    return int(plain) if re.fullmatch(r"[0-9]{4}", plain) and int(plain) > 0 else None


def said_in_zones(zones: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Return what stands in the zones of a page by their names; given as (name, text, state). Those in review are left out."""
    return {name: text for name, text, state in zones if state not in _OPEN}


def dates_on(page: PageRead) -> Iterator[str]:
    """Yield the date of each number of a page, from its row and column and what was read in the zones."""
    said = said_in_zones((one.cell.zone, one.text, one.state) for one in page.readings if one.cell and not one.cell.row)
    return (date_of(one.date_from, said) for one in page.readings)


def date_of(parts: str, zones: Mapping[str, str]) -> str:
    """Return a date in ISO 8601, such as 1947-03-01, 1947-03 or 1947; "" where a part is unknown, or there is no such day.

    parts: year, month and day, separated by hyphens, with {name} for what stands in the zone of that name. zones: their texts.
    """
    readers = (year_of, month_of, day_of)
    found = [_part(part, zones) for part in _split(parts)]
    numbers = [read(part) for read, part in zip(readers, found, strict=False)]
    if not numbers or len(found) > len(readers) or None in numbers:
        return ""
    year, month, day = ([one for one in numbers if one is not None] + [1, 1])[:3]
    try:
        return date(year, month, day).isoformat()[: (4, 7, 10)[len(numbers) - 1]]
    except ValueError:  # such as 31 April
        return ""


def _split(parts: str) -> list[str]:
    """Split at the hyphens outside of braces."""
    return re.findall(r"\{[^{}]+\}|[^-{}]+", parts)


def _part(part: str, zones: Mapping[str, str]) -> str:
    zone = _ZONE.fullmatch(part)
    return zones.get(zone[1], "") if zone else part
