"""A collection as its exports and CSV files show it: page by page, with what people said of its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import typer

from deployments.cli.errors import one_line
from digit_core.exports.page_content import PageContent, pages_of
from digit_core.exports.workbook import Zones
from digit_core.results.cell_text import ordered
from digit_core.results.schema import page_keys
from flows.settings import Settings
from tasks.adapters.results.dataset import Results
from tasks.adapters.results.reviewed import Reviewed
from tasks.adapters.storage.storage import Storage

_MOST_NAMES = 1000
"""Tables that a workbook is planned with; collections have some dozen."""

_TOLD = 20
"""Pages that are left out of an export and named one by one."""


@dataclass(slots=True)
class CollectionPages:
    """What is written, and what was met on the way. state: of the numbers that are wanted, None for all."""

    results: Results
    storage: Storage
    settings: Settings
    state: str | None = None
    read: int = 0
    quarantined: int = 0
    left_out: int = 0

    def pages(self) -> Iterator[PageContent]:
        """Yield the pages that could be read, with what people said of their numbers; a batch is in memory at a time."""
        corrections = Reviewed(self.storage, self.results.dest).corrections()
        for pages, numbers in self.results.iter_pages():
            content = list(pages_of(pages, corrections.of_pages(numbers, page_keys(pages))))
            self.read += len(content)
            self.quarantined += pages.num_rows - len(content)
            yield from content if self.state is None else map(self._wanted, content)

    def _wanted(self, page: PageContent) -> PageContent:
        return replace(page, numbers=tuple(number for number in page.numbers if number.state == self.state))

    def zones(self) -> Zones:
        """Return the names of each table's columns, those of at most _MOST_NAMES tables."""
        found: dict[str, dict[str, None]] = {}
        for table in self.results.iter_batches("numbers", ["zone", "row", "column"]):
            for place in table.group_by(["zone", "row", "column"], use_threads=False).aggregate([]).to_pylist():
                zone, row, column = (place[name] or "" for name in ("zone", "row", "column"))
                if zone and (row or column) and (zone in found or len(found) < _MOST_NAMES):
                    found.setdefault(zone, {}).setdefault(column)
        return {zone: ordered(list(columns)) for zone, columns in found.items()}

    def leave_out(self, page: PageContent, why: str) -> None:
        """Tell of a page that cannot be exported; of many the first ones."""
        self.left_out += 1
        if self.left_out <= _TOLD:
            where = page.uri if page.count == 1 else f"{page.uri}, page {page.number}"
            typer.echo(f"digits: left out: {one_line(where)}: {why}", err=True)
