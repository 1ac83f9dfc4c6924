"""The review queue: digits that wait for a person, and people's decisions.

Only the package `tasks.adapters.review` knows the review database (SQLAlchemy): a local SQLite file, or PostgreSQL by URL.
Several processes may use one queue at once. Every public method is one transaction, and raises QueueError with one line that says
what is wrong and what to do next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from digit_core.errors import QueueError
from digit_core.readings import Reason, ReviewItem
from tasks.adapters.review.claims import Claims
from tasks.adapters.review.database import Database, locked, now
from tasks.adapters.review.decisions import Decisions, outcomes
from tasks.adapters.review.progress import ProgressCounts
from tasks.adapters.review.reviewers import Reviewers
from tasks.adapters.review.rows import digit_id, item_row, of_collection, picture_row, reviewed_row, to_item_with_pictures
from tasks.adapters.review.schema import DECIDED, ITEMS, OPEN, PICTURES, SOURCES, WITHDRAWN, only_of
from tasks.adapters.review.sharing import take_over
from tasks.adapters.review.statistics import Statistics
from tasks.adapters.review.writers import Writers

__all__ = ["OPEN", "ReviewQueue"]

_CHUNK = 500  # rows sent at once; bounds the memory of a put of any size

Result = TypeVar("Result")
Page = tuple[str, int]
"""SHA-256 of the scan's bytes and the page's index."""


class ReviewQueue:
    """A queue at `url`: `sqlite:///path/review.db` (folders are created) or `postgresql://user:password@host/database`.

    Opening it creates missing tables, and migrates older ones. `busy_seconds` is how long to wait for another writer or for a
    connection. Raises QueueError if the database cannot be opened, or was made by a newer version of this program. `claims` lends
    items, `decisions` stores decisions, `statistics` and `progress` count.
    """

    def __init__(self, url: str, busy_seconds: float = 30.0, clock: Callable[[], float] = now) -> None:
        self._database = Database(url, busy_seconds)
        self.name = self._database.name
        self.claims = Claims(self._database, clock)
        self.decisions = Decisions(self._database, clock)
        self.statistics = Statistics(self._database, clock)
        self.progress = ProgressCounts(self._database, clock)
        self.reviewers = Reviewers(self._database)
        self._writers = Writers(self._database)

    def put(self, items: Sequence[ReviewItem], pages: Sequence[Page] = (), source: str = "", collection: str = "") -> int:
        """Add the items, all or none; items already in the queue stay unchanged. Return how many were new.

        pages: those that were read anew; the collection's waiting items on them that are not among the new ones are withdrawn.
        source: the place of their scans; scans outside their collection's sources are not shown to reviewers. collection: that of
        the pages, "" for any. A waiting item that a pilot asks about becomes the pilot's. A digit that people have decided in
        another collection is decided in this one too, where the machine reads the same number.
        """
        # always in the same order: two processes that put the same items in different orders would deadlock
        ordered = sorted({item.item_id: item for item in items}.values(), key=lambda item: item.item_id)
        asked = Counter(item.number_id for item in ordered)
        created = datetime.now(UTC)
        new = 0
        with self._database.writing() as connection:
            self._database.one_at_a_time(connection, "put")  # so that two collections do not take the same id
            ordered = sorted(_with_own_ids(connection, ordered), key=lambda item: item.item_id)
            for start in range(0, len(ordered), _CHUNK):
                some = ordered[start : start + _CHUNK]
                insert = self._database.insert_if_new(ITEMS, "item_id").execution_options(preserve_rowcount=True)
                added = connection.execute(insert, [item_row(item, created, asked[item.number_id]) for item in some]).rowcount
                new += added
                if added < len(some):
                    _count_asked(connection, some, asked)
                connection.execute(self._database.insert_if_new(PICTURES, "item_id"), [picture_row(item) for item in some])
                _move(connection, WITHDRAWN, OPEN, ITEMS.c.item_id.in_([item.item_id for item in some]))
                if pilot := [item.item_id for item in some if item.reason == Reason.PILOT]:
                    waiting = sa.update(ITEMS).where(ITEMS.c.item_id.in_(pilot), ITEMS.c.state == OPEN)
                    connection.execute(waiting.values(reason=Reason.PILOT.value))
                if shared := [item.item_id for item in some if digit_id(item.item_id) != item.item_id]:
                    take_over(connection, shared)
            if source:
                known = [{"collection": name, "source": source} for name in sorted({item.collection for item in ordered})]
                if known:
                    connection.execute(self._database.insert_if_new(SOURCES, "collection", "source"), known)
            kept = {item.item_id for item in ordered}
            for page in sorted(pages):
                self._withdraw(connection, page, kept, collection)
        return new

    def sources(self, collection: str) -> list[str]:
        """List the places of the collection's scans."""
        query = sa.select(SOURCES.c.source).where(SOURCES.c.collection == collection).order_by(SOURCES.c.source)
        with self._database.reading() as connection:
            return list(connection.scalars(query))

    def counts(self, collection: str | None = None) -> dict[str, int]:
        """Count the items in each state, of one collection or of all."""
        query = sa.select(ITEMS.c.state, sa.func.count().label("items")).group_by(ITEMS.c.state)
        if collection is not None:
            query = query.where(ITEMS.c.collection == collection)
        with self._database.reading() as connection:
            return {row.state: row.items for row in connection.execute(query)}

    def collections(self) -> list[str]:
        """List the names of all collections, sorted."""
        with self._database.reading() as connection:
            return list(connection.scalars(sa.select(ITEMS.c.collection).distinct().order_by(ITEMS.c.collection)))

    def page(self, collection: str, limit: int = 50, after: str | None = None) -> list[ReviewItem]:
        """Return the next `limit` open items of a collection, lowest confidence first; `after` is the previous page's last
        item_id.

        Raises QueueError for an `after` that is not in the queue.
        """
        priority = sa.tuple_(ITEMS.c.confidence, ITEMS.c.item_id)
        query = (
            _with_pictures()
            .where(ITEMS.c.collection == collection, ITEMS.c.state == OPEN)
            .order_by(ITEMS.c.confidence, ITEMS.c.item_id)
            .limit(limit)
        )
        with self._database.reading() as connection:
            if after is not None:
                last = sa.tuple_(sa.literal(self._confidence(connection, after)), sa.literal(after))
                query = query.where(priority > last)
            return [to_item_with_pictures(row) for row in connection.execute(query).mappings()]

    def get(self, item_id: str) -> ReviewItem | None:
        """Return the item, in any state, or None if the queue never had it."""
        return next(iter(self.get_many([item_id])), None)

    def get_many(self, item_ids: Sequence[str]) -> list[ReviewItem]:
        """Return those of the items that the queue ever had, in the order asked."""
        with self._database.reading() as connection:
            rows = connection.execute(_with_pictures().where(ITEMS.c.item_id.in_(item_ids))).mappings()
            found = {row["item_id"]: to_item_with_pictures(row) for row in rows}
        return [found[item] for item in item_ids if item in found]

    def outcomes(self) -> Iterator[RowMapping]:
        """Yield the rows of all decided items, and of open ones of the same numbers, by item_id; a few in memory at a time."""
        return outcomes(self._database)

    def reviewed(self, collection: str, page: Page) -> list[dict[str, Any]]:
        """Return the items of a page that wait or are decided, as rows of the table REVIEWED."""
        here = (ITEMS.c.sha256 == page[0], ITEMS.c.page_index == page[1], only_of(ITEMS, collection))
        query = sa.select(ITEMS).where(*here, ITEMS.c.state.in_([OPEN, DECIDED])).order_by(ITEMS.c.item_id)
        with self._database.reading() as connection:
            return [reviewed_row(row) for row in connection.execute(query).mappings() if row["parts"]]

    def soon(self, job: Callable[[], Result]) -> Future[Result]:
        """Run a call of the queue's methods in a writer thread, together with others; its result or error comes as a future."""
        return self._writers.write(job)

    def picture(self, item_id: str, which: Literal["crop_png", "context_png"]) -> bytes | None:
        """Return a picture of the item as PNG, b"" if it has none, None if the queue never held the item."""
        with self._database.reading() as connection:
            found = connection.scalar(sa.select(PICTURES.c[which]).where(PICTURES.c.item_id == item_id))
        return None if found is None else bytes(found)

    def close(self) -> None:
        """Close the connections. A new ReviewQueue can open the queue again."""
        self._writers.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _withdraw(self, connection: Connection, page: Page, kept: set[str], collection: str) -> None:
        here = [ITEMS.c.sha256 == page[0], ITEMS.c.page_index == page[1], ITEMS.c.state == OPEN]
        here.append(ITEMS.c.reason != Reason.PILOT)  # which asks about its sample, whatever a run reads
        if collection:
            here.append(only_of(ITEMS, collection))
        waiting = sa.select(ITEMS.c.item_id).where(*here)
        gone = [item for item in connection.scalars(waiting) if item not in kept]
        for start in range(0, len(gone), _CHUNK):
            _move(connection, OPEN, WITHDRAWN, ITEMS.c.item_id.in_(gone[start : start + _CHUNK]))

    def _confidence(self, connection: Connection, item_id: str) -> float:
        confidence = connection.scalar(sa.select(ITEMS.c.confidence).where(ITEMS.c.item_id == item_id))
        if confidence is None:
            raise QueueError(f"review queue {self.name} has no item {item_id}: start again from the first page")
        return float(confidence)


def _with_pictures() -> sa.Select[Any]:
    columns = [PICTURES.c.crop_png, PICTURES.c.context_png, PICTURES.c.ink]
    return sa.select(ITEMS, *columns).join(PICTURES, PICTURES.c.item_id == ITEMS.c.item_id)


def _with_own_ids(connection: Connection, items: Sequence[ReviewItem]) -> Iterator[ReviewItem]:
    """Yield the items, those of digits that another collection asks for already under an id of their own."""
    for start in range(0, len(items), _CHUNK):
        some = items[start : start + _CHUNK]
        query = sa.select(ITEMS.c.item_id, ITEMS.c.collection).where(ITEMS.c.item_id.in_([item.item_id for item in some]))
        holder = {row.item_id: row.collection for row in connection.execute(query)}
        for item in some:
            taken = holder.get(item.item_id, item.collection) != item.collection
            yield replace(item, item_id=of_collection(item.item_id, item.collection)) if taken else item


def _count_asked(connection: Connection, items: Sequence[ReviewItem], asked: Mapping[str, int]) -> None:
    """Correct how many digits of the numbers are asked for, in items that were there already."""
    query = sa.select(ITEMS.c.item_id, ITEMS.c.number_id, ITEMS.c.asked).where(
        ITEMS.c.item_id.in_([item.item_id for item in items])
    )
    rows = connection.execute(locked(query.order_by(ITEMS.c.item_id))).all()
    changed = [{"item": row.item_id, "count": asked[row.number_id]} for row in rows if row.asked != asked[row.number_id]]
    if changed:
        update = sa.update(ITEMS).where(ITEMS.c.item_id == sa.bindparam("item")).values(asked=sa.bindparam("count"))
        connection.execute(update, changed)


def _move(connection: Connection, before: str, after: str, which: sa.ColumnElement[bool]) -> None:
    connection.execute(sa.update(ITEMS).where(which, ITEMS.c.state == before).values(state=after))
