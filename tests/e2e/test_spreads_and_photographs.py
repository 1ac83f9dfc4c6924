"""Spreads of two pages and photographs of pages: read like flat scans of single pages, with boxes on the scan as it is."""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from digit_core.imaging.decode import decode_page
from digit_core.imaging.line_detection import line_maps
from digit_core.imaging.page_view import pages_of, straight_views
from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser
from digit_core.inference.reader import OnnxReader
from digit_core.layouts.registration import best_fit
from digit_core.layouts.template import Layout
from digit_core.layouts.template_file import parse_layout
from digit_core.params import DecodeLimits, Spread
from digit_core.readings import PageRead, Reading, State
from digit_core.recognition.pipeline import PageReader
from digit_core.records import Grey, PageImage, PageRef
from tests.support.drawn.forms import prepared
from tests.support.drawn.photos import curled, photographed

SHARED = Path(__file__).parents[3] / "shared"
LAYOUTS = Path(__file__).parents[1] / "layouts"
SCANS = {
    "nist-hsf": "nist_hsf_w4164.png",
    "rainfall-ten-years": "rainfall_lyden-croft_1900-1909.jpg",
    "rainfall-register": "register_badworthy_1947.jpg",
}
A_SPREAD = "log_jeannette_1881-02-02.jpg"
Place = tuple[str, str, str]


def layout(name: str) -> Layout:
    return parse_layout((LAYOUTS / f"{name}.yaml").read_text("utf-8"), name)


def scan_of(*path: str) -> PageImage:
    """Skips the test where the scan is not at hand."""
    file = SHARED.joinpath(*path)
    if not file.is_file():
        pytest.skip(f"needs the scan {file.name}: ../shared is not there")
    return decode_page(file.read_bytes(), 0, DecodeLimits())


@lru_cache(maxsize=1)
def reader() -> PageReader:
    return PageReader(OnnxReader(), OnnxRecogniser(SHIPPED_MODEL, "shipped"))


def read(scan: PageImage, *layouts: Layout) -> PageRead:
    reading = reader()
    return PageReader(reading.reader, reading.classifier, layouts=layouts).read(scan, PageRef("scan", "", "ab" * 32))


def in_cells(page: PageRead) -> dict[Place, Reading]:
    return {(one.cell.zone, one.cell.row, one.cell.column): one for one in page.readings if one.cell}


def right_digits(name: str, zone: str) -> dict[Place, str]:
    with (SHARED / "cases" / f"{name}.right.csv").open() as file:
        return {(zone, row["row"], row["column"]): row["digits"] for row in csv.DictReader(file)}


def test_both_tables_of_a_spread_are_read_in_their_rows_and_columns() -> None:
    page = read(scan_of("cases", "spread.png"))

    right = right_digits("plainref", "left table1") | right_digits("redneg", "right table1")
    cells = in_cells(page)
    assert cells.keys() == right.keys()
    assert sum(cells[place].digits == digits for place, digits in right.items()) >= 0.93 * len(right)


def test_the_table_on_a_photograph_is_read_in_its_rows_and_columns() -> None:
    page = read(scan_of("cases", "phone4.png"))

    right = right_digits("plainref", "table1")
    cells = in_cells(page)
    accepted = {place: cells[place].digits for place in right if cells[place].state is State.ACCEPTED}
    assert sum(cells[place].digits == digits for place, digits in right.items()) >= 0.9 * len(right)
    assert accepted == {place: right[place] for place in accepted}


PHOTOS: dict[str, Callable[[Grey], Grey]] = {
    "3 % of perspective": lambda page: photographed(page, 0.03)[0],
    "6 % of perspective": lambda page: photographed(page, 0.06)[0],
    "10 % of perspective": lambda page: photographed(page, 0.1)[0],
    "a curl of 3 %": lambda page: curled(page, 0.03)[0],
}


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("name", SCANS)
def test_a_layout_is_found_on_a_photograph(name: str, photo: str) -> None:
    picture = PHOTOS[photo](scan_of("data", "pages", SCANS[name]).pixels)

    views = straight_views(PageImage(picture))

    assert all(view.outline is not None for view in views)
    fits = (best_fit([layout(name)], line_maps(prepared(view.image.pixels).darkness)) for view in views)
    assert any(fit is not None for fit in fits)


@pytest.mark.parametrize("name", ["nist-hsf", "rainfall-register"])
def test_cells_on_a_photograph_are_read_as_on_the_flat_scan(name: str) -> None:
    scan = scan_of("data", "pages", SCANS[name])
    flat = in_cells(read(scan, layout(name)))

    page = read(PageImage(PHOTOS["10 % of perspective"](scan.pixels)), layout(name))

    cells = in_cells(page)
    sure = [place for place in flat if flat[place].state is State.ACCEPTED is cells[place].state]
    assert page.form is not None
    assert page.form.name == name
    assert cells.keys() == flat.keys()
    assert sum(cells[place].digits == flat[place].digits for place in flat) >= 0.95 * len(flat)
    assert [cells[place].digits for place in sure] == [flat[place].digits for place in sure]


def scans() -> list[Path]:
    folders = [SHARED / "data" / "pages", SHARED / "data" / "real" / "notary_pages"]
    return sorted(file for folder in folders for file in folder.rglob("*") if file.suffix in (".jpg", ".png"))


@pytest.mark.skipif(not scans(), reason="no ../shared/data here")
def test_flat_scans_of_single_pages_are_left_as_they_are_and_a_real_spread_is_divided() -> None:
    for file in scans():
        scan = decode_page(file.read_bytes(), 0, DecodeLimits())

        for turned in (scan.pixels, np.ascontiguousarray(np.rot90(scan.pixels))):
            (view,) = straight_views(PageImage(turned))

            assert view.outline is None, file.name
            is_spread = file.name == A_SPREAD and turned is scan.pixels
            assert len(pages_of(view, Spread.AUTO)) == (2 if is_spread else 1), file.name
