"""The view in which layouts are drawn, with a page open, and a hand that draws on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from digit_core.layouts.template import Layout
from digit_core.layouts.template_file import parse_layout
from tests.support.drawn import ruled_form
from tests.support.review.site import Site

FIRST = ruled_form.with_totals([[120, 45, 7], [33, 208, 61], [5, 90, 344], [71, 16, 28]])
SECOND = ruled_form.with_totals([[418, 27, 95], [60, 131, 8], [309, 14, 72], [52, 83, 261]])


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pages of the form, one of them turned and shifted, and one of another form."""
    folder = tmp_path_factory.mktemp("pages")
    ruled_form.write(folder / "first.png", ruled_form.ruled_page(FIRST))
    ruled_form.write(folder / "second.png", ruled_form.ruled_page(SECOND, turn=1.2, shift=(25, -15), seed=7))
    ruled_form.write(folder / "empty.png", ruled_form.ruled_page())
    ruled_form.write(folder / "other.png", ruled_form.other_form())
    return folder


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the layouts that are saved."""
    return tmp_path_factory.mktemp("layouts")


@pytest.fixture(scope="module")
def drawing_site(serve: Callable[..., Site], layouts: Path) -> Site:
    return serve([], DIGITS_LAYOUTS=str(layouts))


@pytest.fixture
def drawing(drawing_site: Site, visit: Callable[..., Any], pages: Path) -> Callable[..., Any]:
    """The view with the first page open."""

    def start(page: str = "first.png", **size: int) -> Any:
        tab = visit(drawing_site, **size)
        tab.goto("/layouts")
        open_page(tab, pages / page)
        return tab

    return start


def open_page(tab: Any, path: Path) -> None:
    tab.set_input_files("#open", str(path))
    expect(tab.locator("#told")).to_have_text(re.compile("found|fitted to this page"), timeout=60_000)
    tab.wait_for_load_state("networkidle")


def on_screen(tab: Any, x: float, y: float) -> Any:
    """Where a place of the page is seen."""
    return tab.evaluate(
        "([x, y]) => { const at = new DOMPoint(x, y).matrixTransform(document.querySelector('.sheet').getScreenCTM());"
        " return [at.x, at.y]; }",
        [x, y],
    )


def drag(tab: Any, start: Sequence[float], end: Sequence[float]) -> None:
    tab.mouse.move(*on_screen(tab, *start))
    tab.mouse.down()
    middle = [(a + b) / 2 for a, b in zip(start, end, strict=True)]
    for point in (middle, end):
        tab.mouse.move(*on_screen(tab, *point), steps=3)
    tab.mouse.up()


def drawn(tab: Any) -> Layout:
    """The layout as it would be saved now."""
    with tab.expect_download() as download:
        tab.click("#yaml")
    return parse_layout(Path(download.value.path()).read_text())


def saved(tab: Any) -> None:
    expect(tab.locator("#told")).to_have_text(re.compile("^saved as"), timeout=20_000)


def a_grid_from_rulings(tab: Any) -> None:
    tab.keyboard.press("g")
    drag(tab, (ruled_form.LEFT - 12, ruled_form.TOP - 9), (ruled_form.RIGHT + 8, ruled_form.BOTTOM + 11))
