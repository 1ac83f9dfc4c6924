"""Boxes drawn, moved and resized with the pointer, and with the keyboard alone."""

import pytest
from playwright.sync_api import expect

from digit_core.layouts.template import Check, Direction, Rule
from tests.support.drawn import ruled_form
from tests.support.review.editor import a_grid_from_rulings, drag, drawn


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

    def test_rows_from_rulings_stay_within_edges_that_were_moved(self, drawing):
        tab = drawing()
        a_grid_from_rulings(tab)
        before = drawn(tab).grids[0].rows.edges

        drag(tab, (ruled_form.LEFT + 90, before[0]), (ruled_form.LEFT + 90, before[0] + 40))
        moved = drawn(tab).grids[0].rows.edges[0]
        tab.click("#rows-ruled")
        ruled = drawn(tab).grids[0].rows.edges

        assert moved == pytest.approx(before[0] + 40, abs=3)
        assert (ruled[0], ruled[1:]) == (moved, pytest.approx(before[1:], abs=1))

    def test_rows_chosen_for_a_total_stay_chosen(self, drawing):
        tab = drawing()
        a_grid_from_rulings(tab)
        tab.click("#new-check summary")

        by_itself = tab.eval_on_selector_all("#check-of option:checked", "all => all.map((one) => one.value)")
        tab.select_option("#check-of", ["2", "3"])
        tab.select_option("#check-into", "4")
        tab.click("#check-add")

        assert by_itself == ["1", "2", "3", "4"]
        check = drawn(tab).checks[0]
        assert (check.of, check.into) == (("2", "3"), "4")

    def test_a_column_is_the_running_total_of_one_beside_it(self, drawing):
        tab = drawing()
        a_grid_from_rulings(tab)
        tab.click("#new-check summary")
        tab.select_option("#check-way", "columns")
        tab.select_option("#check-rule", "running")
        tab.select_option("#check-into", "3")

        tab.select_option("#check-of", ["1", "2"])
        tab.click("#check-add")
        refused = tab.locator("#problem").inner_text()
        tab.select_option("#check-of", ["2"])
        tab.click("#check-add")

        assert "select that one" in refused
        layout = drawn(tab)
        assert layout.checks == (Check(Rule.RUNNING, ("2",), "3", layout.grids[0].name, Direction.DOWN),)
        assert "3 is the running total of columns 2" in tab.locator("#checks").inner_text()

    def test_a_row_is_skipped_with_the_keyboard_and_keeps_that_under_another_name(self, drawing):
        tab = drawing()
        a_grid_from_rulings(tab)

        tab.select_option("#scope", "rows 1")
        tab.focus("#skip")
        tab.keyboard.press("Space")
        tab.fill("#rows-names", "a\nb\nc\nd\ne")
        tab.dispatch_event("#rows-names", "change")

        grid = drawn(tab).grids[0]
        assert grid.skip_rows == ("b",)
        assert not [place for place, _ in grid.cells() if place.row == "b"]
        assert tab.locator(".skipped").count() == 1
