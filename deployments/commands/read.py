"""The command `digits read`."""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from deployments.cli.errors import one_line
from deployments.commands.local_reader import read_files, spec_of
from deployments.commands.tables import print_table
from digit_core.dates import dates_on
from digit_core.imaging.rotation import quarters_of
from digit_core.readings import PageRead, Reading, one_number
from digit_core.records import Box, PageFailure
from flows.options import RunOptions
from flows.settings import load_settings

COLUMNS = ("file", "page", "position", "value", "unit", "state", "confidence", "text", "kind", "digits", "x", "y", "w", "h")
CELL_COLUMNS = ("zone", "row", "column", "date", "cell", "checks")
"""Additional columns with a layout."""

STDIN = "-"
_SOME_FAILED = 1

RowFields = dict[str, Any]


def read(images: Sequence[str], options: RunOptions, strip: bool, form: str, model: Path | None = None) -> int:
    """Print the numbers on the images in the given format; return the exit code, 1 if an image could not be read."""
    settings = load_settings().replaced_by(options)
    failed = False
    rows: list[RowFields] = []
    with tempfile.TemporaryDirectory() as folder:
        files = [_file(image, Path(folder)) for image in images]
        spec = spec_of(settings, model)
        for image, pages in zip(images, read_files(files, spec, settings, strip), strict=True):
            for page in pages:
                if isinstance(page, PageFailure):
                    failed = True
                    typer.echo(f"digits: {one_line(image)}: {one_line(page.message)}", err=True)
                else:
                    _say_if_turned(image, page)
                    rows += _rows(image, page, strip)
    _PRINTERS[form](rows, (*COLUMNS, *CELL_COLUMNS) if settings.layout else COLUMNS)
    return _SOME_FAILED if failed else 0


def _say_if_turned(image: str, page: PageRead) -> None:
    """Report a turned page on standard error, apart from the rows."""
    if quarters := quarters_of(page.skew):
        place = f" page {page.ref.index + 1}" if page.ref.count > 1 else ""
        typer.echo(
            f"digits: {one_line(image)}{place}: rotated by {90 * quarters} degrees, and read upright; "
            "boxes are in pixels of the scan as it lies",
            err=True,
        )


def _file(image: str, folder: Path) -> Path:
    if image != STDIN:
        return Path(image)
    path = folder / "stdin"
    path.write_bytes(sys.stdin.buffer.read())
    return path


def _rows(image: str, page: PageRead, strip: bool) -> Iterator[RowFields]:
    if strip:
        page = replace(page, readings=(one_number(page),))
    for position, (reading, date) in enumerate(zip(page.readings, dates_on(page), strict=True)):
        yield {
            "file": image,
            "page": page.ref.index + 1,
            "position": position,
            "value": reading.value,
            "unit": reading.unit,
            "state": reading.state.value,
            "confidence": round(reading.confidence, 6),
            "text": reading.text,
            "kind": reading.kind.value,
            "digits": reading.digits,
            **_box(reading.box),
            "printed": round(reading.printed, 4),
            **_cell(reading),
            "date": date,
            "parts": [{"digit": part.digit, "confidence": round(part.confidence, 6), **_box(part.box)} for part in reading.parts],
        }


def _cell(reading: Reading) -> RowFields:
    """Return the zone, row, column, cell state and checks of a number in a form or ruled table."""
    cell = reading.cell
    place = {name: getattr(cell, name) if cell else "" for name in ("zone", "row", "column")}
    return {**place, "cell": cell.state.value if cell else "", "checks": reading.checks}


def _box(box: Box) -> RowFields:
    return {"x": box.x, "y": box.y, "w": box.w, "h": box.h}


def _print_csv(rows: Sequence[RowFields], columns: Sequence[str]) -> None:
    writer = csv.DictWriter(sys.stdout, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _print_json(rows: Sequence[RowFields], _: Sequence[str]) -> None:
    typer.echo(json.dumps(rows, indent=1))


def _print_table(rows: Sequence[RowFields], columns: Sequence[str]) -> None:
    print_table(columns, (["" if row[name] is None else row[name] for name in columns] for row in rows))


_PRINTERS = {"table": _print_table, "csv": _print_csv, "json": _print_json}
