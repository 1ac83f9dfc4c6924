"""Who works on what: items are lent to one reviewer at a time, and come back by themselves when the time is up."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digit_core.readings import Reason, ReviewItem
from tasks.adapters.review.database import Database, locked_or_skipped, now
from tasks.adapters.review.rows import to_item
from tasks.adapters.review.schema import DECISIONS, ITEMS, OPEN, STANDING

AUDITS_AMONG = 10
"""Ordinary items for each audit in a batch: spread out, so that nobody knows which one it is."""

LARGEST_LOAN = 1_000
"""Items that are lent at once at most, however long a number is."""

LONGEST_LEASE = 24 * 3600.0
"""Seconds for which nothing is lent longer."""

COUNTED = 5_000
"""Items by which the commonest guess is found."""

Query = sa.Select[tuple[str]]


@dataclass(frozen=True, slots=True)
class Claim:
    """Items lent to a reviewer until `until` (seconds since 1970). `claim_id` stands for the loan; items without pictures."""

    claim_id: str
    until: float
    items: tuple[ReviewItem, ...]


class Claims:
    """`clock` tells the time in seconds since 1970. Errors are QueueErrors."""

    def __init__(self, database: Database, clock: Callable[[], float] = now) -> None:
        self._database = database
        self._clock = clock

    def single(self, collection: str, reviewer: str, size: int, lease: float) -> Claim:
        """About `size` items, the least sure first, each with all others of its number, and audits strewn among them."""
        with self._database.writing() as connection:
            free = self._free(collection, reviewer)
            audits = _ids(connection, free.where(ITEMS.c.reason == Reason.AUDIT).limit(max(1, size // AUDITS_AMONG)))
            ordinary = _ids(connection, free.where(ITEMS.c.reason != Reason.AUDIT).limit(size))
            if len(ordinary) < size // 2:  # the queue runs dry: what is left are audits
                audits = _ids(connection, free.where(ITEMS.c.reason == Reason.AUDIT).limit(size - len(ordinary)))
            together = self._with_their_numbers(connection, [*ordinary, *audits], reviewer)
            return self._lend(connection, together, reviewer, lease)

    def carpet(
        self, collection: str, reviewer: str, size: int, lease: float, sure_from: float, guess: int | None = None
    ) -> Claim:
        """Up to `size` items that the machine takes for the same digit, at least so sure; no audits.

        guess: the class; by default the one with most of them.
        """
        with self._database.writing() as connection:
            chosen = guess if guess is not None else self._commonest(connection, collection, sure_from)
            found = []
            if chosen is not None:
                free = self._free(collection, reviewer).where(ITEMS.c.reason != Reason.AUDIT)
                found = _ids(connection, free.where(ITEMS.c.guess == chosen, ITEMS.c.confidence >= sure_from).limit(size))
            return self._lend(connection, found, reviewer, lease)

    def release(self, claim_id: str, reviewer: str) -> int:
        """What of the reviewer's loan is not decided is free again. Returns how many items that were."""
        with self._database.writing() as connection:
            mine = (ITEMS.c.claim_id == claim_id, ITEMS.c.claimed_by == reviewer)
            lent = sa.update(ITEMS).where(*mine, ITEMS.c.state == OPEN)
            return connection.execute(lent.values(**FREE)).rowcount

    def _free(self, collection: str, reviewer: str) -> Query:
        """The items that this reviewer may be lent, least sure first."""
        return locked_or_skipped(
            sa.select(ITEMS.c.item_id)
            .where(ITEMS.c.collection == collection, ITEMS.c.state == OPEN, self._unclaimed(), _not_read_by(reviewer))
            .order_by(ITEMS.c.confidence, ITEMS.c.item_id)
        )

    def _unclaimed(self) -> sa.ColumnElement[bool]:
        return sa.or_(ITEMS.c.claim_until.is_(None), sa.not_(ITEMS.c.claim_until.between(*loan_ends(self._clock()))))

    def _commonest(self, connection: Connection, collection: str, sure_from: float) -> int | None:
        """Among the least sure of them: to count all takes too long in a large queue."""
        some = (
            sa.select(ITEMS.c.guess)
            .where(ITEMS.c.collection == collection, ITEMS.c.state == OPEN, ITEMS.c.confidence >= sure_from)
            .where(ITEMS.c.reason != Reason.AUDIT, self._unclaimed())
            .order_by(ITEMS.c.confidence, ITEMS.c.item_id)
            .limit(COUNTED)
            .subquery()
        )
        return connection.scalar(sa.select(some.c.guess).group_by(some.c.guess).order_by(sa.func.count().desc(), some.c.guess))

    def _with_their_numbers(self, connection: Connection, ids: Sequence[str], reviewer: str) -> list[str]:
        """The items, and the free ones of the same numbers right beside them."""
        chosen = ITEMS.alias()
        numbers = sa.select(chosen.c.number_id).where(chosen.c.item_id.in_(ids))
        siblings = locked_or_skipped(
            sa.select(ITEMS.c.item_id)
            .where(ITEMS.c.number_id.in_(numbers), ITEMS.c.state == OPEN, self._unclaimed(), _not_read_by(reviewer))
            .limit(LARGEST_LOAN)
        )
        return _ids(connection, siblings) if ids else []

    def _lend(self, connection: Connection, ids: Sequence[str], reviewer: str, lease: float) -> Claim:
        claim_id, until = uuid.uuid4().hex, self._clock() + lease
        if not ids:
            return Claim(claim_id, until, ())
        values = {"claim_id": claim_id, "claimed_by": reviewer, "claim_until": until}
        lent = sa.update(ITEMS).where(ITEMS.c.item_id.in_(ids)).values(values).returning(ITEMS)
        rows = connection.execute(lent).mappings().all()
        return Claim(claim_id, until, tuple(_in_order([to_item(row) for row in rows])))


def loan_ends(now: float) -> tuple[float, float]:
    """Between which times a loan that is still good ends; one that ends later was made by a clock that was ahead."""
    return now, now + LONGEST_LEASE


FREE = {"claim_id": None, "claimed_by": None, "claim_until": None}
"""Values of an item that nobody has."""


def _not_read_by(reviewer: str) -> sa.ColumnElement[bool]:
    """A second reader is another person."""
    return sa.not_(sa.exists().where(DECISIONS.c.item_id == ITEMS.c.item_id, DECISIONS.c.reviewer == reviewer, STANDING))


def _ids(connection: Connection, query: Query) -> list[str]:
    return list(connection.scalars(query))


def _in_order(items: Sequence[ReviewItem]) -> list[ReviewItem]:
    """Numbers with their least sure digit first, digits from left to right; audits evenly among them."""
    numbers: dict[str, list[ReviewItem]] = {}
    for item in sorted(items, key=lambda item: (item.top[0][1], item.item_id)):
        numbers.setdefault(item.number_id, []).append(item)
    groups = [sorted(group, key=lambda item: item.place) for group in numbers.values()]
    audits = [group for group in groups if all(item.reason == Reason.AUDIT for item in group)]
    ordered = [group for group in groups if group not in audits]
    for at, group in enumerate(audits, start=1):
        ordered.insert(at * (len(groups) + 1) // (len(audits) + 1), group)
    return [item for group in ordered for item in group]
