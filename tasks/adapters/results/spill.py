"""Private temporary SQLite databases for data that may be too large for memory.

`sqlite3.connect("")` gives a database that nobody else can open. It lives in SQLite's cache, moves to an unnamed file once it
outgrows that, and disappears with its connection, even when the process is killed (sqlite.org/inmemorydb.html).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TypeVar

from digit_core.errors import StorageError

T = TypeVar("T")

CACHE_KIB = 4096
"""Greatest memory of a database before it continues in a file."""

_PREFIX = "etilqs_"  # prefix of SQLite's temporary files (sqlite.org/tempfiles.html)
_BYTES_A_PAGE = 200
"""Bytes per page; the greatest measured value was 183 (tests/benchmarks/scale.py)."""


def private_database() -> sqlite3.Connection:
    """Open an empty private database. Any thread may use it, one at a time."""
    database = sqlite3.connect("", check_same_thread=False)
    database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    database.execute("PRAGMA temp_store = FILE")  # sort in files too, however SQLite was built
    database.execute("PRAGMA secure_delete = OFF")  # nobody can read the deleted data
    return database


@contextmanager
def explained() -> Iterator[None]:
    """Convert SQLite's errors: raises StorageError, naming the folder, where there is no room for a temporary database."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explanation(error) from error


def _explanation(error: sqlite3.Error) -> StorageError:
    folder = temporary_folder()
    full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return StorageError(
        f"{f'no space left in {folder}' if full else f'{folder} cannot be used ({error})'} for temporary files, about "
        f"{_BYTES_A_PAGE} bytes for each page of the results: free some space there, or set TMPDIR to a folder that has it, "
        "then run again; what is finished will not be done twice"
    )


def temporary_folder() -> str:
    """Return the folder of SQLite's temporary files in this process if it can be found (Linux), else a description of it.

    SQLite uses SQLITE_TMPDIR, else TMPDIR, /var/tmp, /usr/tmp or /tmp, as they were when it was loaded.
    """
    for handle in Path("/proc/self/fd").glob("*"):
        with suppress(OSError):  # closed meanwhile
            if (file := handle.readlink()).name.startswith(_PREFIX):
                return str(file.parent)
    return "the temporary folder"


class Shelf:
    """A sequence of texts of any length; only a few are in memory. Immutable once filled."""

    def __init__(self, texts: Iterable[str]) -> None:
        with explained():
            self._database = private_database()
            with self._database:
                self._database.execute("CREATE TABLE shelf (text TEXT)")
                self._database.executemany("INSERT INTO shelf VALUES (?)", ((text,) for text in texts))

    def __iter__(self) -> Iterator[str]:
        with explained():
            yield from (text for (text,) in self._database.execute("SELECT text FROM shelf ORDER BY rowid"))

    def __len__(self) -> int:
        return _number(self._database, "SELECT count(*) FROM shelf")


class Fingerprints:
    """A set of fingerprints of any size; only a few are in memory. Any thread may use it, one at a time."""

    def __init__(self, prints: Iterable[int]) -> None:
        with explained():
            self._database = private_database()
            with self._database:
                self._database.execute("CREATE TABLE unsorted (print INTEGER)")
                self._database.executemany("INSERT INTO unsorted VALUES (?)", ((one,) for one in prints))
                self._database.execute("CREATE TABLE prints (print INTEGER PRIMARY KEY)")
                self._database.execute("INSERT OR IGNORE INTO prints SELECT print FROM unsorted ORDER BY print")
                self._database.execute("DROP TABLE unsorted")

    def __contains__(self, one: int) -> bool:
        try:  # no context manager: it would double the time of the look-up
            return self._database.execute("SELECT 1 FROM prints WHERE print = ?", (one,)).fetchone() is not None
        except sqlite3.Error as error:
            raise _explanation(error) from error

    def __iter__(self) -> Iterator[int]:
        with explained():
            yield from (one for (one,) in self._database.execute("SELECT print FROM prints"))

    def __len__(self) -> int:
        return _number(self._database, "SELECT count(*) FROM prints")


def chunks(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of `size`, in order."""
    left = iter(things)
    while some := list(islice(left, size)):
        yield some


def _number(database: sqlite3.Connection, question: str) -> int:
    with explained():
        return int(database.execute(question).fetchone()[0])
