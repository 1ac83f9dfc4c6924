"""The command `digits results`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import typer

from deployments.commands.csv_files import write_csv
from deployments.commands.open_results import open_results
from deployments.commands.tables import print_table
from digit_core.errors import InputError
from flows.settings import load_settings
from tasks.adapters.results.dataset import Results
from tasks.adapters.results.reviewed import Reviewed
from tasks.adapters.storage.storage import Storage

QUARANTINED = "quarantined"


def results(dest: str, state: str | None, limit: int, csv: Path | None, tables: Path | None = None) -> None:
    """Print the first rows, or write all as CSV: one file, or a folder with a file for each page's tables too."""
    stored = open_results(dest)
    if csv is None and tables is None:
        _show(stored, state, limit)
    elif state == QUARANTINED:
        raise InputError("CSV files contain numbers, and a quarantined page has none: leave out --state quarantined")
    else:
        write_csv(lambda: corrected_numbers(stored, state), csv, tables)


def _show(stored: Results, state: str | None, limit: int) -> None:
    columns = _PAGE_COLUMNS if state == QUARANTINED else _NUMBER_COLUMNS
    where = pc.field("state") == QUARANTINED
    tables = (
        stored.iter_batches("pages", where=where)
        if state == QUARANTINED
        else map(_worth_a_line, corrected_numbers(stored, state))
    )
    rows = _first(tables, limit + 1)
    print_table(list(columns), ([show(row[name]) for name, show in columns.values()] for row in rows.slice(0, limit).to_pylist()))
    if rows.num_rows > limit:
        typer.echo(f"… the first {limit}; --limit shows more, --csv FILE writes all", err=True)
    _totals(stored)


def corrected_numbers(stored: Results, state: str | None = None) -> Iterator[pa.Table]:
    """Yield the numbers as corrected by reviewers, in tables of the schema CORRECTED; only those in `state` if given."""
    corrections = Reviewed(Storage(load_settings().storage_options), stored.dest).corrections()
    for table in corrections.over(stored.iter_batches("numbers"), stored.pages()):
        yield table if state is None else table.filter(pc.equal(table["state"], state))


def _worth_a_line(table: pa.Table) -> pa.Table:
    """Drop the cells of forms that are blank or hold a dash and need no review."""
    return table.filter(pc.or_(pc.not_equal(table["digits"], ""), pc.equal(table["state"], "review")))


def _from_one(index: int) -> str:
    return str(index + 1)


def _or_nothing(text: str | None) -> str:
    """Return "" for a value that results of earlier schemas lack."""
    return text or ""


def _value(value: float | None) -> str:
    return "" if value is None else f"{value:.12g}"


def _rounded(value: float) -> str:
    return f"{value:.3f}"


_Columns = Mapping[str, tuple[str, Callable[[Any], str]]]
_FILE: _Columns = {"file": ("uri", str), "page": ("page_index", _from_one)}
_NUMBER_COLUMNS: _Columns = {
    **_FILE,
    "text": ("text", _or_nothing),
    "value": ("value", _value),
    "kind": ("kind", _or_nothing),
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
    """Print one line of totals, from the table of pages."""
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
