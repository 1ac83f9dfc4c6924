"""The CSV files of `digits results`, each written completely or not at all, and the datapackage.json beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from deployments.commands.collection_pages import CollectionPages
from digit_core.errors import InputError
from digit_core.exports.csv_files import GUARDED, CsvFile, merged, package_of, resource
from digit_core.exports.long_table import long_csv, table_schema
from digit_core.exports.page_content import PageContent
from digit_core.exports.wide_tables import file_name, wide_tables
from digit_core.wording import counted

_LARGEST = 256_000_000
"""Bytes of a descriptor that is still looked into."""

_Described = tuple[CsvFile, str, tuple[str, ...]]


def write_csv(collection: CollectionPages, file: Path | None, folder: Path | None) -> None:
    """Write all numbers as one CSV file, or into `folder` together with each page's tables."""
    path = file if file is not None else (folder or Path()) / "numbers.csv"
    with writing(path):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        whole = write_lines(path, long_csv(collection.pages()))
        wide = [_resource(*one) for one in _write_tables(collection.pages(), folder)] if folder is not None else []
        beside = folder if folder is not None and file is None else path.parent
        describe(beside, package_of([resource(whole, table_schema()), *(wide if beside == folder else ())]))
    typer.echo(f"{counted(whole.rows, 'number')} in {path}, described in {beside / 'datapackage.json'}")
    if folder is not None:
        typer.echo(f"{counted(len(wide), 'table')} of pages in {folder}")


def _resource(file: CsvFile, title: str, columns: Sequence[str]) -> dict[str, Any]:
    """Describe a page's table: the names of its rows, a field for each column, and which of them wait for a person."""
    value = "Value of the number, or its text where it has none; '' where no number stands."
    first, *names, last = columns
    fields = [
        {"name": first, "type": "string", "description": f"Name of the row. {GUARDED}"},
        *({"name": name, "type": "any", "description": value} for name in names),
        {"name": last, "type": "string", "description": f"Columns whose number a person has still to decide. {GUARDED}"},
    ]
    return resource(file, {"fields": fields}) | {"title": title}


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


def _write_tables(pages: Iterable[PageContent], folder: Path) -> Iterator[_Described]:
    """Write one file for each grid of each page, and one for its zones."""
    for page in pages:
        for wide in wide_tables(page):
            file = write_lines(folder / file_name(page, wide.name), wide.csv().splitlines(keepends=True))
            yield file, f"{page.uri}, page {page.number}: {wide.name}", wide.head


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
