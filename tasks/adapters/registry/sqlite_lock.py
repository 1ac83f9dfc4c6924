"""Changes and locks of an SQLite database, from outside and without reading its tables."""

from __future__ import annotations

import fcntl
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_CLOCK_TICK = 0.05  # seconds; a file system may give the same time to two writes within a few milliseconds


class SqliteFile:
    """The database at `path`, which need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def written(self) -> str:
        """Return a text that changes with every write to the database; "" while there is none.

        It is made of the files' sizes and times. The files are not opened: closing one would drop the locks that SQLite holds on
        it elsewhere in this process (sqlite.org/howtocorrupt.html, 2.2).
        """
        files = [file for file in (self.path, self.path.with_name(f"{self.path.name}-wal")) if file.exists()]
        if any(time.time() - file.stat().st_mtime < _CLOCK_TICK for file in files):
            time.sleep(_CLOCK_TICK)
        facts = [(file.name, file.stat()) for file in files]
        return " ".join(f"{name}:{fact.st_ino}:{fact.st_size}:{fact.st_mtime_ns}" for name, fact in facts)

    @contextmanager
    def alone(self, busy_seconds: float) -> Iterator[None]:
        """Exclude other processes that use this method, and check that the file is an intact database that answers.

        Folders are created. Raises OSError if the place cannot be written, sqlite3.Error if the file is something else, is
        damaged, or stays locked by another program for `busy_seconds`.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_name(f"{self.path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with closing(sqlite3.connect(self.path, timeout=busy_seconds)) as connection:
                (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
                if verdict != "ok":
                    raise sqlite3.DatabaseError(f"the database is damaged: {verdict}")
            yield
