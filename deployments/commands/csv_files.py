"""The CSV files of `digits results`, each written completely or not at all, and the datapackage.json beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import typer

from digit_core.errors import InputError
from digit_core.results.csv_export import CsvFile, datapackage, merged, numbers_csv
from digit_core.results.page_tables import by_page, file_name, wide_tables

_LARGEST = 256_000_000
"""Bytes of a descriptor that is still looked into."""

TableSource = Callable[[], Iterator[pa.Table]]
_Described = tuple[CsvFile, str, tuple[str, ...]]


def write_csv(numbers: TableSource, file: Path | None, folder: Path | None) -> None:
    """Write all numbers as one CSV file, or into `folder` together with each page's tables.

    `numbers` yields tables of the schema CORRECTED, and may be called several times.
    """
    path = file if file is not None else (folder or Path()) / "numbers.csv"
    with writing(path):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        whole = write_lines(path, numbers_csv(numbers()))
        wide = list(_write_tables(numbers(), folder)) if folder is not None else []
        beside = folder if folder is not None and file is None else path.parent
        describe(beside, datapackage(whole, wide if beside == folder else ()))
    typer.echo(f"{whole.rows:,} numbers in {path}, described in {beside / 'datapackage.json'}")
    if folder is not None:
        typer.echo(f"{len(wide):,} tables of pages in {folder}")


def describe(folder: Path, package: dict[str, Any]) -> None:
    """Write datapackage.json; what it said before of other files that are still in the folder, it goes on to say."""
    file = folder / "datapackage.json"
    try:
        before = json.loads(file.read_bytes()) if file.is_file() and file.stat().st_size < _LARGEST else None
    except (ValueError, RecursionError):  # what is no descriptor describes nothing
        before = None
    whole = merged(package, before, lambda name: (folder / name).is_file())
    write_lines(file, [json.dumps(whole, indent=1, ensure_ascii=False)])


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise InputError, naming the file, for what the disk refuses."""
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; choose a folder that can be written") from error


def _write_tables(numbers: Iterable[pa.Table], folder: Path) -> Iterator[_Described]:
    """Write one file for each grid of each page, and one for its zones, while passing the tables through. All numbers of a page
    must be in the same table."""
    for table in numbers:
        for rows in by_page(table.to_pylist()):
            page = rows[0]
            for wide in wide_tables(rows):
                name = file_name(page["uri"], page["page_index"], page["sha256"], wide.name)
                file = write_lines(folder / name, wide.csv().splitlines(keepends=True))
                yield file, f"{page['uri']}, page {page['page_index'] + 1}: {wide.name}", wide.columns


def write_lines(file: Path, lines: Iterable[str]) -> CsvFile:
    """Write lines, the header first, to a CSV file; the file appears completely or not at all."""
    digest, size, count = hashlib.sha256(), 0, -1
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)  # left by a killed run; and no link leads out of the folder
    try:
        with part.open("xb") as output:
            for line in lines:
                data = line.encode()
                output.write(data)
                digest.update(data)
                size, count = size + len(data), count + 1
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return CsvFile(file.name, digest.hexdigest(), size, count)
