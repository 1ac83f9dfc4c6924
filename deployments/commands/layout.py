"""The commands `digits layout …`."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import typer

from digit_core.errors import InputError, PageError
from digit_core.imaging.decode import probe
from digit_core.imaging.page_view import ways_to_see
from digit_core.imaging.rotation import image_upright
from digit_core.layouts.authoring import LevelPage, level_page, proposed
from digit_core.layouts.orientation import lying_by_rulings
from digit_core.layouts.placement import SURE, Fit
from digit_core.layouts.registration import fit
from digit_core.layouts.template import Grid, Layout
from digit_core.layouts.template_file import layout_text, parse_layout
from digit_core.recognition.pipeline import PageReader
from digit_core.records import PageImage
from digit_core.visualisation.layout_overlay import draw_layout
from digit_core.visualisation.page_overlay import to_png
from digit_core.wording import counted
from flows.networks import networks_for_a_look
from flows.planning import limits
from flows.settings import load_settings
from tasks.decoding import DecodeJob, decode_apart
from tasks.jobs import page_reader
from tasks.reader_spec import ReaderSpec


def check(file: Path, page: Path, number: int, output: Path) -> int:
    """Write the picture; return 0 if the page matches the form with certainty, else 1."""
    layout, scan = read_layout(file), read_page(page, number)
    views = (view.image for pages in ways_to_see(scan, load_settings().spread)[1] for view in pages)
    image, level, found = _best(_laid(layout, _upright(view)) for view in views)
    write(output, to_png(draw_layout(image.pixels, found, level.to_scan)))
    if not found.sure:
        typer.echo(f"this page may not be {layout.name}: {found.doubt}; its numbers would go to a person. Drawn in {output}")
        return 1
    agreement = f"agreement {found.agreement:.2f}, needed {SURE:.2f}"
    typer.echo(f"this is {layout.name}, version {layout.version}: {agreement}; {len(layout.cells())} cells drawn in {output}")
    return 0


def _best(laid: Iterable[Laid]) -> Laid:
    """Return the first page that the form surely fits, else the one with which it agrees most."""
    tried = []
    for one in laid:
        if one[2].sure:
            return one
        tried.append(one)
    return max(tried, key=lambda one: one[2].agreement)


def _upright(image: PageImage) -> PageImage:
    """Turn the page upright, as the reader does, if its numbers show that it lies otherwise."""
    return image_upright(image, _reader().quarters(image))


def _reader() -> PageReader:
    settings = load_settings()
    return page_reader(ReaderSpec(networks_for_a_look(settings), limits(settings)))


Laid = tuple[PageImage, LevelPage, Fit]
"""A page as it was looked at, level, and a layout's fit on it."""


def _laid(layout: Layout, image: PageImage) -> Laid:
    """Return the page (upright if the form is found that way), the levelled page, and the fit of the form on it."""
    level, _ = level_page(image)
    found = fit(layout, level.maps)
    quarters = lying_by_rulings([layout], level.maps, found)
    if not quarters:
        return image, level, found
    image = image_upright(image, quarters)
    level, _ = level_page(image)
    return image, level, fit(layout, level.maps)


def propose(page: Path, number: int, output: Path, force: bool) -> None:
    """Write the layout. Raises InputError where the file exists already or the page has no ruled table."""
    if output.exists() and not force:
        raise InputError(f"{output} exists already: give another name, or --force to overwrite it")
    try:
        layout = _proposed_on(read_page(page, number), output.stem)
    except InputError as error:
        raise InputError(f"{page}: {error}") from error
    write(output, layout_text(layout).encode())
    for grid in layout.grids:
        size = f"{counted(len(grid.rows.names), 'row')}, {counted(len(grid.columns.names), 'column')}"
        typer.echo(f"{grid.name}: {size}{_left_out(grid)}")
    typer.echo(f"written to {output}: name rows and columns there, or load it under Layouts on the page of `digits review serve`")
    typer.echo(f"Next: {shlex.join(['digits', 'layout', 'check', str(output), str(page), '-o', 'look.png'])}")


def _proposed_on(scan: PageImage, name: str) -> Layout:
    """Propose a layout on the page as a run sees it, of a spread on its first page with tables. Raises InputError without any."""
    pages = ways_to_see(scan, load_settings().spread)[0]
    for view in pages[:-1]:
        with suppress(InputError):
            return proposed(propose_on(view.image), name)
    return proposed(propose_on(pages[-1].image), name)


def _left_out(grid: Grid) -> str:
    skipped = [*(f"row {name}" for name in grid.skip_rows), *(f"column {name}" for name in grid.skip_columns)]
    return f", of which {', '.join(skipped)} left out: no numbers stand there" if skipped else ""


def propose_on(image: PageImage) -> LevelPage:
    """Return the page upright and level with its numbers, as a layout is proposed on it."""
    reader = _reader()
    return level_page(image_upright(image, reader.quarters(image)), reader.written)[0]


def pages_of(path: Path) -> int:
    """Return the number of pages of a scan. Raises InputError where it is none."""
    try:
        return probe(_read(path), limits(load_settings()))
    except PageError as error:
        raise InputError(f"{path}: {error}") from error


def read_layout(path: Path) -> Layout:
    """Load the layout from a local file."""
    try:
        return parse_layout(_read(path).decode(), str(path))
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not a layout: it is not UTF-8 text") from error


def read_page(path: Path, number: int) -> PageImage:
    """Decode page `number`, from 1, of a local scan. Raises InputError where it cannot be read."""
    settings = load_settings()
    try:
        job = DecodeJob(_read(path), number - 1, limits(settings))
        return decode_apart(job, settings.page_seconds, settings.page_megabytes)
    except PageError as error:
        raise InputError(f"{path}: {error}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


def write(path: Path, data: bytes) -> None:
    """Write a local file. Raises InputError where that is not possible."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; choose a file in a folder that can be written") from error
