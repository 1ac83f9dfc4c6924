"""Forms that say what they mean, and refusals of those that cannot be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from digit_core.errors import InputError
from digit_core.layouts.template import Area, Axis, Check, Direction, Grid, Holds, Layout, Mark, Place, Rule, Zone

ROWS, COLUMNS = Axis(("Jan", "Feb", "Total"), (0, 10, 20, 30)), Axis(("rain", "days"), (0, 40, 100))
GRID = Grid("sheet", ROWS, COLUMNS)
ZONE = Zone("year", Area(0, 40, 20, 10))
TOTAL = Check(Rule.TOTAL, ("Jan", "Feb"), "Total", "sheet")


def form(**parts: Any) -> Layout:
    return Layout("form", 100, 60, **parts)


def test_zones_come_first_and_then_each_grid_row_by_row() -> None:
    cells = form(zones=(ZONE,), grids=(GRID,)).cells()

    assert [str(place) for place in cells] == [
        *("year", "sheet/Jan/rain", "sheet/Jan/days", "sheet/Feb/rain", "sheet/Feb/days", "sheet/Total/rain", "sheet/Total/days")
    ]
    assert cells[Place("sheet", "Feb", "days")] == Area(40, 10, 60, 10)
    assert cells[Place("year")] == ZONE.box


def test_cells_that_the_form_has_not_are_left_out() -> None:
    cells = form(grids=(replace(GRID, skip=(("Feb", "days"),)),)).cells()

    assert Place("sheet", "Feb", "days") not in cells
    assert len(cells) == 5


def test_a_column_s_rule_goes_before_a_row_s_and_that_before_the_grid_s() -> None:
    plain, row, column = Holds(digits=(1, 1)), Holds(digits=(2, 2)), Holds(digits=(3, 3))
    zone = replace(ZONE, holds=Holds(digits=(4, 4)))
    grid = replace(GRID, holds=plain, row_holds={"Total": row}, column_holds={"days": column})
    layout = form(zones=(zone,), grids=(grid,))

    assert layout.holds_of(Place("sheet", "Jan", "rain")) == plain
    assert layout.holds_of(Place("sheet", "Total", "rain")) == row
    assert layout.holds_of(Place("sheet", "Total", "days")) == column
    assert layout.holds_of(Place("year")) == zone.holds


def test_the_rule_of_a_cell_that_there_is_not_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        form(grids=(GRID,)).holds_of(Place("elsewhere", "Jan", "rain"))


def test_the_version_changes_with_everything_that_the_layout_says_and_with_nothing_else() -> None:
    layout = form(zones=(ZONE,), grids=(GRID,), checks=(TOTAL,))
    changed = [
        replace(layout, name="other"),
        replace(layout, width=101),
        replace(layout, checks=()),
        replace(layout, zones=(replace(ZONE, box=Area(0, 40, 20, 11)),)),
        replace(layout, zones=(replace(ZONE, holds=Holds(marks=(Mark.DITTO,))),)),
        replace(layout, grids=(replace(GRID, column_holds={"days": Holds(decimals=1)}),)),
        replace(layout, checks=(replace(TOTAL, only=("rain",)),)),
    ]

    versions = {one.version for one in (layout, *changed)}

    assert len(versions) == len(changed) + 1
    assert layout.version == form(zones=(ZONE,), grids=(GRID,), checks=(TOTAL,)).version
    assert len(layout.version) == 12


def many(count: int) -> Axis:
    return Axis(tuple(map(str, range(count))), tuple(float(i) for i in range(count + 1)))


REFUSED = {
    "a box needs a positive size, not 0 x 5": lambda: Area(1, 1, 0, 5),
    "a box needs a positive size, not 5 x -1": lambda: Area(1, 1, 5, -1),
    "a cell holds 1 to 32 digits, the fewest first, not 0 to 3": lambda: Holds(digits=(0, 3)),
    "a cell holds 1 to 32 digits, the fewest first, not 4 to 3": lambda: Holds(digits=(4, 3)),
    "a cell holds 1 to 32 digits, the fewest first, not 1 to 33": lambda: Holds(digits=(1, 33)),
    "decimals must be 0 to 9, not 10": lambda: Holds(decimals=10),
    "decimals must be 0 to 9, not -1": lambda: Holds(decimals=-1),
    "no value lies in 5 to 4": lambda: Holds(least=5, most=4),
    "a grid needs a row and a column at least": lambda: Axis((), (0,)),
    "2 names need one more edge, not 2": lambda: Axis(("a", "b"), (0, 1)),
    "edges must ascend": lambda: Axis(("a", "b"), (0, 2, 2)),
    "a name occurs twice: a": lambda: Axis(("a", "b", "a"), (0, 1, 2, 3)),
    "grid sheet: a rule for row Mar, which it does not have": lambda: replace(GRID, row_holds={"Mar": Holds()}),
    "grid sheet: a rule for column Jan, which it does not have": lambda: replace(GRID, column_holds={"Jan": Holds()}),
    "grid sheet: skips Mar/rain, which it does not have": lambda: replace(GRID, skip=(("Mar", "rain"),)),
    "grid sheet: skips rain/Jan, which it does not have": lambda: replace(GRID, skip=(("rain", "Jan"),)),
    "the check total names no cells": lambda: replace(TOTAL, of=()),
    "the check total needs `into`": lambda: replace(TOTAL, into=""),
    "the check mean needs `into`": lambda: replace(TOTAL, rule=Rule.MEAN, into=""),
    "the check running needs `into`": lambda: Check(Rule.RUNNING, ("rain",), "", "sheet"),
    "the check equal goes without `into`": lambda: replace(TOTAL, rule=Rule.EQUAL),
    "the check sequence goes without `into`": lambda: replace(TOTAL, rule=Rule.SEQUENCE),
    "a running total is `of` one row or column": lambda: Check(Rule.RUNNING, ("rain", "days"), "days", "sheet"),
    "the reference page needs a size, not 0 x 60": lambda: Layout("form", 0, 60, zones=(ZONE,)),
    "layout form has neither zones nor grids: draw the boxes to read": form,
    "layout form: a name occurs twice: sheet": lambda: form(grids=(GRID, GRID)),
    "layout form: a name occurs twice: year": lambda: form(zones=(ZONE,), grids=(replace(GRID, name="year"),)),
    "layout form has 20,100 cells, the most are 20,000": lambda: form(grids=(Grid("sheet", many(201), many(100)),)),
    "layout form: a cell lies outside the page of 100 x 60": lambda: form(zones=(replace(ZONE, box=Area(90, 0, 11, 5)),)),
    "layout form: the check total is of the grid page: there is none": lambda: form(
        grids=(GRID,), checks=(replace(TOTAL, grid="page"),)
    ),
    "layout form: the check total names Mar, which there is not": lambda: form(
        grids=(GRID,), checks=(replace(TOTAL, of=("Jan", "Mar")),)
    ),
    "layout form: the check total names snow, which there is not": lambda: form(
        grids=(GRID,), checks=(replace(TOTAL, only=("snow",)),)
    ),
    "layout form: the check total names Jan, which there is not": lambda: form(
        zones=(ZONE,), checks=(Check(Rule.TOTAL, ("Jan",), "year"),)
    ),
    "layout form: the check running names Jan, which there is not": lambda: form(
        grids=(GRID,), checks=(Check(Rule.RUNNING, ("Jan",), "days", "sheet"),)
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_is_refused_and_told_why(message: str) -> None:
    with pytest.raises(InputError) as caught:
        REFUSED[message]()

    assert str(caught.value) == message


@pytest.mark.parametrize(
    "check",
    [
        TOTAL,
        Check(Rule.TOTAL, ("rain",), "days", "sheet", Direction.ACROSS, only=("Jan",)),
        Check(Rule.RUNNING, ("rain",), "days", "sheet"),
        Check(Rule.RUNNING, ("Jan",), "Total", "sheet", Direction.ACROSS),
        Check(Rule.SEQUENCE, ("days",), grid="sheet", only=("Jan", "Feb")),
        Check(Rule.EQUAL, ("Jan", "Feb"), grid="sheet"),
    ],
)
def test_a_check_names_rows_or_columns_as_its_direction_asks(check: Check) -> None:
    assert form(grids=(GRID,), checks=(check,)).checks == (check,)


def test_what_stands_at_the_very_edge_of_the_page_is_on_it() -> None:
    assert form(zones=(replace(ZONE, box=Area(0, 0, 100, 60)),)).cells()
