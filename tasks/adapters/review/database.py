"""The review database: its location, opening, and its errors as one line for the user.

A local SQLite file by default (with a write-ahead log, so that readers and a writer do not wait for each other), or PostgreSQL by
URL. Several processes may use one database at once.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from digit_core.errors import QueueError
from tasks.adapters.review.migrate import SCHEMA_VERSION, upgrade
from tasks.adapters.review.schema import ITEMS, SCHEMA

_MIGRATION_LOCK = 0x6469676974  # PostgreSQL's advisory locks are numbers; this one spells "digit"
_CLAIMS_LOCK = 0x6C656E64  # "lend"
_FORMS = "sqlite:////folder/review.db or postgresql://user:password@host/database"

_BETWEEN_TRIES = 0.05  # seconds between tries

CONNECTIONS = 20
"""Connections kept open by one process; ten more are opened under load."""

_ADVICE = (
    ("locked", "another program has locked it: wait until it ends, then run this again"),
    ("disk is full", "free space on that disk, then run this again; this step was not saved"),
    ("disk i/o", "check whether the disk is full or damaged, then run this again; this step was not saved"),
    ("no space left", "free space on the database's disk, then run this again; this step was not saved"),
    ("readonly", "give this user write permission there, or choose another queue"),
    ("read-only", "give this user write permission there, or choose another queue"),
    ("unable to open", "check that the folder exists and that this user may write there, or choose another queue"),
    ("not a database", "it is another kind of file: choose another queue, or restore a backup"),
    ("malformed", "the file is damaged: restore a backup, or choose another queue"),
    ("password", "check user and password in the queue's URL"),
    ("permission denied", "ask the database's owner for the right to create and write tables"),
    ("does not exist", "create it first, or correct the queue's URL"),
    ("connect", "check that the database server runs and that the queue's URL is right, then run this again"),
)


class Database:
    """The database at `url`; its tables are created or migrated when it is opened.

    `busy_seconds` is how long to wait for another writer or for a connection. The constructor and the methods raise QueueError if
    the database cannot be opened, or was made by a newer version of this program.
    """

    def __init__(self, url: str, busy_seconds: float) -> None:
        self._url = _parse(url)
        self.name = self._url.render_as_string(hide_password=True)
        self._turn, self._busy_seconds = threading.Lock(), busy_seconds
        self._together = threading.local()
        with self._one_line_errors():
            self._engine = _engine(self._url, busy_seconds)
            self._prepare()

    @property
    def is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        outer: Connection | None = getattr(self._together, "connection", None)
        with self._one_line_errors(), nullcontext(outer) if outer is not None else self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction, or within `together` a savepoint of its transaction; on SQLite nobody else writes meanwhile."""
        outer: Connection | None = getattr(self._together, "connection", None)
        if outer is not None:
            with self._one_line_errors(), outer.begin_nested():
                yield outer
            return
        immediate = self._engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with self._one_line_errors(), self._writers_turn(), immediate.begin() as connection:
            yield connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """Join all that this thread does by `writing` and `reading` meanwhile in one transaction."""
        with self.writing() as connection:
            self._together.connection = connection
            try:
                yield
            finally:
                self._together.connection = None

    @contextmanager
    def _writers_turn(self) -> Iterator[None]:
        """Let threads of this process write to SQLite one after the other: its own lock is polled and not fair."""
        if not self.is_sqlite:
            yield
            return
        if not self._turn.acquire(timeout=self._busy_seconds):
            raise QueueError(f"review queue {self.name}: it is busy; wait a little, then try again")
        try:
            yield
        finally:
            self._turn.release()

    def one_at_a_time(self, connection: Connection, name: str) -> None:
        """Wait until no other transaction that called this with the same name is open; on SQLite there is one writer anyway."""
        if not self.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CLAIMS_LOCK, sa.func.hashtext(name))))

    def insert_if_new(self, table: sa.Table, *key: str) -> Any:
        """Return an INSERT that leaves an existing row with this key as it is."""
        dialect = sqlite if self.is_sqlite else postgresql
        return dialect.insert(table).on_conflict_do_nothing(index_elements=key)

    def close(self) -> None:
        self._engine.dispose()

    def _prepare(self) -> None:
        if self._version() != SCHEMA_VERSION:
            with self.writing() as connection:
                if not self.is_sqlite:  # several processes may open a new queue at once: one creates it, the others wait
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
                upgrade(connection, self.name)

    def _version(self) -> int | None:
        with self._engine.connect() as connection:
            if not sa.inspect(connection).has_table(SCHEMA.name):
                return None
            return connection.scalar(sa.select(SCHEMA.c.version))

    @contextmanager
    def _one_line_errors(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise QueueError(_message(self._url, error)) from error
        except OSError as error:
            raise QueueError(f"review queue {self.name}: {error}; choose a place where this user may write") from error


def now() -> float:
    """Return the time in seconds since 1970, the only form of times that the database compares."""
    return time.time()


def locked(query: sa.Select[Any]) -> sa.Select[Any]:
    """Lock the items of this query, where the database locks rows (SQLite locks the whole file in `writing`)."""
    return query.with_for_update(of=ITEMS)


def locked_or_skipped(query: sa.Select[Any]) -> sa.Select[Any]:
    """Lock the items of this query, skipping items that another transaction holds instead of waiting."""
    return query.with_for_update(of=ITEMS, skip_locked=True)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except SQLAlchemyError as error:
        raise QueueError(f"the review queue's URL is invalid: write {_FORMS}") from error
    if parsed.drivername in {"postgres", "postgresql"}:  # SQLAlchemy would look for an older driver
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise QueueError(
            f"the review queue is stored in SQLite or PostgreSQL, not in {parsed.get_backend_name()}: write {_FORMS}"
        )
    if parsed.get_backend_name() == "sqlite" and (parsed.host or not parsed.database):
        raise QueueError(f"the review queue's URL {url} names no file: write {_FORMS}")
    return parsed


def _engine(url: URL, busy_seconds: float) -> Engine:
    if url.get_backend_name() == "postgresql":
        patience = {"connect_timeout": max(2, round(busy_seconds))}
        try:
            return sa.create_engine(url, pool_pre_ping=True, pool_size=CONNECTIONS, connect_args=patience)
        except ModuleNotFoundError as error:
            message = f"a review queue in PostgreSQL needs {error.name}: pip install 'archive-digits[postgres]'"
            raise QueueError(message) from error
    if url.database and not url.database.startswith("file:"):  # SQLite's own URI form, which can ask for read-only
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, pool_size=CONNECTIONS, connect_args={"timeout": busy_seconds})
    sa.event.listen(engine, "connect", partial(_configure_sqlite, busy_seconds))
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(busy_seconds: float, connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # The driver's own BEGIN is deferred, and a transaction that turns from reading to writing fails at once instead of waiting.
    # So it is switched off here and replaced by _begin_sqlite. `synchronous` stays FULL: what was put is on disk before the
    # caller goes on to publish its batch.
    connection.isolation_level = None
    cursor = connection.cursor()
    _keep_a_log(cursor, time.monotonic() + busy_seconds)
    cursor.close()


def _keep_a_log(cursor: DBAPICursor, until: float) -> None:
    """Switch to the write-ahead log; wait for another process that is creating the same database, which SQLite does not."""
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
        time.sleep(_BETWEEN_TRIES)


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


def _message(url: URL, error: SQLAlchemyError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    line = " ".join(str(cause).split("\n")[0].split())
    if url.password:
        line = line.replace(str(url.password), "***")
    advice = next((advice for word, advice in _ADVICE if word in line.lower()), "see the database's log")
    return f"review queue {url.render_as_string(hide_password=True)}: {line}; {advice}"
