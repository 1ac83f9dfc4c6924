"""The published numbers of a page, read in the decoding process: their tables may come from anybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage

NumberRow = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CellsJob:
    """A page, `index` from 0, of the results at `dest`."""

    storage: Storage
    dest: str
    sha256: str
    index: int


@dataclass(frozen=True, slots=True)
class PageCells:
    """The numbers of a page in reading order, and the name of its layout, "" for none."""

    numbers: tuple[NumberRow, ...]
    layout: str


def page_cells(job: CellsJob) -> PageCells:
    """Read the numbers of the page. Raises the storage's errors."""
    results = Results(job.storage, job.dest)
    here = (pc.field("sha256") == job.sha256) & (pc.field("page") == job.index + 1)
    names = results.read("pages", ["layout"], where=here)["layout"].to_pylist()
    rows = results.read("numbers", where=here).to_pylist()
    return PageCells(tuple(sorted(rows, key=lambda row: row["position"])), names[0] if names else "")
