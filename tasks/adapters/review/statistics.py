"""Statistics of the review: items left, speed, outcomes, and the error of the accepted digits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from digit_core.calibration.binomial import interval
from digit_core.readings import Reason
from digit_core.records import NOT_A_DIGIT
from digit_core.review.verdicts import WHOLE, Kind, Verdict, said_of
from tasks.adapters.review.database import Database
from tasks.adapters.review.schema import ACTS, COLLECTIONS, DECIDED, DECISIONS, ITEMS, OPEN, STANDING

NUMBER_VIEWS = ("number", "table")
"""The views in which a person decides a whole number at once."""

ENOUGH_AUDITS = 30
"""Number of audits from which an error rate is shown."""

RECENTLY = 15 * 60.0
"""Seconds over which a reviewer's speed is measured."""


@dataclass(frozen=True, slots=True)
class ReviewProgress:
    """Progress of a review: `items_per_minute` is the reviewer's recent speed; `seconds_left` is None before there is one."""

    open: int
    decided: int
    items_per_minute: float
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class Audit:
    """Accepted digits that people checked unseen: how many were wrong, and the 95 % interval of their share, which says little
    before there are ENOUGH_AUDITS."""

    checked: int
    wrong: int

    @property
    def is_enough(self) -> bool:
        return self.checked >= ENOUGH_AUDITS

    @property
    def interval(self) -> tuple[float, float]:
        return interval(self.wrong, self.checked)


@dataclass(frozen=True, slots=True)
class Collection:
    """The decisions about a collection. `said[guess]` counts by verdict: "0" to "9", "not a digit", "unreadable", and "number"
    where all of the number was said anew."""

    name: str
    open: int
    decided: int
    confirmed: int
    corrected: int
    unreadable: int
    audit: Audit
    said: Mapping[int, Mapping[str, int]]
    readers_agree: tuple[int, int]  # of the items that were read twice

    @property
    def agreement(self) -> float | None:
        """Return the share of the flagged digits (without audits) for which the machine's guess was right."""
        judged = self.confirmed + self.corrected
        return self.confirmed / judged if judged else None


@dataclass(frozen=True, slots=True)
class Pace:
    """Effort in a view: median seconds per item, keys and clicks per item, items per minute. An item is a number in the views of
    numbers and of tables, a digit in the others."""

    view: str
    items: int
    seconds: float
    keys: float

    @property
    def per_minute(self) -> float:
        return 60 / self.seconds if self.seconds else 0.0


class Statistics:
    """Statistics of the queue. Raises QueueError."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def progress(self, collection: str, reviewer: str) -> ReviewProgress:
        states = sa.select(ITEMS.c.state, sa.func.count()).where(ITEMS.c.collection == collection).group_by(ITEMS.c.state)
        recent = sa.select(sa.func.sum(ACTS.c.item_count), sa.func.sum(ACTS.c.seconds)).where(
            ACTS.c.reviewer == reviewer, ACTS.c.at > self._clock() - RECENTLY
        )
        with self._database.reading() as connection:
            counts = {row[0]: row[1] for row in connection.execute(states)}
            items, seconds = connection.execute(recent).one()
        speed = 60 * items / seconds if items and seconds else 0.0
        left = counts.get(OPEN, 0)
        return ReviewProgress(left, counts.get(DECIDED, 0), speed, 60 * left / speed if speed else None)

    def collections(self) -> list[Collection]:
        # open items are counted by an index alone: they are many
        counts = sa.select(ITEMS.c.collection, ITEMS.c.state, sa.func.count()).group_by(ITEMS.c.collection, ITEMS.c.state)
        columns = (ITEMS.c.collection, ITEMS.c.reason, ITEMS.c.guess, ITEMS.c.outcome_kind)
        value = sa.case((ITEMS.c.outcome_kind.in_(WHOLE), ""), else_=ITEMS.c.outcome_value).label("outcome_value")
        decided = sa.select(*columns, value, sa.func.count().label("items")).group_by(*columns, value)
        with self._database.reading() as connection:
            waiting = {(name, state): count for name, state, count in connection.execute(counts)}
            names = sorted({name for name, _ in waiting})
            decided = decided.where(ITEMS.c.collection.in_(names), ITEMS.c.state == DECIDED)
            rows = connection.execute(decided).mappings().all()
        agree, right = self._readers_agree(), self._right_in_written_numbers(names)
        of = {name: [row for row in rows if row["collection"] == name] for name in names}
        found = [_collection(name, waiting.get((name, OPEN), 0), of[name], agree.get(name, (0, 0))) for name in names]
        return [replace(one, audit=replace(one.audit, wrong=one.audit.wrong - right[one.name])) for one in found]

    def pace(self) -> list[Pace]:
        """Return the effort in each view, over the last 5,000 acts."""
        query = (
            sa.select(ACTS.c.view, ACTS.c.item_count, ACTS.c.seconds, ACTS.c.key_count).order_by(ACTS.c.at.desc()).limit(5_000)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [_pace(view, [row for row in rows if row.view == view]) for view in sorted({row.view for row in rows})]

    def _right_in_written_numbers(self, names: Sequence[str]) -> Counter[str]:
        """Count by collection the audited digits that are right although their number was written anew: its marks changed."""
        columns = (ITEMS.c.collection, ITEMS.c.parts, ITEMS.c.place, ITEMS.c.guess, ITEMS.c.outcome_value)
        query = sa.select(*columns).where(ITEMS.c.collection.in_(names), ITEMS.c.state == DECIDED, ITEMS.c.reason == Reason.AUDIT)
        with self._database.reading() as connection:
            rows = connection.execute(query.where(ITEMS.c.outcome_kind == Kind.WRITTEN)).all()
        said = ((row, said_of(Verdict(Kind.WRITTEN, row.outcome_value), row.parts, row.place)) for row in rows)
        return Counter(row.collection for row, verdict in said if verdict.agrees_with(row.guess))

    def _readers_agree(self) -> dict[str, tuple[int, int]]:
        """Count by collection the items on which the first two readers agreed, and all that two have read; of the collections for
        which somebody set how many people read them."""
        order = sa.func.row_number().over(partition_by=DECISIONS.c.item_id, order_by=DECISIONS.c.decision_id).label("reader")
        said = sa.select(DECISIONS.c.item_id, DECISIONS.c.kind, DECISIONS.c.value, order).where(STANDING).subquery()
        one, two = said.alias(), said.alias()
        same = sa.case((sa.and_(one.c.kind == two.c.kind, one.c.value == two.c.value), 1), else_=0)
        query = (
            sa.select(ITEMS.c.collection, sa.func.sum(same), sa.func.count())
            .select_from(two)
            .join(one, sa.and_(one.c.item_id == two.c.item_id, one.c.reader == 1))
            .join(ITEMS, ITEMS.c.item_id == two.c.item_id)
            .where(two.c.reader == 2)
            .group_by(ITEMS.c.collection)
        )
        with self._database.reading() as connection:
            if not connection.scalar(sa.select(sa.func.count()).select_from(COLLECTIONS)):
                return {}
            return {name: (int(alike), both) for name, alike, both in connection.execute(query)}


def _collection(name: str, waiting: int, rows: Iterable[RowMapping], readers_agree: tuple[int, int]) -> Collection:
    """rows: counts of the decided items."""
    counts = {"open": waiting, "decided": 0, "confirmed": 0, "corrected": 0, "unreadable": 0, "checked": 0, "wrong": 0}
    said: dict[int, dict[str, int]] = {guess: {} for guess in range(NOT_A_DIGIT + 1)}
    for row in rows:
        _count(row, counts, said[row["guess"]])
    audit = Audit(counts.pop("checked"), counts.pop("wrong"))
    return Collection(name=name, audit=audit, said=said, readers_agree=readers_agree, **counts)


def _count(row: Mapping[Any, Any], counts: dict[str, int], said: dict[str, int]) -> None:
    items, kind = row["items"], Kind(row["outcome_kind"])
    agrees = kind not in WHOLE and Verdict(kind, row["outcome_value"]).agrees_with(row["guess"])
    counts["decided"] += items
    word = row["outcome_value"] if kind is Kind.DIGIT else Kind.NUMBER if kind in WHOLE else kind.value
    said[word] = said.get(word, 0) + items
    if row["reason"] == Reason.AUDIT:
        if kind is not Kind.UNREADABLE:
            counts["checked"] += items
            counts["wrong"] += 0 if agrees else items
    elif row["reason"] != Reason.PILOT:  # drawn for its confidence: says nothing about the flagged ones
        counts["unreadable" if kind is Kind.UNREADABLE else "confirmed" if agrees else "corrected"] += items


def _pace(view: str, rows: list[Any]) -> Pace:
    counts = [1 if view in NUMBER_VIEWS else row.item_count for row in rows]
    items = sum(counts)
    each = sorted(row.seconds / count for row, count in zip(rows, counts, strict=True))
    return Pace(view, items, each[len(each) // 2], sum(row.key_count for row in rows) / items)
