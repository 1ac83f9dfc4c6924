"""Checks of a form as linear relations between its cells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digit_core.layouts.arithmetic.constraints import CellRelation, relations
from digit_core.layouts.template import Area, Axis, Check, Direction, Grid, Holds, Layout, Rule, Zone

ROWS, COLUMNS = Axis(("Jan", "Feb", "Total"), (0, 10, 20, 30)), Axis(("a", "b", "c"), (0, 20, 40, 60))
GRID = Grid("g", ROWS, COLUMNS, Holds(decimals=1))
ACROSS, DOWN = Direction.ACROSS, Direction.DOWN


def of(*checks: Check, grid: Grid = GRID, zones: tuple[Zone, ...] = ()) -> list[CellRelation]:
    return relations(Layout("form", 100, 60, zones=zones, grids=(grid,), checks=checks))


def said(relation: CellRelation) -> dict[str, int]:
    return {str(place): factor for place, factor in relation.terms}


def test_a_total_that_goes_down_holds_in_every_column() -> None:
    a, b, c = of(Check(Rule.TOTAL, ("Jan", "Feb"), "Total", "g"))

    assert said(a) == {"g/Jan/a": 1, "g/Feb/a": 1, "g/Total/a": -1}
    assert (a.name, a.low, a.high) == ("total of a", 0, 0)
    assert [one.name for one in (b, c)] == ["total of b", "total of c"]


def test_a_total_that_goes_across_holds_in_every_row() -> None:
    january, *_ = found = of(Check(Rule.TOTAL, ("a", "b"), "c", "g", ACROSS))

    assert said(january) == {"g/Jan/a": 1, "g/Jan/b": 1, "g/Jan/c": -1}
    assert [one.name for one in found] == ["total of Jan", "total of Feb", "total of Total"]


def test_a_check_holds_only_where_it_is_said_to() -> None:
    (only,) = of(Check(Rule.TOTAL, ("a", "b"), "c", "g", ACROSS, only=("Feb",)))

    assert only.name == "total of Feb"


def test_cells_that_the_form_has_not_are_left_out_of_sums_and_a_sum_without_outcome_is_none() -> None:
    grid = replace(GRID, skip=(("Jan", "a"), ("Total", "b")))

    a, c = of(Check(Rule.TOTAL, ("Jan", "Feb"), "Total", "g"), grid=grid)

    assert said(a) == {"g/Feb/a": 1, "g/Total/a": -1}
    assert (a.name, c.name) == ("total of a", "total of c")


def test_a_mean_may_be_rounded_either_way() -> None:
    (mean,) = of(Check(Rule.MEAN, ("a", "b"), "c", "g", ACROSS, only=("Jan",)))

    assert said(mean) == {"g/Jan/a": 1, "g/Jan/b": 1, "g/Jan/c": -2}
    assert (mean.low, mean.high) == (-1, 1)


@pytest.mark.parametrize("finest", [1, 2, 3])
def test_a_mean_with_decimals_of_its_own_is_right_to_half_its_last_place(finest: int) -> None:
    grid = replace(GRID, column_holds={"c": Holds(decimals=finest)})
    (mean,) = of(Check(Rule.MEAN, ("a", "b"), "c", "g", ACROSS, only=("Jan",)), grid=grid)
    factors = said(mean)

    def agrees(a: float, b: float, c: float) -> bool:
        values = {"g/Jan/a": round(a * 10), "g/Jan/b": round(b * 10), "g/Jan/c": round(c * 10**finest)}
        return mean.low <= sum(factor * values[place] for place, factor in factors.items()) <= mean.high

    assert agrees(1.0, 2.0, 1.5)
    assert not agrees(1.0, 2.0, 1.5 + 10**-finest * 1.1)
    assert agrees(1.0, 2.1, 1.6 if finest == 1 else 1.55)
    assert agrees(1.0, 2.1, 1.5 if finest == 1 else 1.55)


def test_a_running_total_is_the_one_before_and_the_cell_beside() -> None:
    second, third = of(Check(Rule.RUNNING, ("a",), "c", "g"))

    assert said(second) == {"g/Jan/c": 1, "g/Feb/a": 1, "g/Feb/c": -1}
    assert said(third) == {"g/Feb/c": 1, "g/Total/a": 1, "g/Total/c": -1}
    assert second.name == "running of Feb"


def test_a_running_total_across_goes_from_column_to_column() -> None:
    second, _ = of(Check(Rule.RUNNING, ("Jan",), "Total", "g", ACROSS))

    assert said(second) == {"g/Total/a": 1, "g/Jan/b": 1, "g/Total/b": -1}


def test_a_running_total_passes_only_over_the_rows_it_is_said_to() -> None:
    (one,) = of(Check(Rule.RUNNING, ("a",), "c", "g", only=("Jan", "Total")))

    assert said(one) == {"g/Jan/c": 1, "g/Total/a": 1, "g/Total/c": -1}


def test_a_sequence_grows_by_its_step_in_the_cells_own_decimals() -> None:
    first, second = of(Check(Rule.SEQUENCE, ("a",), grid="g", step=2.5))

    assert said(first) == {"g/Feb/a": 1, "g/Jan/a": -1}
    assert (first.low, first.high) == (25, 25)
    assert said(second) == {"g/Total/a": 1, "g/Feb/a": -1}


def test_a_sequence_may_fall_and_go_across() -> None:
    first, second = of(Check(Rule.SEQUENCE, ("Jan",), grid="g", direction=ACROSS, step=-1))

    assert said(first) == {"g/Jan/b": 1, "g/Jan/a": -1}
    assert (second.low, second.high) == (-10, -10)


def test_equal_cells_are_each_the_same_as_the_first() -> None:
    first, second, *_ = of(Check(Rule.EQUAL, ("Jan", "Feb", "Total"), grid="g"))

    assert said(first) == {"g/Jan/a": 1, "g/Feb/a": -1}
    assert said(second) == {"g/Jan/a": 1, "g/Total/a": -1}
    assert (first.low, first.high, first.name) == (0, 0, "equal of a")


def test_cells_with_other_decimals_are_brought_to_the_finest() -> None:
    grid = replace(GRID, row_holds={"Total": Holds(decimals=3), "Feb": Holds()})

    a, *_ = of(Check(Rule.TOTAL, ("Jan", "Feb"), "Total", "g"), grid=grid)

    assert said(a) == {"g/Jan/a": 100, "g/Feb/a": 1000, "g/Total/a": -1}


def test_zones_are_summed_without_a_grid() -> None:
    zones = tuple(Zone(name, Area(10 * i, 40, 9, 9)) for i, name in enumerate(("x", "y", "sum")))

    (total,) = of(Check(Rule.TOTAL, ("x", "y"), "sum"), zones=zones)
    (same,) = of(Check(Rule.EQUAL, ("x", "y")), zones=zones)

    assert said(total) == {"x": 1, "y": 1, "sum": -1}
    assert total.name == "total sum"
    assert said(same) == {"x": 1, "y": -1}


def test_a_sequence_of_zones_goes_from_one_to_the_next() -> None:
    zones = tuple(Zone(name, Area(10 * i, 40, 9, 9)) for i, name in enumerate(("x", "y", "z")))

    first, second = of(Check(Rule.SEQUENCE, ("x", "y", "z")), zones=zones)

    assert (said(first), said(second)) == ({"y": 1, "x": -1}, {"z": 1, "y": -1})
    assert first.low == first.high == 1


def test_a_form_without_checks_has_no_relations() -> None:
    assert of() == []
