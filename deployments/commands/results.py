"""The command `digits results`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import typer

from deployments.commands.collection_pages import CollectionPages
from deployments.commands.csv_files import write_csv
from deployments.commands.open_results import open_results
from deployments.commands.tables import print_table
from digit_core.errors import InputError
from digit_core.wording import counted
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
        settings = load_settings()
        write_csv(CollectionPages(stored, Storage(settings.storage_options), settings, state), csv, tables)


def _show(stored: Results, state: str | None, limit: int) -> None:
    columns = _PAGE_COLUMNS if state == QUARANTINED else _NUMBER_COLUMNS
    where = pc.field("state") == QUARANTINED
    tables = (
        stored.iter_batches("pages", where=where)
        if state == QUARANTINED
        else map(_worth_a_line, corrected_numbers(stored, state))
    )
    rows = _first(tables, limit + 1)
    texts = [[show(row[name]) for name, show in columns.values()] for row in rows.slice(0, limit).to_pylist()]
    told = [at for at, name in enumerate(columns) if name not in _WHERE_THERE or any(row[at] for row in texts)]
    print_table([name for at, name in enumerate(columns) if at in told], ([row[at] for at in told] for row in texts))
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


def _or_nothing(text: str | None) -> str:
    """Return "" for a value that results of earlier schemas lack."""
    return text or ""


def _value(value: float | None) -> str:
    return "" if value is None else f"{value:.12g}"


def _rounded(value: float) -> str:
    return f"{value:.3f}"


_Columns = Mapping[str, tuple[str, Callable[[Any], str]]]
_FILE: _Columns = {"file": ("file", str), "page": ("page", str)}
_NUMBER_COLUMNS: _Columns = {
    **_FILE,
    **{name: (name, _or_nothing) for name in ("zone", "row", "column", "date")},
    "value": ("value", _value),
    "unit": ("unit", _or_nothing),
    "state": ("state", str),
    "confidence": ("confidence", _rounded),
    **{name: (name, _or_nothing) for name in ("text", "kind", "digits")},
    **{name: (name, str) for name in ("x", "y", "w", "h", "machine_digits", "reviewer")},
}
_WHERE_THERE = {"zone", "row", "column", "date", "unit", "reviewer"}
"""Columns that are shown only where something stands in them."""

_PAGE_COLUMNS: _Columns = {**_FILE, "reason": ("reason", str), "message": ("message", str)}
"""Names of the columns, which are those of the tables."""


def _first(tables: Iterator[pa.Table], count: int) -> pa.Table:
    taken: list[pa.Table] = []
    for table in tables:
        taken.append(table)
        if sum(one.num_rows for one in taken) >= count:
            break
    return pa.concat_tables(taken).slice(0, count) if taken else pa.table({})


def _totals(stored: Results) -> None:
    """Print one line of totals, from the table of pages."""
    counts = ("number_count", "digit_count", "review_count")
    totals = dict.fromkeys(("pages", "quarantined", *counts), 0)
    for pages in stored.iter_batches("pages", ["state", *counts]):
        totals["pages"] += pages.num_rows
        totals["quarantined"] += pc.sum(pc.equal(pages["state"], QUARANTINED)).as_py() or 0
        for name in counts:
            totals[name] += pc.sum(pages[name]).as_py() or 0
    typer.echo(
        f"{counted(totals['pages'] - totals['quarantined'], 'page')} read, {totals['quarantined']:,} quarantined, "
        f"{counted(totals['number_count'], 'number')}, {counted(totals['digit_count'], 'digit')}, "
        f"{totals['review_count']:,} for review"
    )
