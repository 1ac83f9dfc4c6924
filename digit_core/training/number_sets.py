"""Number sets: collections of numbers with known text, as one Parquet file each; errors in one are reported by row.

Columns of the file:

- `text` (string): the number as it is written; spaces are ignored, and a character that is not in ALPHABET counts as "?".
- `image` (binary): a JPEG or PNG of the number, dark ink on lighter paper; or in its place `strokes` (list of strokes, each a
list of [x, y], y growing upwards): the path of a pen.
- `split` (string): "train" is trained on, "dev" is for choosing between trainings, "measure" is only ever measured.
- `writer` (string, optional): the writer, page or station; all numbers of a writer belong to one split.

The file's metadata may have `licence` and `source`, which go into the model card.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from digit_core.errors import InputError
from digit_core.inference.network_spec import CHARACTERS
from digit_core.records import Grey

ALPHABET = CHARACTERS
"""Characters of a number: `"` is a ditto mark, `?` any other character."""

TRAIN, DEV, MEASURE = "train", "dev", "measure"

_SPLITS = (TRAIN, DEV, MEASURE)
_ALIKE = str.maketrans(
    {"=": "-", "–": "-", "—": "-", "−": "-", "~": "-", "·": ".", "’": "'", "′": "'", "″": '"', "”": '"', "„": '"'}
)
_NAMED = 5  # rows that a message names for each fault

Strokes = tuple[NDArray[np.float32], ...]
"""Each (n, 2): x to the right, y upwards."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledNumber:
    """One number: its text in ALPHABET, its writer, and its picture (encoded) or its strokes."""

    text: str
    writer: str
    picture: bytes | None
    strokes: Strokes | None

    @property
    def digits(self) -> str:
        """Return the digits of the text."""
        return digits_of(self.text)

    def pixels(self) -> Grey:
        """Decode the picture in grey: (height, width) uint8, 0 black. Raises InputError when it is broken or there is none."""
        pixels = None if self.picture is None else decoded(self.picture)
        if pixels is None:
            raise InputError(f"the number {self.text!r} of {self.writer or 'an unnamed writer'} has no picture that can be read")
        return pixels


@dataclass(frozen=True, slots=True, eq=False)
class NumberSet:
    """A set that was read and checked: its name (the file's, without suffix), terms, credit, SHA-256, and rows by split."""

    name: str
    licence: str
    source: str
    sha256: str
    rows: dict[str, tuple[LabelledNumber, ...]]

    def of(self, split: str) -> tuple[LabelledNumber, ...]:
        """Return the rows of a split, in the file's order; empty where there are none."""
        return self.rows.get(split, ())

    @property
    def drawn(self) -> bool:
        """Whether it has strokes instead of pictures."""
        return any(row.strokes is not None for rows in self.rows.values() for row in rows)


def in_alphabet(text: str) -> str:
    """Return a text without spaces, every character outside of ALPHABET as `?`."""
    plain = "".join(text.split()).translate(_ALIKE)
    return "".join(character if character in ALPHABET else "?" for character in plain)


def digits_of(text: str) -> str:
    """Return the digits 0 to 9 of a text."""
    return "".join(character for character in text if character in "0123456789")


def read_number_set(path: Path, learn: bool = False) -> NumberSet:
    """Read and check a set; `learn`: it must have rows to train on.

    Raises InputError that names what is wrong and where: no such file, no Parquet, a column missing or of another type, no rows,
    rows without text, with an unknown split or a broken picture, a writer in two splits.
    """
    data = _bytes(path)
    table = _table(path, data)
    texts = [in_alphabet(text or "") for text in table["text"].to_pylist()]
    splits = table["split"].to_pylist()
    writers = table["writer"].to_pylist() if "writer" in table.column_names else [""] * len(texts)
    pictures = table["image"].to_pylist() if "image" in table.column_names else [None] * len(texts)
    strokes = table["strokes"].to_pylist() if "strokes" in table.column_names else [None] * len(texts)
    rows = [LabelledNumber(*row) for row in zip(texts, (w or "" for w in writers), pictures, map(_strokes, strokes), strict=True)]
    _check(path, rows, splits)
    found = {split: tuple(row for row, its in zip(rows, splits, strict=True) if its == split) for split in _SPLITS}
    if learn and not found[TRAIN]:
        raise InputError(f"{path} has no row whose split is {TRAIN!r}: there is nothing to train on; evaluate with it instead")
    metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items() if key != b"ARROW:schema"}
    licence, source = metadata.get("licence", ""), metadata.get("source", "")
    return NumberSet(path.stem, licence, source, hashlib.sha256(data).hexdigest(), found)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"the number set {path} cannot be read: {error.strerror}; give a Parquet file") from error


def _table(path: Path, data: bytes) -> pa.Table:
    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"the number set {path} is not a complete Parquet file; write it again") from error
    have = set(table.column_names)
    missing = [name for name in ("text", "split") if name not in have]
    missing += [] if have & {"image", "strokes"} else ["image (or strokes)"]
    if missing:
        raise InputError(f"the number set {path} lacks the columns {', '.join(missing)}; it has {', '.join(sorted(have))}")
    for name in sorted({"text", "split", "writer", "image", "strokes"} & have):
        if not _of_right_type(name, table.schema.field(name).type):
            raise InputError(f"the column {name} of the number set {path} is of type {table.schema.field(name).type}")
    if table.num_rows == 0:
        raise InputError(f"the number set {path} has no rows")
    return table


def _of_right_type(name: str, type_: pa.DataType) -> bool:
    if name == "image":
        return bool(pa.types.is_binary(type_) or pa.types.is_large_binary(type_))
    if name == "strokes":
        return bool(
            pa.types.is_list(type_) and pa.types.is_list(type_.value_type) and pa.types.is_list(type_.value_type.value_type)
        )
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _strokes(strokes: Sequence[Sequence[Sequence[float]]] | None) -> Strokes | None:
    """Convert the strokes; None where there are none; a stroke that is not made of pairs of numbers becomes empty."""
    if strokes is None:
        return None
    arrays = (np.array([point for point in stroke or () if point and len(point) == 2], np.float32) for stroke in strokes)
    return tuple(array.reshape(-1, 2) for array in arrays)


def _check(path: Path, rows: Sequence[LabelledNumber], splits: Sequence[str | None]) -> None:
    faults = {
        "no text": [i for i, row in enumerate(rows) if not row.text],
        f"a split that is none of {', '.join(_SPLITS)}": [i for i, split in enumerate(splits) if split not in _SPLITS],
        "neither a picture nor strokes that can be read": [i for i, row in enumerate(rows) if not _readable(row)],
    }
    where: dict[str, set[str | None]] = {}
    for row, split in zip(rows, splits, strict=True):
        where.setdefault(row.writer, set()).add(split)
    torn = {writer for writer, its in where.items() if writer and len(its) > 1}
    faults["a writer who is in two splits"] = [i for i, row in enumerate(rows) if row.writer in torn]
    said = [f"{what}: {_named(indices)}" for what, indices in faults.items() if indices]
    if said:
        raise InputError(f"the number set {path} has rows (counted from 0) with {'; with '.join(said)}; correct or remove them")


def _readable(row: LabelledNumber) -> bool:
    if row.strokes is not None:
        return any(len(stroke) and np.isfinite(stroke).all() for stroke in row.strokes)
    return row.picture is not None and decoded(row.picture) is not None


def decoded(picture: bytes) -> Grey | None:
    """Decode a JPEG or PNG in grey: (height, width) uint8, 0 black; None where it is broken."""
    if not picture:
        return None
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    return None if pixels is None else np.asarray(pixels, np.uint8)


def _named(indices: Iterable[int]) -> str:
    indices = list(indices)
    more = f" and {len(indices) - _NAMED} more" if len(indices) > _NAMED else ""
    return ", ".join(map(str, indices[:_NAMED])) + more
