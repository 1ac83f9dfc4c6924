"""A page between detection and classification: an Arrow table with one row per number, and the pixels around them.

Detection and classification of a page run in different processes. The detections are passed on in two files, so that the process
that distributes the work never holds them, and no scan is decoded a second time for the review pictures.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from digit_core.records import (
    Box,
    Cell,
    CellState,
    Crops,
    Form,
    NumberString,
    PageDigits,
    PageFound,
    PageRef,
    RightPage,
    ScanWindow,
)

_PLAIN = tuple(one.name for one in fields(NumberString) if one.name not in ("boxes", "cell"))
_SIDE = 28
_CLASSES = 11
_WINDOW = pa.list_(pa.int64(), 5)
"""Place of a window's first pixel in the file of pixels, then x, y, width and height on the scan."""


@dataclass(frozen=True, slots=True, eq=False)
class KeptPage:
    """Detections of a page, and for each of its numbers the window of the scan around it."""

    found: PageFound
    windows: tuple[ScanWindow, ...]


def keep_page(path: Path, found: PageFound, windows: Sequence[ScanWindow]) -> None:
    """Write the detections of a page to `path`, and beside it the pixels of these windows of the scan, one per number.

    Numbers may share a window. Raises OSError where the files cannot be written.
    """
    places = _write_pixels(_pixels_of(path), windows)
    table = to_table(found).append_column("window", pa.array(places, _WINDOW))
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def kept_page(path: Path) -> KeptPage:
    """Load what `keep_page` wrote. Pixels are read from the disk only when they are used."""
    with pa.OSFile(str(path), "rb") as source:
        table = pa.ipc.open_file(source).read_all()
    kept = _pixels_of(path)
    pixels = np.memmap(kept, np.uint8, "r") if kept.stat().st_size else np.empty(0, np.uint8)
    return KeptPage(from_table(table), tuple(_window(pixels, *place) for place in table["window"].to_pylist()))


def forget_page(path: Path) -> None:
    """Remove both files."""
    path.unlink(missing_ok=True)
    _pixels_of(path).unlink(missing_ok=True)


def _pixels_of(path: Path) -> Path:
    return path.with_suffix(".pixels")


def _write_pixels(path: Path, windows: Sequence[ScanWindow]) -> list[tuple[int, int, int, int, int]]:
    """Write each window once, however many numbers share it; return the place of each."""
    starts: dict[int, int] = {}
    with path.open("wb") as file:
        for window in windows:
            if id(window) not in starts:
                starts[id(window)] = file.tell()
                file.write(np.ascontiguousarray(window.pixels).data)
    return [(starts[id(one)], one.x, one.y, one.pixels.shape[1], one.pixels.shape[0]) for one in windows]


def _window(pixels: NDArray[np.uint8], start: int, x: int, y: int, width: int, height: int) -> ScanWindow:
    return ScanWindow(x, y, pixels[start : start + width * height].reshape(height, width))


def to_table(found: PageFound) -> pa.Table:
    """Build a table with one row per number: its fields, and lists of boxes, crops and evidence with one entry per digit.

    The fields of the whole page are JSON in the schema's metadata, under `page`.
    """
    digits = found.digits
    numbers = digits.numbers
    offsets = pa.array(np.cumsum([0, *(len(number.boxes) for number in numbers)]), pa.int32())
    boxes = np.array([(box.x, box.y, box.w, box.h) for number in numbers for box in number.boxes], np.int32).reshape(-1, 4)
    evidence = np.empty((0, _CLASSES), np.float32) if digits.evidence is None else digits.evidence
    columns = {
        **{name: pa.array([getattr(number, name) for number in numbers]) for name in _PLAIN},
        "cell": pa.array([json.dumps(asdict(number.cell)) if number.cell else None for number in numbers], pa.string()),
        "boxes": pa.ListArray.from_arrays(offsets, pa.FixedSizeListArray.from_arrays(pa.array(boxes.ravel()), 4)),
        "crops": pa.ListArray.from_arrays(offsets, _crop_array(digits.crops)),
        "evidence": pa.ListArray.from_arrays(
            offsets if digits.evidence is not None else pa.array([0] * (len(numbers) + 1), pa.int32()),
            pa.FixedSizeListArray.from_arrays(pa.array(evidence.ravel(), pa.float32()), _CLASSES),
        ),
    }
    page = {
        "ref": asdict(found.ref),
        "size": (found.width, found.height, found.dpi),
        "skew": digits.skew,
        "form": asdict(digits.form) if digits.form else None,
        "right": asdict(digits.right) if digits.right else None,
        "evidence": digits.evidence is not None,
    }
    return pa.table(columns, metadata={"page": json.dumps(page)})


def from_table(table: pa.Table) -> PageFound:
    """Rebuild the page that `to_table` was given."""
    page = json.loads(table.schema.metadata[b"page"])
    table = table.combine_chunks()
    flat = {name: _flat(table[name]) for name in ("boxes", "crops", "evidence")}
    boxes = [Box(*row) for row in flat["boxes"].flatten().to_numpy().reshape(-1, 4).tolist()]
    bounds = np.cumsum([0, *(len(row) for row in table["boxes"].to_pylist())]).tolist()
    plain = zip(*(table[name].to_pylist() for name in _PLAIN), strict=True)
    numbers = tuple(
        NumberString(boxes=tuple(boxes[start:end]), cell=_cell(cell), **dict(zip(_PLAIN, values, strict=True)))
        for values, cell, start, end in zip(plain, table["cell"].to_pylist(), bounds[:-1], bounds[1:], strict=True)
    )
    evidence = flat["evidence"].flatten().to_numpy().reshape(-1, _CLASSES) if page["evidence"] else None
    digits = PageDigits(numbers, _crops(flat["crops"]), page["skew"], evidence, _form(page["form"]), right=_right(page["right"]))
    width, height, dpi = page["size"]
    return PageFound(PageRef(**page["ref"]), width, height, dpi, digits)


def _form(values: dict[str, Any] | None) -> Form | None:
    return Form(**values) if values else None


def _right(values: dict[str, Any] | None) -> RightPage | None:
    return RightPage(**{**values, "form": _form(values["form"])}) if values else None


def _flat(column: pa.ChunkedArray) -> pa.Array:
    """Return the entries of all rows of a list column."""
    chunks = [chunk.flatten() for chunk in column.chunks]
    return pa.concat_arrays(chunks) if chunks else pa.array([], column.type.value_type)


def _crop_array(crops: Crops) -> pa.Array:
    return pa.Array.from_buffers(pa.binary(_SIDE * _SIDE), len(crops), [None, pa.py_buffer(np.ascontiguousarray(crops))])


def _crops(entries: pa.Array) -> Crops:
    return np.frombuffer(b"".join(entries.to_pylist()), np.uint8).reshape(-1, _SIDE, _SIDE)


def _cell(text: str | None) -> Cell | None:
    if text is None:
        return None
    values: dict[str, Any] = json.loads(text)
    return Cell(**{**values, "state": CellState(values["state"]), "box": Box(**values["box"])})
