"""Conversion of a layout's checks to linear relations between its cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from digit_core.layouts.template import Check, Direction, Grid, Layout, Place, Rule


@dataclass(frozen=True, slots=True)
class CellRelation:
    """A linear relation between cells: low <= sum of coefficient * value <= high.

    A cell's value is a whole number in units of its last decimal. name: for people, such as "total of 1904". check: index of the
    layout's check that it comes from.
    """

    name: str
    terms: tuple[tuple[Place, int], ...]
    low: int = 0
    high: int = 0
    check: int = 0


def relations(layout: Layout) -> list[CellRelation]:
    """Return the relations of the layout's checks. Cells that the form does not have are left out of sums."""
    numbered = enumerate(layout.checks)
    return [replace(relation, check=number) for number, check in numbered for relation in _of_check(check, layout)]


def _of_check(check: Check, layout: Layout) -> Iterator[CellRelation]:
    there = layout.cells()
    for where, of, into in _cells(check, layout):
        kept = tuple(place for place in of if place in there)
        if kept and (into is None or into in there):
            yield from _RULES[check.rule](check, layout, where, kept, into)


def _cells(check: Check, layout: Layout) -> Iterator[tuple[str, tuple[Place, ...], Place | None]]:
    """Yield for each place where the check applies: its name, the cells of `of`, and the one of `into`."""
    if not check.grid:
        yield "", tuple(Place(name) for name in check.of), Place(check.into) if check.into else None
        return
    grid = next(grid for grid in layout.grids if grid.name == check.grid)
    walks = check.rule in (Rule.RUNNING, Rule.SEQUENCE)
    rows = (check.direction is Direction.DOWN) != walks  # whether `of` names rows
    for other in check.only or (grid.columns if rows else grid.rows).names:
        if not walks:
            into = _cell(grid, rows, check.into, other) if check.into else None
            yield other, tuple(_cell(grid, rows, name, other) for name in check.of), into
    if walks:
        yield from _walks(check, grid, rows)


def _walks(check: Check, grid: Grid, rows: bool) -> Iterator[tuple[str, tuple[Place, ...], Place | None]]:
    """Yield the steps of a running total or a sequence, from each cell to the next one."""
    others = check.only or (grid.columns if rows else grid.rows).names
    for name in check.of:
        for before, here in pairwise(others):
            if check.rule is Rule.SEQUENCE:
                yield here, (_cell(grid, rows, name, before), _cell(grid, rows, name, here)), None
            else:
                into = _cell(grid, rows, check.into, here)
                yield here, (_cell(grid, rows, check.into, before), _cell(grid, rows, name, here)), into


def _cell(grid: Grid, rows: bool, name: str, other: str) -> Place:
    return Place(grid.name, name, other) if rows else Place(grid.name, other, name)


def _decimals(layout: Layout, place: Place) -> int:
    return layout.holds_of(place).decimals or 0


def _scaled(layout: Layout, terms: list[tuple[Place, int]]) -> tuple[tuple[tuple[Place, int], ...], int]:
    """Scale the coefficients to the finest decimals of all terms; return the terms and these decimals."""
    finest = max(_decimals(layout, place) for place, _ in terms)
    return tuple((place, factor * 10 ** (finest - _decimals(layout, place))) for place, factor in terms), finest


def _sum(check: Check, layout: Layout, where: str, of: tuple[Place, ...], into: Place | None) -> Iterator[CellRelation]:
    """Yield the relation of a total, or of a running total, whose `of` begins with the previous total."""
    outcome = [] if into is None else [(into, -1)]
    terms, _ = _scaled(layout, [*((place, 1) for place in of), *outcome])
    yield CellRelation(_name(check, where), terms)


def _mean(check: Check, layout: Layout, where: str, of: tuple[Place, ...], into: Place | None) -> Iterator[CellRelation]:
    outcome = [] if into is None else [(into, -len(of))]
    terms, finest = _scaled(layout, [*((place, 1) for place in of), *outcome])
    half = 0 if into is None else -(-len(of) * 10 ** (finest - _decimals(layout, into)) // 2)
    yield CellRelation(_name(check, where), terms, -half, half)


def _sequence(check: Check, layout: Layout, where: str, of: tuple[Place, ...], _: Place | None) -> Iterator[CellRelation]:
    for before, here in pairwise(of):
        terms, finest = _scaled(layout, [(here, 1), (before, -1)])
        step = round(check.step * 10**finest)
        yield CellRelation(_name(check, where), terms, step, step)


def _equal(check: Check, layout: Layout, where: str, of: tuple[Place, ...], _: Place | None) -> Iterator[CellRelation]:
    for other in of[1:]:
        terms, _finest = _scaled(layout, [(of[0], 1), (other, -1)])
        yield CellRelation(_name(check, where), terms)


def _name(check: Check, where: str) -> str:
    return f"{check.rule.value} of {where}" if where else f"{check.rule.value} {check.into}".rstrip()


_RULES = {Rule.TOTAL: _sum, Rule.RUNNING: _sum, Rule.MEAN: _mean, Rule.SEQUENCE: _sequence, Rule.EQUAL: _equal}
