"""The command `digits show`."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import typer

from deployments.commands.local_reader import read_files, spec_of
from deployments.commands.open_results import open_results
from digit_core.errors import DigitsError, InputError
from digit_core.imaging.rotation import quarters_of
from digit_core.records import PageFailure
from digit_core.results.schema import batch_tables
from digit_core.visualisation.page_overlay import overlay, picture_file
from digit_core.wording import counted
from flows.options import RunOptions
from flows.planning import limits, read_by
from flows.settings import Settings, load_settings
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage, normalise
from tasks.decoding import DecodeJob, decode_apart


class _Page(NamedTuple):
    """A page to draw: its file's bytes, the rows that were read on it, and its rotation in degrees."""

    data: bytes
    numbers: pa.Table
    digits: pa.Table
    skew: float


def show(page: str, number: int, output: Path, results: str | None, options: RunOptions) -> None:
    """Write the picture; `number` is the page of the file, from 1."""
    settings = load_settings().replaced_by(options)
    read = _stored(page, number, results, settings) if results else _read_now(page, number, settings)
    quarters = quarters_of(read.skew)
    page_image = decode_apart(DecodeJob(read.data, number - 1, limits(settings)), settings.page_seconds, settings.page_megabytes)
    picture = overlay(page_image.pixels, read.numbers, read.digits, quarters)
    try:
        output.write_bytes(picture_file(picture, output.suffix))
    except OSError as error:
        raise InputError(f"cannot write {output}: {error.strerror}; choose a file in a folder that can be written") from error
    typer.echo(f"{counted(read.numbers.num_rows, 'number')}, {counted(read.digits.num_rows, 'digit')} drawn in {output}")
    if quarters:
        typer.echo(f"the page is rotated by {90 * quarters} degrees on its scan, and is shown upright")


def _read_now(page: str, number: int, settings: Settings) -> _Page:
    path, spec = Path(page), spec_of(settings)
    (pages,) = read_files([path], spec, settings)
    outcome = pages[min(number, len(pages)) - 1]
    if isinstance(outcome, PageFailure):
        raise DigitsError(f"{page}: {outcome.message}")
    if number > len(pages):
        raise InputError(f"{page} has {len(pages)} pages, there is no page {number}")
    tables = batch_tables([outcome], read_by(spec))
    return _Page(path.read_bytes(), tables["numbers"], tables["digits"], outcome.skew)


def _stored(page: str, number: int, dest: str, settings: Settings) -> _Page:
    results = open_results(dest)
    file, skew = _find(results, page, number)
    where = (pc.field("file") == file) & (pc.field("page") == number)
    data = Storage(settings.storage_options).read(file)
    return _Page(data, results.read("numbers", where=where), results.read("digits", where=where), skew)


def _find(results: Results, page: str, number: int) -> tuple[str, float]:
    """Return the file in the results that `page` names, whole or without its folder, and the page's rotation in degrees."""
    pages = results.read("pages", ["file", "state", "message", "skew"], where=pc.field("page") == number).to_pylist()
    exact = [row for row in pages if row["file"] in (page, normalise(page))]
    found = exact or [row for row in pages if PurePosixPath(row["file"]).name == page]
    if not found:
        raise InputError(f"no page {number} of {page} in {results.dest}; give the name or path that `digits results` shows")
    if len(found) > 1:
        raise InputError(f"{len(found)} files have the name {page}: give the whole path or URL, such as {found[0]['file']}")
    if found[0]["state"] == "quarantined":
        raise InputError(f"{page} could not be read: {found[0]['message']}")
    return str(found[0]["file"]), float(found[0]["skew"])
