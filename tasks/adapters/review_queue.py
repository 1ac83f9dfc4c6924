"""The review queue: digits that wait for a person. The only file that knows the review database (SQLAlchemy).

A local SQLite file by default (with a write-ahead log, so that readers and a writer do not wait for each other), or
PostgreSQL by URL. Several processes may use one queue at once. Every public method is one transaction, and raises
QueueError with one line that says what is wrong and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from digit_core.errors import QueueError
from digit_core.records import Box, ReviewItem

SCHEMA_VERSION = 1
OPEN = "open"

_CHUNK = 500  # rows sent at once: bounds the memory of a put, whatever its size
_CREATION_LOCK = 0x6469676974  # PostgreSQL's advisory locks are numbers; this one spells "digit"
_FORMS = "sqlite:////folder/review.db or postgresql://user:password@host/database"

_tables = sa.MetaData()
_schema = sa.Table("review_schema", _tables, sa.Column("version", sa.Integer, primary_key=True))
_items = sa.Table(
    "review_items",
    _tables,
    sa.Column("item_id", sa.String, primary_key=True),
    sa.Column("collection", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("confidence", sa.Double, nullable=False),  # of the best guess: the least sure come first
    sa.Column("guess", sa.Integer, nullable=False),  # the best guess: a class of 0 to 10, 10 = not a digit
    sa.Column("top", sa.JSON, nullable=False),  # [[class, probability], …], best first
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("uri", sa.String, nullable=False),
    sa.Column("sha256", sa.String, nullable=False),
    sa.Column("page_index", sa.Integer, nullable=False),
    sa.Column("number_id", sa.String, nullable=False),
    *(sa.Column(name, sa.Integer, nullable=False) for name in ("x", "y", "w", "h")),  # the box, in pixels of the scan
    sa.Column("model_version", sa.String, nullable=False),
    sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    sa.Column("crop_png", sa.LargeBinary, nullable=False),
    sa.Column("context_png", sa.LargeBinary, nullable=False),
    sa.Index("review_items_by_priority", "collection", "state", "confidence", "item_id"),
)

_ADVICE = (
    ("locked", "another program holds it: wait for that one to end, then run this again"),
    ("disk is full", "make room on that disk, then run this again; nothing of this step was kept"),
    ("disk i/o", "see whether that disk is full or damaged, then run this again; nothing of this step was kept"),
    ("no space left", "make room on the database's disk, then run this again; nothing of this step was kept"),
    ("readonly", "give this user the right to write there, or name another queue"),
    ("read-only", "give this user the right to write there, or name another queue"),
    ("unable to open", "see that the folder exists and that this user may write there, or name another queue"),
    ("not a database", "it is some other file: name another queue, or put a back-up in its place"),
    ("malformed", "the file is damaged: put a back-up in its place, or name another queue"),
    ("password", "see that user and password in the queue's URL are right"),
    ("permission denied", "ask the database's owner for the right to create and write tables"),
    ("does not exist", "create it first, or correct the queue's URL"),
    ("connect", "see that the database server runs and that the queue's URL is right, then run this again"),
)


class ReviewQueue:
    """A queue at `url`: `sqlite:///path/review.db` (folders are made) or `postgresql://user:password@host/database`.

    Opening it creates its tables where there are none. `busy_seconds` is how long to wait for another writer or for a
    connection. Raises QueueError if the database cannot be had, or was made by a newer version of this program.
    """

    def __init__(self, url: str, busy_seconds: float = 30.0) -> None:
        self._url = _parse(url)
        self.name = self._url.render_as_string(hide_password=True)
        with self._one_line_errors():
            self._engine = _engine(self._url, busy_seconds)
            self._prepare()

    def put(self, items: Sequence[ReviewItem]) -> int:
        """Add the items, all or none; those that are in the queue already stay as they are. Returns how many were new."""
        # Always in the same order: two processes that put the same items in different orders would lock each other out.
        ordered = sorted(items, key=lambda item: item.item_id)
        insert = self._insert_if_new().execution_options(preserve_rowcount=True)
        now = datetime.now(UTC)
        new = 0
        with self._writing() as connection:
            for start in range(0, len(ordered), _CHUNK):
                rows = [_row(item, now) for item in ordered[start : start + _CHUNK]]
                new += connection.execute(insert, rows).rowcount
        return new

    def counts(self, collection: str | None = None) -> dict[str, int]:
        """How many items are in each state, of one collection or of all."""
        query = sa.select(_items.c.state, sa.func.count().label("items")).group_by(_items.c.state)
        if collection is not None:
            query = query.where(_items.c.collection == collection)
        with self._reading() as connection:
            return {row.state: row.items for row in connection.execute(query)}

    def page(self, collection: str, limit: int = 50, after: str | None = None) -> list[ReviewItem]:
        """The next `limit` open items of a collection, least sure first; `after` is the last item_id of the page before.

        Raises QueueError for an `after` that is not in the queue.
        """
        priority = sa.tuple_(_items.c.confidence, _items.c.item_id)
        query = (
            sa.select(_items)
            .where(_items.c.collection == collection, _items.c.state == OPEN)
            .order_by(_items.c.confidence, _items.c.item_id)
            .limit(limit)
        )
        with self._reading() as connection:
            if after is not None:
                last = sa.tuple_(sa.literal(self._confidence(connection, after)), sa.literal(after))
                query = query.where(priority > last)
            return [_item(row) for row in connection.execute(query).mappings()]

    def get(self, item_id: str) -> ReviewItem | None:
        """The item, in whatever state, or None if the queue never held it."""
        with self._reading() as connection:
            row = connection.execute(sa.select(_items).where(_items.c.item_id == item_id)).mappings().first()
        return _item(row) if row else None

    def close(self) -> None:
        """Give the connections back. The queue can be opened anew by a new ReviewQueue."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _confidence(self, connection: Connection, item_id: str) -> float:
        confidence = connection.scalar(sa.select(_items.c.confidence).where(_items.c.item_id == item_id))
        if confidence is None:
            raise QueueError(f"review queue {self.name} holds no item {item_id}: start again from the first page")
        return float(confidence)

    def _insert_if_new(self) -> sa.Insert:
        if self._engine.dialect.name == "sqlite":
            return sqlite.insert(_items).on_conflict_do_nothing(index_elements=["item_id"])
        return postgresql.insert(_items).on_conflict_do_nothing(index_elements=["item_id"])

    def _prepare(self) -> None:
        """Create the tables, or see that those that are there are of this version."""
        if not sa.inspect(self._engine).has_table(_schema.name):
            self._create()
        with self._engine.connect() as connection:
            version = connection.scalar(sa.select(_schema.c.version))
        if version is None or version > SCHEMA_VERSION:
            raise QueueError(
                f"review queue {self.name} has schema version {version}, and this program knows up to {SCHEMA_VERSION}: "
                "install a newer archive-digits, or name another queue"
            )

    def _create(self) -> None:
        """Safe when several processes open a new queue at once: one creates, the others wait and find it done."""
        with self._writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CREATION_LOCK)))
            if not sa.inspect(connection).has_table(_schema.name):
                _tables.create_all(connection)
                connection.execute(_schema.insert().values(version=SCHEMA_VERSION))

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._one_line_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._one_line_errors(), self._engine.execution_options(sqlite_begin="BEGIN IMMEDIATE").begin() as connection:
            yield connection

    @contextmanager
    def _one_line_errors(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise QueueError(_message(self._url, error)) from error
        except OSError as error:
            raise QueueError(f"review queue {self.name}: {error}; name a place where this user may write") from error


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except SQLAlchemyError as error:
        raise QueueError(f"the review queue's URL cannot be understood: write {_FORMS}") from error
    if parsed.drivername in {"postgres", "postgresql"}:  # SQLAlchemy would look for an older driver
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise QueueError(f"the review queue lives in SQLite or PostgreSQL, not in {parsed.get_backend_name()}: write {_FORMS}")
    if parsed.get_backend_name() == "sqlite" and (parsed.host or not parsed.database):
        raise QueueError(f"the review queue's URL {url} names no file: write {_FORMS}")
    return parsed


def _engine(url: URL, busy_seconds: float) -> Engine:
    if url.get_backend_name() == "postgresql":
        return sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": max(2, round(busy_seconds))})
    if url.database and not url.database.startswith("file:"):  # SQLite's own URI form, which can ask for read-only
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": busy_seconds})
    sa.event.listen(engine, "connect", _configure_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # The driver's own BEGIN is deferred, and a transaction that turns from reading to writing fails at once instead of
    # waiting. So it is taken away here, and given by _begin_sqlite. `synchronous` stays FULL: what was put is on disk
    # before the caller goes on to publish its batch.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


def _message(url: URL, error: SQLAlchemyError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    line = " ".join(str(cause).split("\n")[0].split())
    if url.password:
        line = line.replace(str(url.password), "***")
    advice = next((advice for word, advice in _ADVICE if word in line.lower()), "see the database's log")
    return f"review queue {url.render_as_string(hide_password=True)}: {line}; {advice}"


def _row(item: ReviewItem, created: datetime) -> dict[str, Any]:
    guess, confidence = item.top[0]
    box = {"x": item.box.x, "y": item.box.y, "w": item.box.w, "h": item.box.h}
    plain = {name: getattr(item, name) for name in _PLAIN}
    top = [[int(label), float(probability)] for label, probability in item.top]
    return {**plain, **box, "top": top, "guess": int(guess), "confidence": float(confidence), "state": OPEN, "created": created}


def _item(row: Mapping[Any, Any]) -> ReviewItem:
    top = tuple((label, probability) for label, probability in row["top"])
    return ReviewItem(**{name: row[name] for name in _PLAIN}, box=Box(row["x"], row["y"], row["w"], row["h"]), top=top)


_PLAIN = (
    "item_id",
    "uri",
    "sha256",
    "page_index",
    "number_id",
    "reason",
    "collection",
    "model_version",
    "crop_png",
    "context_png",
)
