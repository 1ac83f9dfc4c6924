"""What stands in a cell, as text for people; and names of rows and columns in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from digit_core.notation import NumberKind
from digit_core.readings import State
from digit_core.records import CellState

UNSURE = "?"
"""Sign after a number in review, and alone where something stands that nobody has read."""

SIGNS = {CellState.DASH: "–", CellState.DITTO: "″"}
"""Text of a cell that holds a mark in place of a number."""

_POINTED = {None, "", NumberKind.INTEGER, NumberKind.DECIMAL, NumberKind.SIGNED}
"""Kinds of numbers that are shown with their point; results of earlier schemas have no kind."""

Row = Mapping[str, Any]
"""A row of the table `numbers`, or of CORRECTED."""


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names once each, in the order in which they first appear; sorted by number where all are numbers."""
    kept = list(dict.fromkeys(names))
    return tuple(sorted(kept, key=int) if all(name.isascii() and name.isdecimal() for name in kept) else kept)


def text_of(number: Row) -> str:
    """Return the text of a cell: the number with its point, with a ? until a person has decided; a sign for a mark that is no
    number."""
    waits = number["state"] in (State.REVIEW, State.UNREADABLE)
    if not number["digits"]:
        sign = SIGNS.get(CellState(number["cell"]), "") if number["cell"] else ""
        return UNSURE if waits else sign or (number["text"] or "" if number["cell"] else "")
    text = with_point(number)
    return f"{text}{UNSURE}" if waits else text


def with_point(number: Row) -> str:
    """Return a number with the decimals of the form, even where its point is not written; as written where there are none."""
    decimals = number["decimals"]
    if decimals is None or not number["digits"].isdecimal() or number.get("kind") not in _POINTED:
        return str(number["text"] or number["digits"])
    digits = number["digits"] if len(number["digits"]) >= decimals else number["digits"].rjust(decimals + 1, "0")
    sign = "-" if number["value"] is not None and number["value"] < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else sign + digits
