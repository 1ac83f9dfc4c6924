"""Index of a destination's manifests, however many: which batches exist, and which of their pages are current.

Kept in a private temporary database, so that memory is bounded however many pages there are. SQLite sorts the pages;
`digit_core.results.supersession` decides which are current, for a few thousand pages at a time, all pages of an object together.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from digit_core.partition import Share
from digit_core.readings import ReadBy
from digit_core.results.drift import Distribution
from digit_core.results.manifest import TableFile
from digit_core.results.supersession import PAGE, PageKeys, current, fingerprint, whole_objects
from tasks.adapters.results.snapshot import BatchRow
from tasks.adapters.results.spill import private_database

PAGES_AT_ONCE = 8192
"""Number of pages judged together, unless one object alone has more: a few MB of Python numbers."""

_TABLES = """
CREATE TABLE listed (name TEXT PRIMARY KEY, version TEXT) WITHOUT ROWID;
CREATE TABLE batches (
    id INTEGER PRIMARY KEY, name TEXT UNIQUE, version TEXT, seq INTEGER, run_id TEXT, key TEXT, reading INTEGER,
    first_uri TEXT, first_index INTEGER, quarantined INTEGER, shape TEXT, size INTEGER, ours INTEGER
);
CREATE TABLE files (batch INTEGER, name TEXT, path TEXT, sha256 TEXT, PRIMARY KEY (batch, name)) WITHOUT ROWID;
CREATE INDEX files_by_path ON files (path);
CREATE TABLE pages (
    batch INTEGER, position INTEGER, uri INTEGER, object INTEGER, content INTEGER, page INTEGER, count INTEGER,
    PRIMARY KEY (batch, position)
) WITHOUT ROWID;
CREATE TRIGGER forget AFTER DELETE ON batches BEGIN
    DELETE FROM files WHERE batch = OLD.id;
    DELETE FROM pages WHERE batch = OLD.id;
END;
CREATE TABLE ages (batch INTEGER PRIMARY KEY, age INTEGER, reading INTEGER);
CREATE TABLE worn (batch INTEGER, position INTEGER);
CREATE INDEX worn_by_batch ON worn (batch, position);
"""

_BY_URI = "CREATE INDEX IF NOT EXISTS pages_by_uri ON pages (uri, object, content, page, count)"
_IN_ORDER_OF_URI = """
SELECT uri, object, content, page, count, pages.batch, position, age, reading
FROM pages CROSS JOIN ages ON ages.batch = pages.batch ORDER BY uri
"""
_ROW = np.dtype([*PAGE.descr, ("batch", "i8"), ("position", "i4"), ("age", "i8"), ("reading", "i8")])
_COUNTED = np.dtype([("position", "i4"), ("uri", "i8"), ("index", "i4")])

_AGES = """
INSERT INTO ages SELECT id, row_number() OVER (ORDER BY seq, run_id, size DESC, key, id), reading FROM batches
"""
_STANDING = """
SELECT id, name, version, quarantined, size, ours - (SELECT count(*) FROM worn WHERE worn.batch = id)
FROM batches JOIN ages ON ages.batch = id ORDER BY first_uri, first_index, age
"""
_COUNTING = """
SELECT position, uri, page FROM pages WHERE batch = ?1
AND NOT EXISTS (SELECT 1 FROM worn WHERE worn.batch = ?1 AND worn.position = pages.position) ORDER BY position
"""
_CHANGED = """
DELETE FROM batches
WHERE NOT EXISTS (SELECT 1 FROM listed WHERE listed.name = batches.name AND listed.version = batches.version)
"""
_UNREAD = """
SELECT name, version FROM listed
WHERE name > ? AND NOT EXISTS (SELECT 1 FROM batches WHERE batches.name = listed.name) ORDER BY name LIMIT ?
"""
_HOW_MANY_UNREAD = """
SELECT count(*) FROM listed WHERE NOT EXISTS (SELECT 1 FROM batches WHERE batches.name = listed.name)
"""


@dataclass(frozen=True, slots=True)
class IndexedBatch:
    """A batch with the manifest `name`.

    counted: its current pages in the share (position, uri, index); None for all its pages.
    """

    name: str
    version: str
    files: Mapping[str, TableFile]
    quarantined: int
    counted: PageKeys | None

    def to_json(self) -> str:
        counted = None if self.counted is None else self.counted.tolist()
        files = {name: [file.path, file.sha256] for name, file in self.files.items()}
        return json.dumps([self.name, self.version, files, self.quarantined, counted])

    @staticmethod
    def from_json(text: str) -> IndexedBatch:
        name, version, files, quarantined, counted = json.loads(text)
        pages = None if counted is None else np.array([tuple(page) for page in counted], _COUNTED)
        return IndexedBatch(name, version, {one: TableFile(*file) for one, file in files.items()}, quarantined, pages)


class ManifestIndex:
    """Index of a destination's manifests, for the pages of a share. All methods may raise sqlite3.Error.

    Call `relist` first, then `add` for the `unread` ones; the other methods then use the listed manifests.
    """

    def __init__(self, share: Share) -> None:
        self._share = share
        self._database = private_database()
        self._database.executescript(_TABLES)
        self._aged = self._judged = True

    def relist(self, manifests: Iterable[tuple[str, str]]) -> None:
        """Set name and version of each existing manifest; removed or changed ones are forgotten."""
        with self._database:
            self._database.execute("DELETE FROM listed")
            self._database.executemany("INSERT OR REPLACE INTO listed VALUES (?, ?)", manifests)
            if self._database.execute(_CHANGED).rowcount:
                self._aged = self._judged = False

    def listed(self) -> Iterator[str]:
        """Yield the names of the manifests, sorted."""
        return (name for (name,) in self._database.execute("SELECT name FROM listed ORDER BY name"))

    def unread(self, at_once: int) -> Iterator[list[tuple[str, str]]]:
        """Yield names and versions of listed manifests that were not added, in chunks."""
        last = ""
        while some := self._database.execute(_UNREAD, (last, at_once)).fetchall():
            yield some
            last = some[-1][0]

    def lacks(self, rows: Iterable[BatchRow]) -> list[BatchRow]:
        """Return those of which the manifest is listed in the same version and was not added."""
        asked = "SELECT 1 FROM listed WHERE (name, version) = (?1, ?2) AND NOT EXISTS (SELECT 1 FROM batches WHERE name = ?1)"
        return [row for row in rows if self._database.execute(asked, (row.name, row.version)).fetchone()]

    def count_unread(self) -> int:
        """Return the number of listed manifests that were not added."""
        return int(self._database.execute(_HOW_MANY_UNREAD).fetchone()[0])

    def add(self, rows: Iterable[BatchRow]) -> None:
        """Add manifests; all of them or, after an error, none."""
        with self._database:
            for row in rows:
                self._aged = self._judged = False
                self._add(row)

    def _add(self, row: BatchRow) -> None:
        pages = row.pages[self._share.holds_hashes(row.pages["uri"])]
        values = (row.name, row.version, row.seq, row.run_id, row.key, row.reading, row.first_uri, row.first_index)
        rest = (row.quarantined, row.shape, len(row.pages), len(pages))
        insert = "INSERT INTO batches VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        batch = self._database.execute(insert, (*values, *rest)).lastrowid
        files = [(batch, one, file.path, file.sha256) for one, file in row.files().items()]
        self._database.executemany("INSERT INTO files VALUES (?, ?, ?, ?)", files)
        places = [(batch, position, *page) for position, page in enumerate(pages.tolist())]
        self._database.executemany("INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?, ?)", places)

    def newest_seq(self) -> int:
        """Return the greatest `seq` of all manifests; 0 without any."""
        return int(self._database.execute("SELECT coalesce(max(seq), 0) FROM batches").fetchone()[0])

    def shapes(self, but_not: str) -> Iterator[Distribution]:
        """Yield the distributions of all batches but those of one run, oldest first."""
        rows = self._database.execute("SELECT shape FROM batches WHERE run_id <> ? ORDER BY seq, run_id, key", (but_not,))
        return (Distribution.from_json(json.loads(shape)) for (shape,) in rows)

    def stands(self, name: str, version: str) -> bool:
        """Whether a manifest is listed in this version."""
        return bool(self._database.execute("SELECT 1 FROM listed WHERE (name, version) = (?, ?)", (name, version)).fetchone())

    def names(self, path: str) -> bool:
        """Whether a manifest names this file."""
        return bool(self._database.execute("SELECT 1 FROM files WHERE path = ?", (path,)).fetchone())

    def holds(self, pages: Iterable[tuple[str, int]]) -> bool:
        """Whether each of these pages, given as (uri, index from 0), is sealed in some batch."""
        self._age()
        asked = "SELECT 1 FROM pages WHERE uri = ? AND page = ?"
        return all(self._database.execute(asked, (fingerprint(uri), index)).fetchone() for uri, index in pages)

    def done(self, read_by: ReadBy) -> Iterator[int]:
        """Yield the fingerprints of `Results.done`, in no particular order."""
        reading = reading_of(read_by)
        for rows in self._objects():
            yield from whole_objects(rows[current(rows) & (rows["reading"] == reading)]).tolist()

    def batches(self) -> Iterator[IndexedBatch]:
        """Yield all batches in the order of the source."""
        self._judge()
        for batch, name, version, quarantined, size, counting in self._database.execute(_STANDING):
            found = self._database.execute("SELECT name, path, sha256 FROM files WHERE batch = ?", (batch,))
            files = {one: TableFile(*file) for one, *file in found}
            counted = None if counting == size else self._counted(batch)
            yield IndexedBatch(name, version, files, quarantined, counted)

    def _counted(self, batch: int) -> PageKeys:
        return np.array(self._database.execute(_COUNTING, (batch,)).fetchall(), _COUNTED)

    def _judge(self) -> None:
        """Determine which pages are superseded, unless known."""
        if self._judged:
            return
        self._age()
        with self._database:
            self._database.execute("DROP TABLE worn")
            self._database.execute("CREATE TABLE worn (batch INTEGER, position INTEGER)")
            for rows in self._objects():
                worn = rows[["batch", "position"]][~current(rows)].tolist()
                self._database.executemany("INSERT INTO worn VALUES (?, ?)", worn)
            self._database.execute("CREATE INDEX worn_by_batch ON worn (batch, position)")
        self._judged = True

    def _objects(self) -> Iterator[PageKeys]:
        """Yield the pages in chunks, oldest first; all pages of an object are in one chunk."""
        self._age()
        for rows in _with_whole_objects(self._database.execute(_IN_ORDER_OF_URI)):
            pages = np.array(rows, _ROW)
            yield pages[np.lexsort((pages["position"], pages["age"]))]

    def _age(self) -> None:
        """Sort the batches and their pages, unless sorted."""
        if not self._aged:
            with self._database:
                self._database.execute("DELETE FROM ages")
                self._database.execute(_AGES)
                self._database.execute(_BY_URI)
            self._aged = True


def reading_of(read_by: ReadBy) -> int:
    """Hash who read a page, without the run."""
    return fingerprint(*read_by.reading)


def _with_whole_objects(rows: sqlite3.Cursor) -> Iterator[Sequence[tuple[int, ...]]]:
    """Yield chunks of rows sorted by their first value, cut where that changes."""
    held: list[tuple[int, ...]] = []
    while some := rows.fetchmany(PAGES_AT_ONCE):
        held += some
        cut = len(held) - 1
        while cut and held[cut - 1][0] == held[-1][0]:
            cut -= 1
        if cut:
            yield held[:cut]
            held = held[cut:]
    if held:
        yield held
