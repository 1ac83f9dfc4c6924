"""`digits export`"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import typer

from deployments.commands.collection_pages import CollectionPages
from deployments.commands.csv_files import describe, write_lines, writing
from deployments.commands.export_files import ExportFolder
from deployments.commands.export_scans import Scans, Volumes
from deployments.commands.open_results import open_results
from digit_core.errors import DigitsError, InputError
from digit_core.exports import iiif
from digit_core.exports.alto import alto
from digit_core.exports.csv_files import package_of, resource
from digit_core.exports.long_table import long_csv, table_schema
from digit_core.exports.page_xml import page_xml
from digit_core.exports.searchable_pdf import join_pdfs, write_pdf
from digit_core.exports.settled_numbers import LabelledRow, held_back, is_settled, settled_numbers, write_number_set, writer_of
from digit_core.exports.workbook import workbook
from digit_core.wording import counted
from flows.settings import load_settings
from tasks.adapters.storage.storage import Storage

WORKBOOK = "numbers.xlsx"
TABLE = "numbers.csv"
SET = "numbers.parquet"


def export(dest: str, form: str, out: Path, base: str) -> None:
    """Write the results of DEST into the folder `out` in one of the FORMS; base: the address where an IIIF folder will be served.

    Raises DigitsError in the end if pages were left out whose scans are not there any more.
    """
    settings = load_settings()
    collection = CollectionPages(open_results(dest), Storage(settings.storage_options), settings)
    FORMS[form](collection, out, base.rstrip("/"))
    quarantined = f"; without {counted(collection.quarantined, 'quarantined page')}" if collection.quarantined else ""
    typer.echo(f"{counted(collection.read - collection.left_out, 'page')} exported to {out}{quarantined}")
    if collection.left_out:
        raise DigitsError(f"{collection.left_out:,} pages were left out: their scans cannot be had as they were read; see above")


def _page_xml(collection: CollectionPages, out: Path, _: str) -> None:
    folder, made = ExportFolder(out), datetime.now(UTC)
    for page in collection.pages():
        folder.write(f"{folder.name_of(page)}.xml", page_xml(page, made))


def _alto(collection: CollectionPages, out: Path, _: str) -> None:
    folder, made, program = ExportFolder(out), datetime.now(UTC), version("archive-digits")
    for page in collection.pages():
        folder.write(f"{folder.name_of(page)}.xml", alto(page, made, program))


def _iiif(collection: CollectionPages, out: Path, base: str) -> None:
    folder = ExportFolder(out, taken=["manifest"])

    def canvases() -> Iterator[dict[str, object]]:
        for page in collection.pages():
            name = folder.name_of(page)
            folder.write_texts(f"{name}.json", [json.dumps(iiif.annotation_page(page, base, name), ensure_ascii=False)])
            yield iiif.canvas(page, base, name)

    folder.write_texts(iiif.MANIFEST, iiif.manifest(canvases(), base, collection.results.dest.rpartition("/")[2]))


def _workbook(collection: CollectionPages, out: Path, _: str) -> None:
    zones = collection.zones()
    ExportFolder(out).put(WORKBOOK, lambda part: workbook(collection.pages(), zones, part))


def _csv(collection: CollectionPages, out: Path, _: str) -> None:
    folder = ExportFolder(out)
    with writing(folder.path / TABLE):
        table = write_lines(folder.path / TABLE, long_csv(collection.pages()))
        describe(folder.path, package_of([resource(table, table_schema())]))


def _pdf(collection: CollectionPages, out: Path, _: str) -> None:
    folder = ExportFolder(out)
    with tempfile.TemporaryDirectory(dir=folder.path, prefix=".pages-") as place:
        scans = Scans(collection.storage, collection.settings, Path(place))
        volumes = Volumes(Path(place))
        try:
            for page in collection.pages():
                picture = scans.picture(page)
                if isinstance(picture, str):
                    collection.leave_out(page, picture)
                elif page.count == 1:
                    folder.put(f"{folder.name_of(page)}.pdf", partial(write_pdf, page, picture))
                else:
                    write_pdf(page, picture, volumes.part_of(page, folder))
        finally:
            scans.close()
        for name, parts in volumes.parts():
            folder.put(f"{name}.pdf", partial(join_pdfs, parts))


def _set(collection: CollectionPages, out: Path, _: str) -> None:
    folder = ExportFolder(out)
    with tempfile.TemporaryDirectory(dir=folder.path, prefix=".pages-") as place:
        scans = Scans(collection.storage, collection.settings, Path(place))
        try:
            folder.put(SET, lambda part: _write_set(part, _rows_of_set(collection, scans), collection.results.dest))
        finally:
            scans.close()


def _rows_of_set(collection: CollectionPages, scans: Scans) -> Iterator[Sequence[LabelledRow]]:
    """The numbers that people settled, page by page; pages without any are not fetched."""
    settled = replace(collection).pages()  # a copy, which counts for itself
    held = held_back(writer_of(page) for page in settled if any(map(is_settled, page.numbers)))
    for page in collection.pages():
        if any(map(is_settled, page.numbers)):
            picture = scans.picture(page)
            if isinstance(picture, str):
                collection.leave_out(page, picture)
            else:
                yield settled_numbers(page, picture, held)


def _write_set(part: Path, pages: Iterator[Sequence[LabelledRow]], dest: str) -> None:
    """Raises InputError where people have settled no number."""
    if not write_number_set(part, pages, source=dest):
        raise InputError(f"people have settled no number of {dest} yet: decide some in `digits review serve`, then export again")


FORMS: Mapping[str, Callable[[CollectionPages, Path, str], None]] = {
    "page": _page_xml,
    "alto": _alto,
    "iiif": _iiif,
    "xlsx": _workbook,
    "pdf": _pdf,
    "csv": _csv,
    "set": _set,
}
"""What writes each form."""
