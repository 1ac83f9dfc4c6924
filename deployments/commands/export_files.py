"""Files of an export: each there whole or not at all, right in one folder, under a name that no other page has."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from digit_core.errors import InputError
from digit_core.exports.page_content import PageContent

_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST = 100
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})


class ExportFolder:
    """A folder that pages are exported to. Names that were given are kept in a temporary database, not in memory."""

    def __init__(self, folder: Path, taken: Iterable[str] = ()) -> None:
        """Make the folder; taken: stems of files that are no page's. Raises InputError where it cannot be made."""
        self.path = folder
        with _told(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._names = sqlite3.connect("")
        self._names.execute("CREATE TABLE names (name TEXT PRIMARY KEY) WITHOUT ROWID")
        self._names.executemany("INSERT INTO names VALUES (?)", [(name,) for name in taken])

    def name_of(self, page: PageContent) -> str:
        """A file's stem for this page: its scan's, of several pages with the number of this one; other pages of the same name
        have a part of a hash behind it. Whatever the scan is called, the name leads to no other folder.
        """
        several = f"-{page.number}" if page.count > 1 else ""
        return self._free(f"{_safe(PurePosixPath(page.uri).stem)}{several}", f"{page.uri}\n{page.sha256}\n{page.number}")

    def name_of_scan(self, page: PageContent) -> str:
        """The same for the file of all pages of a scan."""
        return self._free(_safe(PurePosixPath(page.uri).stem), f"{page.uri}\n{page.sha256}")

    def _free(self, name: str, identity: str) -> str:
        if self._is_new(name):
            return name
        longer = f"{name}-{hashlib.sha256(identity.encode(errors='surrogatepass')).hexdigest()[:12]}"
        self._is_new(longer)
        return longer

    def _is_new(self, name: str) -> bool:
        """Disks may hold two spellings of a name to be one."""
        key = unicodedata.normalize("NFC", name).casefold()
        return self._names.execute("INSERT OR IGNORE INTO names VALUES (?)", (key,)).rowcount > 0

    def write(self, name: str, data: bytes) -> None:
        """Write a file."""
        self.put(name, lambda part: _write(part, [data]))

    def write_texts(self, name: str, texts: Iterable[str]) -> None:
        """Write a file in UTF-8, text by text."""
        self.put(name, lambda part: _write(part, (text.encode("utf-8", "replace") for text in texts)))

    def put(self, name: str, fill: Callable[[Path], object]) -> None:
        """Let `fill` write a hidden file, and give it its name when it is whole. Raises InputError where it cannot be written."""
        file = self.path / name
        part = file.with_name(f".{name}.part")
        with _told(file):
            part.unlink(missing_ok=True)  # left by a killed export; and no link leads out of the folder
            try:
                fill(part)
                part.replace(file)
            finally:
                part.unlink(missing_ok=True)


def _write(part: Path, pieces: Iterable[bytes]) -> None:
    with part.open("xb") as output:
        for piece in pieces:
            output.write(piece)


def _safe(stem: str) -> str:
    """Letters, figures, points, hyphens and low lines only; no hidden file, none that Windows keeps for devices."""
    plain = _UNSAFE.sub("-", unicodedata.normalize("NFC", stem))[:_LONGEST].strip("-.") or "page"
    while len(plain.encode()) > 2 * _LONGEST:
        plain = plain[:-1]
    return f"{plain}_" if plain.partition(".")[0].casefold() in _RESERVED else plain


@contextmanager
def _told(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot write {place}: {error.strerror or error}; name a folder that can be written") from error
