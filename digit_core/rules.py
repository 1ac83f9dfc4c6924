"""What a form says of a cell, held against what was read in it."""

from __future__ import annotations

from collections.abc import Sequence

from digit_core.layout import Holds
from digit_core.records import CellState, signed_value
from digit_core.review import Reason

_DOUBTFUL = {
    CellState.STRUCK_OUT: Reason.STRUCK_OUT,
    CellState.OVERWRITTEN: Reason.OVERWRITTEN,
    CellState.ILLEGIBLE: Reason.NOT_READ,
}


def broken_rule(digits: str, text: str, state: CellState, holds: Holds | None) -> str:
    """Why a person must look at a cell's number, however sure its digits are: a word for the column `reason`; "" for none.

    digits: as read, with leading zeros; text: as written, with points and dashes; holds: None where no form says anything.
    """
    if state in _DOUBTFUL:
        return _DOUBTFUL[state]
    if holds is None or not digits:
        return ""
    low, high = holds.digits
    fits = low <= len(digits) <= high and _point_fits(text, holds)
    number = signed_value(digits, decimals_of(text, holds), negative(text, holds)) or 0.0
    above = holds.least is None or number >= holds.least
    return "" if fits and above and (holds.most is None or number <= holds.most) else Reason.RULE_BROKEN


def _point_fits(text: str, holds: Holds) -> bool:
    """Where a point was read, as many digits stand behind it as the form says."""
    return holds.decimals is None or "." not in text or _behind(text) == holds.decimals


def _behind(text: str) -> int:
    """Digits behind the last point."""
    return sum(character.isdigit() for character in text.rpartition(".")[2])


def decimals_of(text: str, holds: Holds | None) -> int | None:
    """How many digits stand behind the point: as the form says, else as written; None where neither says anything."""
    if holds is not None and holds.decimals is not None:
        return holds.decimals
    return _behind(text) if "." in text else None


def negative(text: str, holds: Holds | None) -> bool:
    """Whether a dash before the number is a minus: only where the form says that there may be one."""
    return holds is not None and holds.sign and text.startswith("-")


def as_written(text: str, digits: Sequence[str]) -> str:
    """The number as written, with digits that were decided since in the places of those that the reader saw."""
    if sum(character.isdigit() for character in text) != len(digits):
        return "".join(digits)
    decided = iter(digits)
    return "".join(next(decided) if character.isdigit() else character for character in text)
