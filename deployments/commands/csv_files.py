"""The CSV files of `digits results`, each written completely or not at all, and the datapackage.json beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import typer

from digit_core.errors import InputError
from digit_core.results.csv_export import CsvFile, datapackage, numbers_csv
from digit_core.results.page_tables import by_page, file_name, wide_tables

TableSource = Callable[[], Iterator[pa.Table]]
_Described = tuple[CsvFile, str, tuple[str, ...]]


def write_csv(numbers: TableSource, file: Path | None, folder: Path | None) -> None:
    """Write all numbers as one CSV file, or into `folder` together with each page's tables.

    `numbers` yields tables of the schema CORRECTED, and may be called several times.
    """
    path = file if file is not None else (folder or Path()) / "numbers.csv"
    with _writing(path):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        whole = write_lines(path, numbers_csv(numbers()))
        wide = list(_write_tables(numbers(), folder)) if folder is not None else []
        beside = folder if folder is not None and file is None else path.parent
        package = json.dumps(datapackage(whole, wide if beside == folder else ()), indent=1, ensure_ascii=False)
        (beside / "datapackage.json").write_text(package, encoding="utf-8")
    typer.echo(f"{whole.rows:,} numbers in {path}, described in {beside / 'datapackage.json'}")
    if folder is not None:
        typer.echo(f"{len(wide):,} tables of pages in {folder}")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
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
    try:
        with part.open("wb") as output:
            for line in lines:
                data = line.encode()
                output.write(data)
                digest.update(data)
                size, count = size + len(data), count + 1
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return CsvFile(file.name, digest.hexdigest(), size, count)
