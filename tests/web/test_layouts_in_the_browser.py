"""A person draws a form's layout in a real browser, tries it on another page, saves it, and pages are read with it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import ruled_form
from playwright.sync_api import expect

from digit_core.layout import Check, Direction, Holds, Mark, Rule
from digit_core.layout_file import layout_text, parse_layout

FIRST = ruled_form.with_totals([[120, 45, 7], [33, 208, 61], [5, 90, 344], [71, 16, 28]])
SECOND = ruled_form.with_totals([[418, 27, 95], [60, 131, 8], [309, 14, 72], [52, 83, 261]])
ROWS, COLUMNS = ["North", "South", "East", "West", "Total"], ["Wheat", "Barley", "Øl & <b>rye</b>"]
CELLS = ruled_form.ROWS * ruled_form.COLUMNS


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Two pages of the form, one of them turned and shifted, and one of another form."""
    folder = tmp_path_factory.mktemp("pages")
    ruled_form.write(folder / "first.png", ruled_form.ruled_page(FIRST))
    ruled_form.write(folder / "second.png", ruled_form.ruled_page(SECOND, turn=1.2, shift=(25, -15), seed=7))
    ruled_form.write(folder / "empty.png", ruled_form.ruled_page())
    ruled_form.write(folder / "other.png", ruled_form.other_form())
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Of the layouts that are saved."""
    return tmp_path_factory.mktemp("layouts")


@pytest.fixture(scope="module")
def site(serve, folder):
    return serve([], DIGITS_LAYOUTS=str(folder))


@pytest.fixture
def drawing(site, visit, pages):
    """The view with the first page open."""

    def start(page="first.png", **size):
        tab = visit(site, **size)
        tab.goto("/layouts")
        open_page(tab, pages / page)
        return tab

    return start


def open_page(tab, path):
    tab.set_input_files("#open", str(path))
    expect(tab.locator("#told")).to_have_text(re.compile("found|lie on this page"), timeout=60_000)
    tab.wait_for_load_state("networkidle")


def on_screen(tab, x, y):
    """Where a place of the page is seen."""
    return tab.evaluate(
        "([x, y]) => { const at = new DOMPoint(x, y).matrixTransform(document.querySelector('.sheet').getScreenCTM());"
        " return [at.x, at.y]; }",
        [x, y],
    )


def drag(tab, start, end):
    tab.mouse.move(*on_screen(tab, *start))
    tab.mouse.down()
    middle = [(a + b) / 2 for a, b in zip(start, end, strict=True)]
    for point in (middle, end):
        tab.mouse.move(*on_screen(tab, *point), steps=3)
    tab.mouse.up()


def drawn(tab):
    """The layout as it would be saved now."""
    with tab.expect_download() as download:
        tab.click("#yaml")
    return parse_layout(Path(download.value.path()).read_text())


def saved(tab):
    expect(tab.locator("#told")).to_have_text(re.compile("^saved as"), timeout=20_000)


def a_grid_from_rulings(tab):
    tab.keyboard.press("g")
    drag(tab, (ruled_form.LEFT - 12, ruled_form.TOP - 9), (ruled_form.RIGHT + 8, ruled_form.BOTTOM + 11))


def test_a_layout_made_from_nothing_names_the_numbers_of_other_pages(drawing, pages, folder, tmp_path):
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
    expect(tab.locator("#verdict")).to_have_text(re.compile(rf"^This is the form: {CELLS} cells found"), timeout=60_000)
    assert tab.locator(".found polygon").count() == CELLS
    assert tab.locator(".found title").last.text_content() == f"crops / {ROWS[-1]} / {COLUMNS[-1]}"
    tab.click("#back")
    tab.click("#save")
    saved(tab)

    layout = parse_layout((folder / "corn returns.yaml").read_text())
    (grid,) = layout.grids
    assert (list(grid.rows.names), list(grid.columns.names)) == (ROWS, COLUMNS)
    assert grid.columns.edges == pytest.approx([ruled_form.LEFT + ruled_form.COLUMN * n for n in range(4)], abs=2)
    assert grid.rows.edges == pytest.approx([ruled_form.TOP + ruled_form.ROW * n for n in range(6)], abs=2)
    assert grid.holds == Holds(digits=(1, 4))
    assert layout.checks == (Check(Rule.TOTAL, tuple(ROWS[:-1]), "Total", "crops", Direction.DOWN),)
    assert read_with(folder / "corn returns.yaml", pages, tmp_path) == {
        (page, row, column): str(table[r][c])
        for page, table in (("first.png", FIRST), ("second.png", SECOND))
        for r, row in enumerate(ROWS)
        for c, column in enumerate(COLUMNS)
    }


def read_with(layout, pages, tmp_path):
    """What the shipped model reads in the cells of `crops`, by page, row and column."""
    command = [Path(sys.executable).parent / "digits", "digitise", pages, "--out", tmp_path / "out", "--layout", layout]
    environment = {**os.environ, "DIGITS_HOME": str(tmp_path / "home"), "DIGITS_WORKERS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    numbers = pd.read_parquet(tmp_path / "out" / "numbers")
    numbers = numbers[(numbers.zone == "crops") & (numbers.digits != "")]
    return {(Path(one.uri).name, one.row, one.column): one.digits for one in numbers.itertuples()}


def test_a_page_of_another_form_is_said_to_be_none(drawing, pages):
    tab = drawing()
    a_grid_from_rulings(tab)

    tab.set_input_files("#test", str(pages / "other.png"))

    expect(tab.locator("#verdict")).to_have_text(re.compile("not taken for the form"), timeout=60_000)
    assert tab.locator(".found polygon").count() == 0


class TestKeyboardAlone:
    def test_a_proposal_is_taken_named_and_its_edges_are_moved(self, drawing):
        tab = drawing()

        tab.locator(".proposal").focus()
        tab.keyboard.press("Enter")
        tab.keyboard.press("Enter")
        tab.keyboard.type("rain")
        tab.keyboard.press("Enter")
        before = drawn(tab).grids[0]
        tab.locator(".part").focus()
        tab.keyboard.press("Tab")  # to the edges of its rows
        tab.keyboard.press("ArrowRight")  # the next edge
        for _ in range(3):
            tab.keyboard.press("Control+ArrowDown")
        tab.keyboard.press("Tab")  # to those of its columns
        tab.keyboard.press("ArrowDown")
        tab.keyboard.press("Delete")
        after = drawn(tab).grids[0]

        assert (before.name, len(before.rows.names), len(before.columns.names)) == ("rain", ruled_form.ROWS, ruled_form.COLUMNS)
        assert after.rows.edges[1] == pytest.approx(before.rows.edges[1] + 3)
        assert after.rows.edges[2:] == before.rows.edges[2:]
        assert after.columns.edges == (before.columns.edges[0], *before.columns.edges[2:])
        assert after.columns.names == ("1", "3")

    def test_a_zone_is_put_moved_resized_and_deleted_and_all_of_it_is_taken_back(self, drawing):
        tab = drawing("empty.png")

        tab.keyboard.press("z")
        tab.keyboard.press("Enter")
        tab.keyboard.type("station")
        tab.keyboard.press("Enter")
        first = drawn(tab).zones[0]
        tab.locator(".part").focus()
        tab.keyboard.press("ArrowRight")
        tab.keyboard.press("ArrowDown")
        tab.keyboard.press("Shift+ArrowRight")
        second = drawn(tab).zones[0]
        tab.locator(".part").focus()
        tab.keyboard.press("Delete")
        expect(tab.locator(".part")).to_have_count(0)
        tab.keyboard.press("Control+z")
        expect(tab.locator(".part")).to_have_count(1)

        assert first.name == second.name == "station"
        assert second.box.x - first.box.x == second.box.y - first.box.y > 0
        assert second.box.w - first.box.w > 0
        assert second.box.h == first.box.h
        for _ in range(8):
            tab.keyboard.press("Control+z")
        expect(tab.locator(".part")).to_have_count(0)

    def test_focus_is_seen_and_every_box_says_what_it_is(self, drawing):
        tab = drawing()
        tab.locator(".proposal").focus()
        tab.keyboard.press("Enter")

        assert tab.locator(".part").get_attribute("aria-label").startswith("Grid table1, 5 rows, 3 columns, at ")
        assert tab.evaluate("document.activeElement.classList.contains('part')")
        edges = tab.locator('[data-axis="columns"]')
        edges.focus()
        assert edges.get_attribute("aria-label") == "Edge of the columns of table1, before column 1"
        assert float(edges.get_attribute("aria-valuenow")) == pytest.approx(ruled_form.LEFT, abs=2)


class TestPointer:
    def test_a_zone_is_drawn_moved_and_resized(self, drawing):
        tab = drawing("empty.png")

        tab.keyboard.press("z")
        drag(tab, (300, 100), (460, 150))
        tab.keyboard.press("Enter")
        drag(tab, (380, 125), (400, 165))
        drag(tab, (480, 190), (500, 200))
        (zone,) = drawn(tab).zones

        assert [zone.box.x, zone.box.y, zone.box.w, zone.box.h] == pytest.approx([320, 140, 180, 60], abs=4)

    def test_an_edge_is_dragged_no_further_than_its_neighbour(self, drawing):
        tab = drawing()
        a_grid_from_rulings(tab)
        edges = drawn(tab).grids[0].columns.edges

        drag(tab, (edges[1], 400), (edges[1] + 40, 400))
        moved = drawn(tab).grids[0].columns.edges
        drag(tab, (moved[1], 400), (edges[2] + 60, 400))
        pushed = drawn(tab).grids[0].columns.edges

        assert moved == pytest.approx([edges[0], edges[1] + 40, *edges[2:]], abs=3)
        assert edges[2] - 2 <= pushed[1] < edges[2]

    def test_rows_are_spaced_evenly_or_taken_from_rulings(self, drawing):
        tab = drawing()
        a_grid_from_rulings(tab)

        tab.uncheck("#snap")
        tab.fill("#rows-count", "10")
        tab.click("#rows-even")
        even = drawn(tab).grids[0].rows
        tab.click("#rows-ruled")
        ruled = drawn(tab).grids[0].rows

        assert len(even.names) == 10
        assert [b - a for a, b in zip(even.edges, even.edges[1:], strict=False)] == pytest.approx([60] * 10, abs=0.5)
        assert len(ruled.names) == ruled_form.ROWS


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
        expect(tab.locator("#problem")).to_contain_text("The name a stands twice")
        assert drawn(tab).grids[0].columns.names == ("1", "2", "3")


class TestKeeping:
    def test_another_layout_of_that_name_is_replaced_only_when_told_so(self, drawing, folder):
        tab = drawing()
        a_grid_from_rulings(tab)
        tab.fill("#name", "twice")
        tab.click("#save")
        saved(tab)
        first = (folder / "twice.yaml").read_text()
        other = drawing()
        a_grid_from_rulings(other)
        other.keyboard.type("mine")
        other.keyboard.press("Enter")
        other.fill("#name", "twice")

        other.click("#save")
        expect(other.locator("#replace")).to_be_visible()
        other.keyboard.press("Escape")
        kept = (folder / "twice.yaml").read_text()
        other.click("#save")
        other.click("#replace-yes")
        saved(other)

        assert kept == first
        assert parse_layout((folder / "twice.yaml").read_text()).grids[0].name == "mine"

    def test_a_saved_layout_is_laid_onto_the_page_that_is_open(self, drawing, pages, folder):
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

    def test_a_layout_that_this_version_cannot_draw_all_of_is_kept_whole(self, drawing, folder):
        text = (Path(__file__).parents[1] / "layouts" / "rainfall-register.yaml").read_text()
        layout = parse_layout(text)
        (folder / "register.yaml").write_text(layout_text(layout))
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
        expect(tab.locator("#problem")).to_contain_text("has neither zones nor grids: draw what shall be read")


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_nothing_is_wider_than_the_screen(drawing, width, height):
    tab = drawing(width=width, height=height)
    tab.locator("#boxes button").first.click()

    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    view = tab.locator("#view").bounding_box()
    assert view["height"] > 0.5 * height
    for element in ("#open", "#zone", "#grid", "#test"):
        assert tab.locator(element).bounding_box()["y"] < height
