"""`digits results`"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import typer

from deployments.commands.stored import open_results
from deployments.commands.texts import print_table
from digit_core.errors import InputError
from digit_core.export import datapackage, numbers_csv
from flows.settings import load_settings
from tasks.adapters.results import Results
from tasks.adapters.reviewed import Reviewed
from tasks.adapters.storage import Storage

QUARANTINED = "quarantined"


def results(dest: str, state: str | None, limit: int, csv: Path | None) -> None:
    """Show the first rows, or write all as CSV."""
    stored = open_results(dest)
    if csv is None:
        _show(stored, state, limit)
    elif state == QUARANTINED:
        raise InputError("--csv writes numbers, and a quarantined page has none: leave --csv or --state quarantined away")
    else:
        _write(stored, state, csv)


def _show(stored: Results, state: str | None, limit: int) -> None:
    columns = _PAGE_COLUMNS if state == QUARANTINED else _NUMBER_COLUMNS
    where = pc.field("state") == QUARANTINED
    tables = stored.iter_batches("pages", where=where) if state == QUARANTINED else corrected_numbers(stored, state)
    rows = _first(tables, limit + 1)
    print_table(list(columns), ([show(row[name]) for name, show in columns.values()] for row in rows.slice(0, limit).to_pylist()))
    if rows.num_rows > limit:
        typer.echo(f"… the first {limit}; --limit shows more, --csv FILE writes all", err=True)
    _totals(stored)


def corrected_numbers(stored: Results, state: str | None = None) -> Iterator[pa.Table]:
    """The numbers with what people said of them, in tables CORRECTED; `state`: only those in it."""
    corrections = Reviewed(Storage(load_settings().storage_options), stored.dest).corrections()
    pages = stored.read("pages", ["sha256", "page_index"]) if len(corrections) else None
    there = zip(pages["sha256"].to_pylist(), pages["page_index"].to_pylist(), strict=True) if pages else ()
    for table in corrections.over(stored.iter_batches("numbers"), there):
        yield table if state is None else table.filter(pc.equal(table["state"], state))


def _from_one(index: int) -> str:
    return str(index + 1)


def _rounded(value: float) -> str:
    return f"{value:.3f}"


_Columns = Mapping[str, tuple[str, Callable[[Any], str]]]
_FILE: _Columns = {"file": ("uri", str), "page": ("page_index", _from_one)}
_NUMBER_COLUMNS: _Columns = {
    **_FILE,
    **{name: (name, str) for name in ("digits", "state", "x", "y", "w", "h")},
    "confidence": ("confidence", _rounded),
    "machine": ("machine_digits", str),
    "reviewer": ("reviewer", str),
}
_PAGE_COLUMNS: _Columns = {**_FILE, "reason": ("reason", str), "message": ("message", str)}


def _first(tables: Iterator[pa.Table], count: int) -> pa.Table:
    taken: list[pa.Table] = []
    for table in tables:
        taken.append(table)
        if sum(one.num_rows for one in taken) >= count:
            break
    return pa.concat_tables(taken).slice(0, count) if taken else pa.table({})


def _totals(stored: Results) -> None:
    """One line about all, from the table of pages."""
    totals = dict.fromkeys(("pages", "numbers", "digits", "to_review", "quarantined"), 0)
    for pages in stored.iter_batches("pages", ["state", "numbers", "digits", "to_review"]):
        totals["pages"] += pages.num_rows
        totals["quarantined"] += pc.sum(pc.equal(pages["state"], QUARANTINED)).as_py() or 0
        for name in ("numbers", "digits", "to_review"):
            totals[name] += pc.sum(pages[name]).as_py() or 0
    typer.echo(
        f"{totals['pages'] - totals['quarantined']:,} pages read, {totals['quarantined']:,} quarantined, "
        f"{totals['numbers']:,} numbers, {totals['digits']:,} digits, {totals['to_review']:,} for review"
    )


def _write(stored: Results, state: str | None, file: Path) -> None:
    """The CSV line by line, however many there are; then its description."""
    try:
        size, digest, rows = _write_lines(file, numbers_csv(corrected_numbers(stored, state)))
        package = json.dumps(datapackage(file.name, digest, size, rows), indent=1, ensure_ascii=False)
        file.with_name("datapackage.json").write_text(package, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror}; name a file in a folder that can be written") from error
    typer.echo(f"{rows:,} numbers in {file}, described in {file.with_name('datapackage.json')}")


def _write_lines(file: Path, lines: Iterable[str]) -> tuple[int, str, int]:
    """Returns the bytes, their SHA-256 and the rows without the header; the file is there whole or not at all."""
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
    return size, digest.hexdigest(), count
