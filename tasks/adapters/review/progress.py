"""Progress of the review by person and by page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from tasks.adapters.review.database import Database
from tasks.adapters.review.schema import DECIDED, DECISIONS, ITEMS, OPEN, STANDING
from tasks.adapters.review.sharing import DECIDED_ITSELF

MOST_PAGES = 200
"""Greatest number of pages that are listed."""

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class PersonProgress:
    """Digits of a collection that a person has decided, in all and in the last day."""

    reviewer: str
    decided: int
    today: int


@dataclass(frozen=True, slots=True)
class PageProgress:
    """Digits of a page that wait, and that are decided. `index` is from 0; `sha256`: of the scan's bytes."""

    uri: str
    sha256: str
    index: int
    open: int
    decided: int

    @property
    def page_id(self) -> str:
        """Return the name of the page in addresses of the view of numbers."""
        return f"{self.sha256}-{self.index}"


class ProgressCounts:
    """Counts of the queue. `clock` returns seconds since 1970. Raises QueueError."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def people(self) -> Mapping[str, list[PersonProgress]]:
        """Return for each collection all who decided something of it, the busiest first; none for one that is not a key."""
        lately = sa.func.sum(sa.case((DECISIONS.c.at > self._clock() - DAY, 1), else_=0))
        query = (
            sa.select(ITEMS.c.collection, DECISIONS.c.reviewer, sa.func.count().label("decided"), lately.label("today"))
            .join(ITEMS, ITEMS.c.item_id == DECISIONS.c.item_id)
            .where(STANDING)
            .group_by(ITEMS.c.collection, DECISIONS.c.reviewer)
            .order_by(sa.desc("decided"), DECISIONS.c.reviewer)
        )
        found: defaultdict[str, list[PersonProgress]] = defaultdict(list)
        with self._database.reading() as connection:
            for row in connection.execute(query):
                found[row.collection].append(PersonProgress(row.reviewer, row.decided, int(row.today)))
        return found

    def pages(self, collection: str) -> list[PageProgress]:
        """Return the pages of the collection on which something waits, by name; at most MOST_PAGES of them."""
        page = (ITEMS.c.uri, ITEMS.c.page_index, ITEMS.c.sha256)
        waiting = (
            sa.select(*page, sa.func.count().label("open"))
            .where(ITEMS.c.collection == collection, ITEMS.c.state == OPEN)
            .group_by(*page)
            .order_by(*page)
            .limit(MOST_PAGES)
        )
        done = (
            sa.select(*page, sa.func.count().label("decided"))
            .where(ITEMS.c.collection == collection, ITEMS.c.state == DECIDED)
            .group_by(*page)
        )
        with self._database.reading() as connection:
            rows = connection.execute(waiting).all()
            done = done.where(ITEMS.c.uri.in_({row.uri for row in rows}))
            decided = {(row.uri, row.page_index, row.sha256): row.decided for row in connection.execute(done)} if rows else {}
        return [
            PageProgress(row.uri, row.sha256, row.page_index, row.open, decided.get((row.uri, row.page_index, row.sha256), 0))
            for row in rows
        ]

    def shared(self, collection: str) -> int:
        """Count the digits of the collection whose decision is that of another collection, which holds the same scan."""
        query = sa.select(sa.func.count()).select_from(ITEMS)
        query = query.where(ITEMS.c.collection == collection, ITEMS.c.state == DECIDED, sa.not_(DECIDED_ITSELF))
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def read_by(self, collection: str, reviewer: str) -> int:
        """Count the digits that wait for another reader, because this one has read them."""
        query = (
            sa.select(sa.func.count())
            .select_from(DECISIONS)
            .join(ITEMS, ITEMS.c.item_id == DECISIONS.c.item_id)
            .where(DECISIONS.c.reviewer == reviewer, STANDING, ITEMS.c.collection == collection, ITEMS.c.state == OPEN)
        )
        with self._database.reading() as connection:
            return connection.scalar(query) or 0
