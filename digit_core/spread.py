"""The two pages of a spread as one scan: detections and readings of both joined, and taken apart again.

Each page is read and judged by itself. On the scan its numbers follow those of the left page, and its tables and zones are named
after their page: `left table1`, `right rain`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from digit_core.readings import PageRead, Reading
from digit_core.records import Cell, Form, NumberString, PageDigits, PageFound, RightPage

LEFT, RIGHT = "left", "right"

_AND = " + "
"""What stands between the names of two layouts in the column `layout`."""


def joined(left: PageDigits, right: PageDigits, gutter: int) -> PageDigits:
    """Join the detections of two pages of one scan, both in its pixels; gutter: x of the line between them."""
    lines = 1 + max((number.line for number in left.numbers), default=-1)
    numbers = (*left.numbers, *(replace(number, line=number.line + lines) for number in right.numbers))
    evidence = None if left.evidence is None or right.evidence is None else np.concatenate([left.evidence, right.evidence])
    return PageDigits(
        numbers,
        np.concatenate([left.crops, right.crops]),
        max(left, right, key=lambda page: len(page.crops)).skew,
        evidence,
        left.form,
        RightPage(gutter, len(left.numbers), right.form),
    )


def pages_apart(found: PageFound) -> tuple[PageFound, ...]:
    """Return the pages of a scan as they were found, from left to right."""
    digits = found.digits
    if digits.right is None:
        return (found,)
    first, numbers = digits.right.first, digits.numbers
    both = (numbers[:first], 0, digits.form), (numbers[first:], _count(numbers[:first]), digits.right.form)
    return tuple(replace(found, digits=replace(_part(digits, own, start), form=form, right=None)) for own, start, form in both)


def _count(numbers: Sequence[NumberString]) -> int:
    return sum(len(number.boxes) for number in numbers)


def _part(digits: PageDigits, numbers: tuple[NumberString, ...], start: int) -> PageDigits:
    """Return these numbers, whose digits begin at `start`, as a page."""
    own = slice(start, start + _count(numbers))
    evidence = None if digits.evidence is None else digits.evidence[own]
    return PageDigits(numbers, digits.crops[own], digits.skew, evidence)


def read_together(left: PageRead, right: PageRead, gutter: int) -> PageRead:
    """Join the readings of the two pages of a scan; gutter: x of the line between them."""
    readings = tuple(chain(_named(left.readings, LEFT), _named(right.readings, RIGHT)))
    form = RightPage(gutter, len(left.readings), right.form)
    return replace(left, readings=readings, clear=left.clear or right.clear, right=form)


def _named(readings: Sequence[Reading], side: str) -> Iterator[Reading]:
    """Yield the readings with the page's name before that of their table or zone, also where a date refers to a zone."""
    return (
        replace(one, cell=_cell(one.cell, side), date_from=one.date_from.replace("{", f"{{{side} ")) if one.cell else one
        for one in readings
    )


def _cell(cell: Cell, side: str) -> Cell:
    return replace(cell, zone=on_side(cell.zone, side))


def on_side(zone: str, side: str) -> str:
    """Return the name of a page's table or zone on the scan; side: LEFT, RIGHT, or "" where the scan shows one page."""
    return f"{side} {zone}" if side else zone


def layout_names(forms: Iterable[Form | None]) -> str:
    """Return the column `layout` of a scan with these forms, from left to right: each name once, "" for none."""
    return _AND.join(dict.fromkeys(form.name for form in forms if form is not None and form.name))


def layouts_by_side(names: str, is_spread: bool) -> tuple[tuple[str, str], ...]:
    """Return the name of the layout of each page of a scan, and its side, from the column `layout`. A layout that is alone on a
    spread is given for both sides: on a side without it there is none of its tables."""
    if not names:
        return ()
    left, _, right = names.partition(_AND)
    return ((left, LEFT), (right or left, RIGHT)) if is_spread else ((names, ""),)
