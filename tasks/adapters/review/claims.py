"""Claims: numbers are lent as a whole to one reviewer at a time, and become free again when the time is up."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digit_core.readings import BLIND, Reason, ReviewItem
from digit_core.records import NOT_A_DIGIT
from tasks.adapters.review.database import Database, locked_or_skipped, now
from tasks.adapters.review.rows import to_item
from tasks.adapters.review.schema import DECISIONS, ITEMS, OPEN, STANDING, only_of

AUDITS_AMONG = 10
"""Ordinary items per audit in a batch; audits are spread, so that nobody knows which item is one."""

LARGEST_LOAN = 1_000
"""Greatest number of items lent at once, however long a number is."""

LONGEST_LEASE = 24 * 3600.0
"""Greatest duration of a loan in seconds."""

COUNTED = 500
"""Greatest number of items of each class that is counted to find the most frequent one."""

Query = sa.Select[tuple[str]]
Page = tuple[str, int]
"""SHA-256 of the scan's bytes and the page's index."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Items lent to a reviewer until `until` (seconds since 1970), without their pictures. `claim_id` identifies the loan."""

    claim_id: str
    until: float
    items: tuple[ReviewItem, ...]


class Claims:
    """Lends items to reviewers. `clock` returns seconds since 1970. Raises QueueError."""

    def __init__(self, database: Database, clock: Callable[[], float] = now) -> None:
        self._database = database
        self._clock = clock

    def numbers(self, collection: str, reviewer: str, size: int, lease: float) -> Claim:
        """Lend whole numbers with about `size` items, lowest confidence first, and audits mixed in."""
        with self._database.writing() as connection:
            self._database.one_at_a_time(connection, collection)
            free = self._free(collection, reviewer).order_by(ITEMS.c.confidence, ITEMS.c.item_id)
            audits = _ids(connection, free.where(ITEMS.c.reason == Reason.AUDIT).limit(max(1, size // AUDITS_AMONG)))
            ordinary = _ids(connection, free.where(ITEMS.c.reason != Reason.AUDIT).limit(size))
            if len(ordinary) < size // 2:  # the queue is almost empty: audits remain
                audits = _ids(connection, free.where(ITEMS.c.reason == Reason.AUDIT).limit(size - len(ordinary)))
            together = self._with_their_numbers(connection, [*ordinary, *audits], collection, reviewer)
            return self._lend(connection, together, reviewer, lease)

    def page_by_page(self, collection: str, reviewer: str, size: int, lease: float, page: Page | None = None) -> Claim:
        """Lend whole numbers with about `size` items, page after page in reading order, audits in their places; of `page` only,
        if it is given."""
        order = (ITEMS.c.uri, ITEMS.c.page_index, ITEMS.c.sha256, ITEMS.c.position, ITEMS.c.place)
        with self._database.writing() as connection:
            self._database.one_at_a_time(connection, collection)
            free = self._free(collection, reviewer)
            if page is not None:
                here = (ITEMS.c.sha256 == page[0], ITEMS.c.page_index == page[1])
                scans = list(connection.scalars(sa.select(ITEMS.c.uri).where(*here).distinct()))
                free = free.where(ITEMS.c.uri.in_(scans), *here)
            together = self._with_their_numbers(
                connection, _ids(connection, free.order_by(*order).limit(size)), collection, reviewer
            )
            lent = self._lend(connection, together, reviewer, lease)
        return replace(lent, items=tuple(sorted(lent.items, key=_reading_order)))

    def carpet(
        self, collection: str, reviewer: str, size: int, lease: float, sure_from: float, guess: int | None = None
    ) -> Claim:
        """Lend up to `size` items that the machine takes for the same digit with at least this confidence, each the only one that
        is asked of its number; no audits and no numbers of a pilot.

        guess: the class; by default the most frequent one.
        """
        with self._database.writing() as connection:
            self._database.one_at_a_time(connection, collection)
            chosen = guess if guess is not None else self._commonest(connection, collection, sure_from)
            found = []
            if chosen is not None:
                free = self._free(collection, reviewer).where(ITEMS.c.reason.not_in(BLIND), ITEMS.c.asked == 1)
                sure = free.where(ITEMS.c.guess == chosen, ITEMS.c.confidence >= sure_from)
                found = _ids(connection, sure.order_by(ITEMS.c.confidence, ITEMS.c.item_id).limit(size))
            return self._lend(connection, found, reviewer, lease)

    def release_all(self, reviewer: str) -> int:
        """Free all undecided items of the reviewer, whose page may have ended without saying so; return how many."""
        with self._database.writing() as connection:
            lent = sa.update(ITEMS).where(ITEMS.c.claimed_by == reviewer, ITEMS.c.state == OPEN)
            return connection.execute(lent.values(**FREE)).rowcount

    def release(self, claim_id: str, reviewer: str) -> int:
        """Free the undecided items of the reviewer's loan; return how many."""
        with self._database.writing() as connection:
            mine = (ITEMS.c.claim_id == claim_id, ITEMS.c.claimed_by == reviewer)
            lent = sa.update(ITEMS).where(*mine, ITEMS.c.state == OPEN)
            return connection.execute(lent.values(**FREE)).rowcount

    def _free(self, collection: str, reviewer: str) -> Query:
        """Select the items that may be lent to this reviewer."""
        mine = (ITEMS.c.collection == collection, ITEMS.c.state == OPEN, self._unclaimed(), _not_read_by(reviewer))
        return locked_or_skipped(sa.select(ITEMS.c.item_id).where(*mine))

    def _unclaimed(self) -> sa.ColumnElement[bool]:
        return sa.or_(ITEMS.c.claim_until.is_(None), sa.not_(ITEMS.c.claim_until.between(*loan_ends(self._clock()))))

    def _commonest(self, connection: Connection, collection: str, sure_from: float) -> int | None:
        """Return the most frequent class of the items for a carpet, None if there are none. Of each class some are counted."""
        alone = (ITEMS.c.collection == collection, ITEMS.c.state == OPEN, ITEMS.c.asked == 1, ITEMS.c.confidence >= sure_from)
        free = sa.select(ITEMS.c.guess).where(*alone, ITEMS.c.reason.not_in(BLIND), self._unclaimed())
        free = free.order_by(
            ITEMS.c.confidence, ITEMS.c.item_id
        )  # as the index has them: PostgreSQL chooses another one otherwise
        some = sa.union_all(
            *(sa.select(free.where(ITEMS.c.guess == guess).limit(COUNTED).subquery()) for guess in range(NOT_A_DIGIT + 1))
        ).subquery()
        return connection.scalar(sa.select(some.c.guess).group_by(some.c.guess).order_by(sa.func.count().desc(), some.c.guess))

    def _with_their_numbers(self, connection: Connection, ids: Sequence[str], collection: str, reviewer: str) -> list[str]:
        """Add the free items of the same numbers right beside each item."""
        numbers = list(connection.scalars(sa.select(ITEMS.c.number_id).where(ITEMS.c.item_id.in_(ids)).distinct()))
        siblings = locked_or_skipped(
            sa.select(ITEMS.c.item_id)
            .where(ITEMS.c.number_id.in_(numbers), only_of(ITEMS, collection), ITEMS.c.state == OPEN)
            .where(self._unclaimed(), _not_read_by(reviewer))
            .limit(LARGEST_LOAN)
        )
        return _ids(connection, siblings) if numbers else []

    def _lend(self, connection: Connection, ids: Sequence[str], reviewer: str, lease: float) -> Claim:
        claim_id, until = uuid.uuid4().hex, self._clock() + lease
        if not ids:
            return Claim(claim_id, until, ())
        values = {"claim_id": claim_id, "claimed_by": reviewer, "claim_until": until}
        lent = sa.update(ITEMS).where(ITEMS.c.item_id.in_(ids)).values(values).returning(ITEMS)
        rows = connection.execute(lent).mappings().all()
        return Claim(claim_id, until, tuple(_in_order([to_item(row) for row in rows])))


def loan_ends(now: float) -> tuple[float, float]:
    """Return the range in which a valid loan ends; one that ends later was made by a clock that was ahead."""
    return now, now + LONGEST_LEASE


FREE = {"claim_id": None, "claimed_by": None, "claim_until": None}
"""Values of an item that is not lent."""


def _not_read_by(reviewer: str) -> sa.ColumnElement[bool]:
    """Exclude items that this reviewer has decided: the second reader is another person."""
    return sa.not_(sa.exists().where(DECISIONS.c.item_id == ITEMS.c.item_id, DECISIONS.c.reviewer == reviewer, STANDING))


def _ids(connection: Connection, query: Query) -> list[str]:
    return list(connection.scalars(query))


def _reading_order(item: ReviewItem) -> tuple[str, int, str, int, str, int]:
    return item.uri, item.page_index, item.sha256, item.position, item.number_id, item.place


def _in_order(items: Sequence[ReviewItem]) -> list[ReviewItem]:
    """Order numbers by their lowest confidence, digits from left to right, audits spread evenly."""
    numbers: dict[str, list[ReviewItem]] = {}
    for item in sorted(items, key=lambda item: (item.top[0][1], item.item_id)):
        numbers.setdefault(item.number_id, []).append(item)
    groups = [sorted(group, key=lambda item: item.place) for group in numbers.values()]
    audits = [group for group in groups if all(item.reason == Reason.AUDIT for item in group)]
    ordered = [group for group in groups if group not in audits]
    for at, group in enumerate(audits, start=1):
        ordered.insert(at * (len(groups) + 1) // (len(audits) + 1), group)
    return [item for group in ordered for item in group]
