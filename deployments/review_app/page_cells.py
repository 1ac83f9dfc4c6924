"""The published numbers of a page, read in the decoding process: their tables may come from anybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from digit_core.spread import layouts_by_side
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
    """The numbers of a scan in reading order, and of each page on it its layout and its side (digit_core.spread)."""

    numbers: tuple[NumberRow, ...]
    layouts: tuple[tuple[str, str], ...] = ()


def page_cells(job: CellsJob) -> PageCells:
    """Read the numbers of the page. Raises the storage's errors."""
    results = Results(job.storage, job.dest)
    here = (pc.field("sha256") == job.sha256) & (pc.field("page") == job.index + 1)
    pages = results.read("pages", ["layout", "gutter"], where=here).to_pylist()
    rows = results.read("numbers", where=here).to_pylist()
    layouts = layouts_by_side(pages[0]["layout"], pages[0]["gutter"] is not None) if pages else ()
    return PageCells(tuple(sorted(rows, key=lambda row: row["position"])), layouts)
