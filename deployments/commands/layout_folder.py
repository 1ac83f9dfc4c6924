"""The command `digits layout propose FOLDER`: the forms of a folder's pages, with a layout for each."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import typer

from deployments.commands.layout import pages_of, propose_on, read_page, write
from digit_core.errors import InputError
from digit_core.layouts.authoring import LevelPage
from digit_core.layouts.form_groups import FormGroup, grouped
from digit_core.layouts.placement import Fit
from digit_core.layouts.registration import fit
from digit_core.layouts.template_file import layout_text
from digit_core.visualisation.contact_sheet import contact_sheet
from digit_core.visualisation.layout_overlay import draw_layout
from digit_core.visualisation.page_overlay import Picture, to_png
from digit_core.wording import counted

_SHEET = "forms.png"


def propose_forms(folder: Path, output: Path, force: bool) -> None:
    """Write a layout for each form among the pages of a folder, and a picture of all. Raises InputError where no page has a ruled
    table, or the folder to write has files."""
    if output.exists() and (not output.is_dir() or any(output.iterdir())) and not force:
        raise InputError(f"{output} exists already: give a new folder, or --force to write into it")
    found = grouped(_level_pages(folder))
    if not found.forms:
        raise InputError(f"no ruled table was found on any page in {folder}")
    output.mkdir(parents=True, exist_ok=True)
    for form in found.forms:
        path = output / f"{form.layout.name}.yaml"
        write(path, layout_text(form.layout).encode())
        typer.echo(f"{path}: {_described(form)}, as on {form.names[0]}")
    write(output / _SHEET, to_png(contact_sheet([(_title(form), _drawn(form)) for form in found.forms])))
    if found.without:
        typer.echo(
            f"no ruled table on {counted(len(found.without), 'page')}: {', '.join(found.without[:5])}{_more(found.without)}"
        )
    typer.echo(
        f"All forms are drawn in {output / _SHEET}; name rows and columns in the files, or under Layouts on the review page"
    )
    typer.echo(f"Next: {shlex.join(['digits', 'digitise', str(folder), '--out', 'RESULTS', '--layout', str(output)])}")


def _level_pages(folder: Path) -> Iterator[tuple[str, LevelPage]]:
    """Yield the pages that can be read, upright and level, with their names; say which cannot."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    for done, path in enumerate(files, start=1):
        try:
            for number in range(1, pages_of(path) + 1):
                name = path.relative_to(folder).as_posix() + (f", page {number}" if number > 1 else "")
                yield name, propose_on(read_page(path, number))
        except InputError as error:
            typer.echo(f"left out: {error}", err=True)
        typer.echo(f"{done} of {len(files)} files", err=True)


def _drawn(form: FormGroup) -> Picture:
    """Draw the layout on its own page."""
    page = np.asarray(cv2.bitwise_not(form.page.maps.darkness), np.uint8)
    scale = form.page.maps.scale
    return draw_layout(page, _at_home(form), np.array([[scale, 0, 0], [0, scale, 0]], np.float64))


def _at_home(form: FormGroup) -> Fit:
    return fit(form.layout, form.page.maps)


def _title(form: FormGroup) -> str:
    return f"{form.layout.name}: {_described(form)}\n{form.names[0]}"


def _described(form: FormGroup) -> str:
    tables = ", ".join(f"{grid.name} {len(grid.rows.names)} x {len(grid.columns.names)}" for grid in form.layout.grids)
    return f"{counted(len(form.names), 'page')}, {tables}"


def _more(names: tuple[str, ...]) -> str:
    return " …" if len(names) > 5 else ""
