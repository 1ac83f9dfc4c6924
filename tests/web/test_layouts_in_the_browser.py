"""A person draws a form's layout in a real browser, tries it on another page, saves it, and pages are read with it."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from digit_core.layouts.template import Check, DateParts, Direction, Holds, Mark, Rule
from digit_core.layouts.template_file import layout_text, parse_layout
from tests.support.drawn import ruled_form
from tests.support.drawn.printings import DOWN, with_twice
from tests.support.review.editor import FIRST, SECOND, a_grid_from_rulings, drawn, open_page, saved

ROWS, COLUMNS = ["North", "South", "East", "West", "Total"], ["Wheat", "Barley", "Øl & <b>rye</b>"]
CELLS = ruled_form.ROWS * ruled_form.COLUMNS


def test_a_layout_drawn_from_nothing_makes_tables_of_the_numbers_of_other_pages(drawing, pages, layouts, tmp_path):
    tab = drawing()

    a_grid_from_rulings(tab)
    tab.keyboard.type("crops")  # the name is asked for at once
    tab.keyboard.press("Enter")
    tab.fill("#rows-names", "\n".join(ROWS))
    tab.fill("#columns-names", "\t".join(COLUMNS))
    tab.fill("#most", "4")
    tab.click("#new-check summary")
    tab.click("#check-add")
    tab.fill("#name", "corn returns")
    tab.set_input_files("#test", str(pages / "second.png"))
    expect(tab.locator("#verdict")).to_have_text(re.compile(rf"^The layout fits this page: {CELLS} cells found"), timeout=60_000)
    assert tab.locator(".found polygon").count() == CELLS
    assert tab.locator(".found title").last.text_content() == f"crops / {ROWS[-1]} / {COLUMNS[-1]}"
    tab.click("#back")
    tab.click("#save")
    saved(tab)

    layout = parse_layout((layouts / "corn returns.yaml").read_text())
    (grid,) = layout.grids
    assert (list(grid.rows.names), list(grid.columns.names)) == (ROWS, COLUMNS)
    assert grid.columns.edges == pytest.approx([ruled_form.LEFT + ruled_form.COLUMN * n for n in range(4)], abs=2)
    assert grid.rows.edges == pytest.approx([ruled_form.TOP + ruled_form.ROW * n for n in range(6)], abs=2)
    assert grid.holds == Holds(digits=(1, 4))
    assert layout.checks == (Check(Rule.TOTAL, tuple(ROWS[:-1]), "Total", "crops", Direction.DOWN),)
    true = {
        (page, row, column): table[r][c]
        for page, table in (("first.png", FIRST), ("second.png", SECOND))
        for r, row in enumerate(ROWS)
        for c, column in enumerate(COLUMNS)
    }
    digits(tmp_path, "digitise", pages, "--out", tmp_path / "out", "--layout", layouts / "corn returns.yaml")
    digits(tmp_path, "results", tmp_path / "out", "--tables", tmp_path / "tables")
    digits(tmp_path, "export", tmp_path / "out", "--as", "xlsx", "--out", tmp_path / "tables")
    assert in_long_table(tmp_path / "tables" / "numbers.csv") == true
    assert in_tables_of_pages(tmp_path / "tables") == true
    assert in_workbook(tmp_path / "tables" / "numbers.xlsx") == true


def digits(place, *words):
    """Run a command of `digits` as people type it, with a home of its own."""
    environment = {**os.environ, "DIGITS_HOME": str(place / "home"), "DIGITS_WORKERS": "1"}
    command = [Path(sys.executable).parent / "digits", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def in_long_table(file):
    """The values of `crops` in numbers.csv, by page, row and column."""
    numbers = pd.read_csv(file)
    crops = numbers[(numbers.zone == "crops") & numbers.value.notna()]
    return {(Path(one.file).name, one.row, one.column): one.value for one in crops.itertuples()}


def in_tables_of_pages(folder):
    """The values in the CSV file of each page's table."""
    values = {}
    for file in folder.glob("*-crops.csv"):
        table = pd.read_csv(file, index_col="row").drop(columns="review")
        assert set(map(str, table.dtypes)) <= {"int64", "float64"}
        page = f"{file.name.split('-')[0]}.png"
        values |= {(page, *place): value for place, value in table.stack().dropna().items()}  # without blank cells
    return values


def in_workbook(file):
    """The values in the sheet `crops`, as numbers."""
    head, *rows = load_workbook(file)["crops"].iter_rows(values_only=True)
    assert head[:3] == ("file", "page", "row")
    return {
        (Path(row[0]).name, row[2], column): value
        for row in rows
        for column, value in zip(head[3:], row[3:], strict=True)
        if isinstance(value, int | float)
    }


def test_a_page_of_another_form_is_said_to_be_none(drawing, pages):
    tab = drawing()
    a_grid_from_rulings(tab)

    tab.set_input_files("#test", str(pages / "other.png"))

    expect(tab.locator("#verdict")).to_have_text(
        re.compile(r"does not fit this page: agreement 0\.\d\d, needed 0\.65\. Its numbers"), timeout=60_000
    )
    assert tab.locator(".found polygon").count() == 0


def test_a_page_with_a_row_more_is_refused_and_the_reason_is_told(drawing, pages, tmp_path):
    tab = drawing()
    a_grid_from_rulings(tab)
    edges = [ruled_form.TOP + ruled_form.ROW * row for row in range(ruled_form.ROWS + 1)]
    taller = ruled_form.write(tmp_path / "taller.png", with_twice(ruled_form.ruled_page(FIRST), DOWN, edges, 2).page)

    tab.set_input_files("#test", str(taller))

    expect(tab.locator("#verdict")).to_have_text(
        re.compile("does not fit this page: rows of .*: the page's table goes on"), timeout=60_000
    )
    assert tab.locator(".found polygon").count() == 0


class TestWhatCellsHold:
    def test_a_column_has_a_rule_of_its_own_that_follows_its_name(self, drawing):
        tab = drawing()
        a_grid_from_rulings(tab)

        tab.select_option("#scope", label="column 2")
        tab.fill("#fewest", "2")
        tab.fill("#most", "3")
        tab.select_option("#decimals", "1")
        tab.check("#mark-word")
        tab.fill("#columns-names", "a\nb\nc")
        tab.locator("#columns-names").blur()
        grid = drawn(tab).grids[0]

        assert grid.holds == Holds()
        assert grid.column_holds == {"b": Holds(digits=(2, 3), decimals=1, marks=(Mark.BLANK, Mark.DASH, Mark.WORD))}

    def test_wrong_names_are_refused_with_what_is_wrong(self, drawing):
        tab = drawing()
        a_grid_from_rulings(tab)

        tab.fill("#columns-names", "a\nb")
        tab.locator("#columns-names").blur()
        expect(tab.locator("#problem")).to_contain_text("2 names for 3 columns")
        tab.fill("#columns-names", "a\nb\na")
        tab.locator("#columns-names").blur()
        expect(tab.locator("#problem")).to_contain_text("The name a is used twice")
        assert drawn(tab).grids[0].columns.names == ("1", "2", "3")


class TestKeeping:
    def test_another_layout_of_that_name_is_replaced_only_when_told_so(self, drawing, layouts):
        tab = drawing()
        a_grid_from_rulings(tab)
        tab.fill("#name", "twice")
        tab.click("#save")
        saved(tab)
        first = (layouts / "twice.yaml").read_text()
        other = drawing()
        a_grid_from_rulings(other)
        other.keyboard.type("mine")
        other.keyboard.press("Enter")
        other.fill("#name", "twice")

        other.click("#save")
        expect(other.locator("#replace")).to_be_visible()
        other.keyboard.press("Escape")
        kept = (layouts / "twice.yaml").read_text()
        other.click("#save")
        other.click("#replace-yes")
        saved(other)

        assert kept == first
        assert parse_layout((layouts / "twice.yaml").read_text()).grids[0].name == "mine"

    def test_a_saved_layout_is_laid_onto_the_page_that_is_open(self, drawing, pages, layouts):
        tab = drawing()
        a_grid_from_rulings(tab)
        tab.fill("#name", "moving")
        tab.click("#save")
        saved(tab)
        before = drawn(tab)

        open_page(tab, pages / "second.png")
        after = drawn(tab)
        tab.select_option("#saved", "moving")
        tab.click("#load")
        expect(tab.locator("#told")).to_have_text("moving loaded", timeout=30_000)

        assert (before.width, before.height) != (after.width, after.height)
        assert after.lines != before.lines
        shift = after.grids[0].columns.edges[0] - before.grids[0].columns.edges[0]
        assert 15 < shift < 60
        assert drawn(tab) == after

    def test_a_layout_that_this_version_cannot_draw_all_of_is_kept_whole(self, drawing, layouts):
        text = (Path(__file__).parents[1] / "layouts" / "rainfall-register.yaml").read_text()
        layout = parse_layout(text)
        dated = DateParts("1947", "column", "row")
        grid = layout.grids[0]
        holds = replace(grid.holds, unit="in", words={"tr": 0.0, "obs": None})
        layout = replace(layout, grids=(replace(grid, holds=holds, date=dated),))
        (layouts / "register.yaml").write_text(layout_text(layout))
        tab = drawing("empty.png")
        tab.click("#new")

        tab.reload()
        tab.select_option("#saved", "register")
        tab.click("#load")
        expect(tab.locator("#told")).to_have_text(re.compile("loaded$"), timeout=30_000)

        assert drawn(tab) == layout

    def test_what_the_server_says_is_shown(self, drawing, pages, tmp_path):
        tab = drawing()
        (tmp_path / "no image.png").write_bytes(b"no image")

        tab.set_input_files("#open", str(tmp_path / "no image.png"))
        expect(tab.locator("#problem")).to_contain_text("this page cannot be read: not a JPEG")
        tab.click("#save")
        expect(tab.locator("#problem")).to_contain_text("has neither zones nor grids: draw the boxes to read")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_nothing_is_wider_than_the_screen(drawing, width, height):
    tab = drawing(width=width, height=height)
    tab.locator("#boxes button").first.click()

    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    view = tab.locator("#view").bounding_box()
    assert view["height"] > 0.5 * height
    for element in ("#open", "#zone", "#grid", "#test"):
        assert tab.locator(element).bounding_box()["y"] < height
