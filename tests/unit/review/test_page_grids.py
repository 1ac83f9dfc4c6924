"""A page as a reviewer sees it: grids of cells, and the totals between them."""

from dataclasses import replace

from digit_core.layouts.template import Axis, Check, Direction, Grid, Layout, Rule
from digit_core.review.page_grids import LOOSE, Total, page_grids, totals


def number(name, zone="rain", row="1", column="Jan", digits="396", state="accepted", line=0, **changes):
    names = {"number_id": name, "zone": zone, "row": row, "column": column, "line": line, "cell": "number" if zone else ""}
    read = {"digits": digits, "text": digits, "state": state, "decimals": 2, "value": 3.96, "kind": "decimal"}
    return names | read | {"x": 1, "y": 2, "w": 3, "h": 4} | changes


def grid(rows=("1", "2", "Total"), columns=("Jan", "Feb", "Year")):
    return Grid("rain", Axis(rows, tuple(range(len(rows) + 1))), Axis(columns, tuple(range(len(columns) + 1))))


def test_cells_have_their_row_and_column_with_the_point_and_the_state():
    (found,) = page_grids([number("a"), number("b", column="Feb", state="review"), number("c", row="2")])

    assert (found.name, found.rows, found.columns) == ("rain", ("1", "2"), ("Jan", "Feb"))
    assert [(cell.place, cell.text, cell.state) for cell in found.cells] == [
        (("1", "Jan"), "3.96", "accepted"),
        (("1", "Feb"), "3.96?", "review"),
        (("2", "Jan"), "3.96", "accepted"),
    ]
    assert found.cells[0].box == (1, 2, 3, 4)


def test_a_number_that_waits_shows_neither_its_reading_nor_that_it_was_accepted():
    (found,) = page_grids([number("a"), number("b", column="Feb")], {"b"})

    assert [(cell.text, cell.state) for cell in found.cells] == [("3.96", "accepted"), ("…", "")]


def test_numbers_in_no_cell_stand_line_by_line():
    loose = {"zone": "", "row": "", "column": ""}

    (found,) = page_grids([number("a", **loose), number("b", **loose), number("c", line=7, **loose)])

    assert found.name == LOOSE
    assert [(cell.number_id, cell.place) for cell in found.cells] == [("a", ("1", "1")), ("b", ("1", "2")), ("c", ("2", "1"))]


def test_a_total_down_is_one_for_each_of_its_columns():
    check = Check(Rule.TOTAL, ("1", "2"), "Total", "rain", only=("Feb",))

    assert totals(Layout("form", 10, 10, grids=(grid(),), checks=(check,))) == [
        Total("rain", (("1", "Feb"), ("2", "Feb")), ("Total", "Feb"))
    ]


def test_a_total_across_is_one_for_each_row():
    check = Check(Rule.TOTAL, ("Jan", "Feb"), "Year", "rain", Direction.ACROSS)

    found = totals(Layout("form", 10, 10, grids=(grid(),), checks=(check,)))

    assert [one.into for one in found] == [("1", "Year"), ("2", "Year"), ("Total", "Year")]
    assert found[0].of == (("1", "Jan"), ("1", "Feb"))


def test_other_checks_are_no_totals():
    checks = (Check(Rule.MEAN, ("1", "2"), "Total", "rain"), Check(Rule.EQUAL, ("1", "2"), grid="rain"))

    assert totals(Layout("form", 10, 10, grids=(grid(),), checks=checks)) == []


def test_a_running_total_is_one_for_each_row_after_the_first():
    check = Check(Rule.RUNNING, ("Jan",), "Year", "rain")

    assert totals(Layout("form", 10, 10, grids=(grid(),), checks=(check,))) == [
        Total("rain", (("1", "Year"), ("2", "Jan")), ("2", "Year")),
        Total("rain", (("2", "Year"), ("Total", "Jan")), ("Total", "Year")),
    ]


def test_a_total_on_a_page_of_a_spread_is_of_the_table_on_that_side():
    layout = Layout("form", 10, 10, grids=(grid(),), checks=(Check(Rule.TOTAL, ("1", "2"), "Total", "rain", only=("Feb",)),))

    assert [one.grid for one in totals(layout, "right")] == ["right rain"]


def test_a_cell_that_the_form_does_not_have_is_in_no_total():
    without = replace(grid(), skip=(("2", "Feb"),))
    check = Check(Rule.TOTAL, ("1", "2"), "Total", "rain", only=("Feb",))

    assert [one.of for one in totals(Layout("form", 10, 10, grids=(without,), checks=(check,)))] == [(("1", "Feb"),)]
