"""Synthetic ledger pages whose every number is known: for the demo, the tests and the benchmark.

The content comes from `content`, the handwriting from `pen`, the form from `form`, the wear from `degradation`. The same seed,
page number and style give the same page. All warps are applied to points before they are inked, so boxes are exact.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator, default_rng

from digit_core.errors import InputError
from digit_core.records import Box, Grey
from digit_core.synthesis.degradation import Tones, blacken_outside, tones_drawn_by, worn
from digit_core.synthesis.glyph_paths import Floats
from digit_core.synthesis.ledger.content import STYLES, LedgerEntry, PageStyle, entries, writers
from digit_core.synthesis.ledger.form import Ledger, PageWarp, PrintStyle, lay, print_form
from digit_core.synthesis.pen import Writer, digit_boxes, draw_number, ink, make_writer

__all__ = [
    "STYLES",
    "PageStyle",
    "ScribedPage",
    "TruthRow",
    "Writer",
    "draw_number",
    "make_writer",
    "to_jpeg",
    "truth_csv",
    "write_page",
    "write_pages",
]

_JPEG_QUALITY = 90
_LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class TruthRow:
    """A number on a page: printed names of its row and column, its text, its digits, and the box of its digits.

    The box is in pixels of the page, origin top left. A point between two digits is inside it, a leading point is not.
    """

    row: str
    column: str
    text: str
    digits: str
    certain: int
    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True, eq=False)
class ScribedPage:
    """A page as a scanner would see it, and its true numbers."""

    pixels: Grey
    truth: tuple[TruthRow, ...]
    dpi: int
    tones: Tones
    skew: float  # degrees, positive clockwise


def write_page(seed: int, page: int, style: PageStyle = STYLES["ledger"]) -> ScribedPage:
    """Write the page of that number in the set of that seed. Raises InputError for a negative seed or page number."""
    _check_numbers(seed, page)
    # separate streams: what is written stays the same when only the wear changes
    form, pen, wear = (default_rng([seed, page, stream]) for stream in range(3))
    ledger = Ledger.fitting(style.dpi, style.rows, style.columns, float(form.uniform(9, 11.5)))
    warp = _warp(ledger, style.difficulty, wear)
    printed = print_form(ledger, PrintStyle.drawn_by(form), warp)
    written = np.zeros_like(printed)
    truth = []
    for entry in entries(ledger, style, writers(seed, style, pen), pen):
        traces = [trace.mapped(warp) for trace in entry.traces]
        patch, at = ink(traces)
        lay(written, patch, at.x, at.y)
        if any(character.isdigit() for character in entry.text):
            truth.append(_truth_row(entry, Box.around(digit_boxes(traces))))
    pixels = worn(printed, written, style.difficulty, wear)
    if warp.scale < 1:
        blacken_outside(pixels, warp(_corners(ledger)), wear)
    return ScribedPage(pixels, tuple(truth), style.dpi, tones_drawn_by(form), warp.skew)


def truth_csv(rows: Iterable[TruthRow]) -> str:
    """Format one line per number, with a header; the columns of the transcribed truth and then the box."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(TruthRow))
    writer.writerows(astuple(row) for row in rows)
    return text.getvalue()


def to_jpeg(page: ScribedPage, colour: bool = True) -> bytes:
    """Encode the page as JPEG bytes with its resolution set."""
    pixels = cv2.LUT(cv2.merge([page.pixels] * 3), page.tones[None]) if colour else page.pixels
    done, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise InputError(f"a page of {page.pixels.shape} pixels cannot be encoded as JPEG; lower the dpi")
    return _with_dpi(encoded.tobytes(), page.dpi)


def write_pages(folder: Path, pages: int, seed: int, style: PageStyle = STYLES["ledger"], first: int = 0) -> list[Path]:
    """Write pages `first` to `first + pages - 1` of a set as FOLDER/<stem>.jpg and FOLDER/truth/<stem>.csv; return the JPEGs.

    A file is complete or absent, and a page that exists has its truth. Raises InputError where nothing can be written.
    """
    if pages < 1:
        raise InputError(f"the number of pages must be at least 1, not {pages}")
    _check_numbers(seed, first)
    _check_numbers(seed, first + pages - 1)
    try:
        (folder / "truth").mkdir(parents=True, exist_ok=True)
        return [_write_files(folder, seed, page, style) for page in range(first, first + pages)]
    except OSError as error:
        raise InputError(
            f"cannot write pages into {folder}: {error.strerror or error}; choose a folder that can be written"
        ) from error


def _write_files(folder: Path, seed: int, number: int, style: PageStyle) -> Path:
    stem = f"ledger-{seed:04d}-{number:04d}"
    page = write_page(seed, number, style)
    image = folder / f"{stem}.jpg"
    _write_whole(folder / "truth" / f"{stem}.csv", truth_csv(page.truth).encode())
    _write_whole(image, to_jpeg(page, style.colour))
    return image


def _write_whole(path: Path, data: bytes) -> None:
    # the leading dot hides the unfinished file from a listing of the folder
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _with_dpi(jpeg: bytes, dpi: int) -> bytes:
    """Set the resolution in the JFIF header (unit, x and y density at bytes 13 to 17), for which OpenCV has no option."""
    if jpeg[6:11] != b"JFIF\0":
        raise ValueError("OpenCV wrote a JPEG without a JFIF header")
    return jpeg[:13] + b"\x01" + dpi.to_bytes(2, "big") * 2 + jpeg[18:]


def _check_numbers(seed: int, page: int) -> None:
    for name, value in (("seed", seed), ("page number", page)):
        if not 0 <= value <= _LARGEST_SEED:
            raise InputError(f"the {name} must be a whole number from 0 to {_LARGEST_SEED}, not {value}")


def _truth_row(entry: LedgerEntry, box: Box) -> TruthRow:
    digits = entry.text.replace(".", "")
    return TruthRow(entry.row, entry.column, entry.text, digits, 1, box.x, box.y, box.w, box.h)


def _warp(ledger: Ledger, difficulty: float, rng: Generator) -> PageWarp:
    skew = float(rng.uniform(-1.5, 1.5) * np.sqrt(difficulty))
    bow = float(rng.uniform(-1, 1) * difficulty * 0.004 * ledger.height)
    scale = 0.965 if difficulty > 0 and rng.random() < 0.4 else 1.0
    return PageWarp(ledger.width, ledger.height, skew, bow, scale)


def _corners(ledger: Ledger) -> Floats:
    return np.array([[0, 0], [ledger.width, 0], [ledger.width, ledger.height], [0, ledger.height]], np.float64)
