"""What really stands on a page: a CSV per page, as a person or the scribe wrote it, or the transcription of a page in ALTO or
PAGE-XML.

Columns: row, column, text, digits, certain (1, or 0 for overwritten and unclear numbers), and, where the place of each
number is known, x, y, w, h of its box in pixels of the page. Further columns are left alone. A text without a digit, such as
the sign for "the same as above", has no digits.

Of a transcription the lines (or the words that have a place of their own) that hold a number alone are the page's numbers. Lines
that have digits among words are left out of the score, as uncertain ones are; in all other places no number is to be found.
"""

from __future__ import annotations

import csv
import io
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from digit_core.errors import InputError
from digit_core.evaluation.transcriptions import TranscribedLine, read_transcription
from digit_core.records import Box

COLUMNS = ("row", "column", "text", "digits", "certain")
BOX_COLUMNS = ("x", "y", "w", "h")
TRANSCRIPTION = ".xml"
_ENDINGS = (".csv", TRANSCRIPTION)


@dataclass(frozen=True, slots=True)
class TruthNumber:
    """One true number.

    digits: with leading zeros, without the point; text: as written, with its marks, "" if unknown; box: None if its place is
    unknown.
    """

    row: str
    column: str
    digits: str
    certain: bool = True
    box: Box | None = None
    text: str = ""

    def __post_init__(self) -> None:
        if not are_digits(self.digits, self.text):
            raise ValueError(f"a true number is made of the digits 0 to 9, not {self.digits!r}")

    @property
    def marked(self) -> bool:
        """Tell whether its text or value is known besides its digits."""
        return any(not character.isdigit() and not character.isspace() for character in self.text)


@dataclass(frozen=True, slots=True)
class PageTruth:
    """The true numbers of one page. `name` is the page's file stem, `source` the file that the truth was read from.

    With `boxes`, every number on the page is listed with its place; without, the list may cover part of the page only.
    """

    name: str
    source: str
    numbers: tuple[TruthNumber, ...]
    boxes: bool = False

    def __post_init__(self) -> None:
        if any((number.box is not None) != self.boxes for number in self.numbers):
            raise ValueError("either all true numbers of a page have a box or none has")


def read_truth(path: Path) -> tuple[PageTruth, ...]:
    """The truth in a CSV, ALTO or PAGE-XML file, or in all such files of a folder, in the order of their names.

    Raises InputError for a path that is not there, a folder without such files, two files for one page, and a bad file.
    """
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in _ENDINGS and not file.name.startswith("."))
        if not files:
            raise InputError(
                f"no CSV files of true numbers in {path}, and no ALTO or PAGE-XML; write one per page, named as the page: "
                "page.png -> page.csv"
            )
    elif path.is_file():
        files = [path]
    else:
        raise InputError(f"no true numbers at {path}: there is no such file or folder; check the path")
    _require_one_file_per_page(files)
    return tuple(_read_page(file) for file in files)


def _read_page(file: Path) -> PageTruth:
    if file.suffix.lower() != TRANSCRIPTION:
        return parse_truth(file.read_bytes(), str(file))
    numbers = tuple(number for line in read_transcription(file) for number in _transcribed(line))
    return PageTruth(page_stem(str(file)), str(file), numbers, boxes=True)


def _transcribed(line: TranscribedLine) -> Iterator[TruthNumber]:
    """The numbers of a line; its name in the file stands for the row."""
    for part in line.words or (line,):
        certain = part.is_number
        if certain or any(character.isdigit() for character in part.text):
            digits = part.digits or "0"  # of an uncertain one they do not count
            yield TruthNumber(part.name or line.name, "", digits, certain, _around(part), part.text if certain else "")


def _around(line: TranscribedLine) -> Box:
    """The smallest box around its outline, a pixel at least."""
    left, top = (math.floor(side) for side in line.outline.min(axis=0))
    right, bottom = (math.ceil(side) for side in line.outline.max(axis=0))
    return Box(left, top, max(1, right - left), max(1, bottom - top))


def parse_truth(data: bytes, source: str) -> PageTruth:
    """Parse one CSV file (UTF-8); `source` names it and, by its stem, the page.

    Raises InputError naming the file, the line and the column of the first error.
    """
    reader = csv.DictReader(io.StringIO(_text(data, source), newline=""), strict=True)
    try:
        header = tuple(reader.fieldnames or ())
        boxes = _check_header(header, source)
        numbers = tuple(_number(row, f"{source}, line {reader.line_num}", boxes) for row in reader)
    except csv.Error as error:
        line = reader.reader.line_num  # the outer reader's own count lags behind when a value contains a line break
        raise InputError(f"{source}, line {line}: not a CSV file: {error}; check the quotes") from error
    return PageTruth(page_stem(source), source, numbers, boxes)


def are_digits(digits: str, text: str) -> bool:
    """Tell whether these can be the digits of a true number: 0 to 9, and none only where its text has none."""
    if not digits:
        return bool(text) and not any(character.isdigit() for character in text)
    return digits.isascii() and digits.isdecimal()


def page_stem(uri: str) -> str:
    """Return the name without folders and suffix; composed Unicode, because some file systems decompose letters."""
    return unicodedata.normalize("NFC", Path(uri).stem)


def _require_one_file_per_page(files: list[Path]) -> None:
    seen: dict[str, Path] = {}
    for file in files:
        other = seen.setdefault(page_stem(file.name), file)
        if other is not file:
            raise InputError(f"two files have the true numbers of one page: {other} and {file}; keep one of them")


def _text(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{source}, line {line}: byte {error.start} is not UTF-8; save the file as CSV in UTF-8") from error


def _check_header(header: tuple[str, ...], source: str) -> bool:
    """Return True if the header names boxes."""
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise InputError(f"{source}, line 1: the column {twice[0]!r} occurs twice; remove one")
    boxes = any(name in header for name in BOX_COLUMNS)
    missing = [name for name in (*COLUMNS, *(BOX_COLUMNS if boxes else ())) if name not in header]
    if missing:
        wanted = ",".join(COLUMNS)
        raise InputError(f"{source}, line 1: no column {missing[0]!r}; the first line must be {wanted} with commas between")
    return boxes


def _number(row: dict[str, str | None], where: str, boxes: bool) -> TruthNumber:
    cells = dict(_cells(row, where))
    if not are_digits(cells["digits"], cells["text"]):
        raise InputError(f"{where}, column digits: {cells['digits']!r} is not made of the digits 0 to 9")
    if cells["certain"] not in ("0", "1"):
        raise InputError(f"{where}, column certain: {cells['certain']!r} is neither 1 nor 0 (0: leave it out of the score)")
    box = _box(cells, where) if boxes else None
    return TruthNumber(cells["row"], cells["column"], cells["digits"], cells["certain"] == "1", box, cells["text"])


def _cells(row: dict[str, str | None], where: str) -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        if name is None:  # csv's key for values beyond the last column
            raise InputError(f"{where}, after the last column: more cells than the first line names; quote cells with commas")
        if value is None:
            raise InputError(f"{where}, column {name}: the line ends before it; write all cells")
        yield name, value.strip()


def _box(cells: dict[str, str], where: str) -> Box:
    sides = []
    for name in BOX_COLUMNS:
        try:
            sides.append(int(cells[name]))
        except ValueError:
            raise InputError(f"{where}, column {name}: {cells[name]!r} is not a whole number of pixels") from None
        if name in ("w", "h") and sides[-1] <= 0:
            raise InputError(f"{where}, column {name}: a box needs a positive size, not {sides[-1]}")
    return Box(*sides)
