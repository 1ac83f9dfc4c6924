"""Comparison of published numbers with another model's readings: the rows that would change, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from digit_core.readings import State
from digit_core.records import Box

Row = Mapping[str, Any]
"""A row of the table `numbers`."""

_BY_MACHINE = {State.ACCEPTED.value, State.REVIEW.value}
"""States that a model can change; a number that a person has decided has another one."""


class ChangeKind(StrEnum):
    """Kind of change of a number."""

    VALUE = "other digits"
    GONE = "no number any more"
    NEW = "new number"
    TO_REVIEW = "to review"
    ACCEPTED = "accepted without review"


@dataclass(frozen=True, slots=True)
class Change:
    """One number of a page (`page` of `file`, from 1): as published, and as the challenger reads it.

    A side without the number has digits "", state "" and confidence 0. `by_model`: champion and challenger read it differently;
    else it would change at the next reading anyway, because it was read by another algorithm, model or threshold.
    """

    file: str
    page: int
    box: Box
    kind: ChangeKind
    old: str
    old_state: str
    old_confidence: float
    new: str
    new_state: str
    new_confidence: float
    by_model: bool


def changes(published: Sequence[Row], champion: Sequence[Row], challenger: Sequence[Row]) -> Iterator[Change]:
    """Yield the numbers of one page that would change, in the order of the challenger's reading, vanished ones last."""
    old, now, new = ({row["number_id"]: row for row in rows} for rows in (published, champion, challenger))
    for number in [*new, *(number for number in old if number not in new)]:
        before, after = old.get(number), new.get(number)
        if before is not None and before["state"] not in _BY_MACHINE:
            continue
        kind = _kind(before, after)
        if kind is not None:
            yield _change(kind, before, after, by_model=_kind(now.get(number), after) is not None)


def _kind(before: Row | None, after: Row | None) -> ChangeKind | None:
    """Return the kind of change; None where nothing changes."""
    if before is None or after is None:
        return ChangeKind.GONE if before is not None else ChangeKind.NEW if after is not None else None
    if before["digits"] != after["digits"]:
        return ChangeKind.VALUE
    if before["state"] != after["state"]:
        return ChangeKind.TO_REVIEW if after["state"] == State.REVIEW else ChangeKind.ACCEPTED
    return None


_NOTHING: Row = {"digits": "", "state": "", "confidence": 0.0}


def _change(kind: ChangeKind, before: Row | None, after: Row | None, by_model: bool) -> Change:
    place = after if after is not None else before
    if place is None:
        raise ValueError("a change needs a number on one side at least")
    old, new = before or _NOTHING, after or _NOTHING
    return Change(
        file=place["file"],
        page=place["page"],
        box=Box(place["x"], place["y"], place["w"], place["h"]),
        kind=kind,
        old=old["digits"],
        old_state=old["state"],
        old_confidence=old["confidence"],
        new=new["digits"],
        new_state=new["state"],
        new_confidence=new["confidence"],
        by_model=by_model,
    )
