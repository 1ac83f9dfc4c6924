"""Template of a form: its named zones and grids, rules for their cells, checks of sums, and the rulings that identify it.

All places are in units of the reference page that the layout was drawn on, origin top left, x right, y down. The units are that
page's pixels, or fractions of it where the page is said to be 1 x 1.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import ClassVar

from digit_core.dates import day_of, month_of, year_of
from digit_core.errors import InputError
from digit_core.imaging.line_detection import Lines
from digit_core.notation import DateOrder, Notation, NumberKind, letters_of

MOST_CELLS = 20_000
_LONGEST_UNIT, _MOST_WORDS = 20, 20
_NO_SIGNS = str.maketrans("-{}", "   ")  # which separate the parts of a date
_A_WORD = re.compile(r"[^\W\d_][^\d_]*[^\W\d_]")


class Mark(StrEnum):
    """Mark that a cell may hold in place of a number."""

    BLANK = "blank"
    DASH = "dash"
    DITTO = "ditto"
    WORD = "word"  # any; those that have a value are declared in `Holds.words`


class DecimalMark(StrEnum):
    """Mark between a number and its decimals; the other one of the two then separates thousands."""

    POINT = "."
    COMMA = ","


class Direction(StrEnum):
    """Direction of a check in a grid."""

    DOWN = "down"  # over the rows, in every column
    ACROSS = "across"  # over the columns, in every row


class Rule(StrEnum):
    """Kind of a check."""

    TOTAL = "total"  # `into` is the sum of `of`
    MEAN = "mean"  # `into` is the mean of `of`, rounded to its own decimals; a blank counts as 0
    RUNNING = "running"  # every cell of `into` is the one before it plus the cell of `of` beside it
    SEQUENCE = "sequence"  # every cell of `of` is the one before it plus `step`
    EQUAL = "equal"  # all cells of `of` are equal


_NO_KIND = (NumberKind.NONE, NumberKind.DITTO, NumberKind.WORD, NumberKind.OTHER)

_STRICT: Mapping[str, object] = {"extra": "forbid", "coerce_numbers_to_str": True, "allow_inf_nan": False}


class _Part:
    """Base of all parts of a layout: an unknown name in a file is an error, and numbers are valid as names."""

    __slots__ = ()
    __pydantic_config__: ClassVar[Mapping[str, object]] = _STRICT


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise InputError(message)


@dataclass(frozen=True, slots=True)
class Area(_Part):
    """An upright rectangle: left edge x, top edge y, width w, height h, in units of the reference page."""

    x: float
    y: float
    w: float
    h: float

    def __post_init__(self) -> None:
        _require(self.w > 0 and self.h > 0, f"a box needs a positive size, not {self.w:g} x {self.h:g}")


@dataclass(frozen=True, slots=True)
class Holds(_Part):
    """Rules for the content of a cell.

    digits: least and most of them; decimals: digits after the point, whether it is written or not (None: as written);
    decimal_mark: the mark that is the point (None: as in the page's other numbers); sign: whether a plus or a minus is allowed;
    unit: of the value; words: that may stand in place of a number, each with its value (None: it has none);
    kinds: allowed kinds of numbers (none: all); date_order: order of its dates; least, most: range of the value; marks: allowed
    in place of a number.
    """

    digits: tuple[int, int] = (1, 12)
    decimals: int | None = None
    sign: bool = False
    least: float | None = None
    most: float | None = None
    marks: tuple[Mark, ...] = (Mark.BLANK, Mark.DASH)
    decimal_mark: DecimalMark | None = None
    date_order: DateOrder | None = None
    kinds: tuple[NumberKind, ...] = ()
    unit: str = ""
    words: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def notation(self) -> Notation:
        """Return how numbers are written in the cell."""
        mark = None if self.decimal_mark is None else self.decimal_mark.value
        return Notation(self.decimals, mark, self.date_order, self.kinds, self.unit, tuple(self._by_letters.items()))

    @property
    def spelt(self) -> tuple[str, ...]:
        """Return the letters of the words that may stand in the cell."""
        return tuple(self._by_letters)

    @property
    def _by_letters(self) -> dict[str, float | None]:
        return {letters_of(word): value for word, value in self.words.items()}

    def __post_init__(self) -> None:
        for kind in self.kinds:
            _require(kind not in _NO_KIND, f"{kind.value!r} is not a kind of number that a cell can hold")
        _require(len(set(self.kinds)) == len(self.kinds), "a kind occurs twice")
        low, high = self.digits
        _require(1 <= low <= high <= 32, f"a cell holds 1 to 32 digits, the fewest first, not {low} to {high}")
        _require(self.decimals is None or 0 <= self.decimals <= 9, f"decimals must be 0 to 9, not {self.decimals}")
        _require(
            self.least is None or self.most is None or self.least <= self.most, f"no value lies in {self.least} to {self.most}"
        )
        _require(len(self.unit) <= _LONGEST_UNIT, f"a unit has {_LONGEST_UNIT} characters at most, not {len(self.unit)}")
        _require(len(self.words) <= _MOST_WORDS, f"a cell may hold {_MOST_WORDS} words at most, not {len(self.words)}")
        plain = [letters_of(word) for word in self.words]
        for word, key in zip(self.words, plain, strict=True):
            _require(
                bool(_A_WORD.fullmatch(key)), f"{word!r} is no word that can be told from a number: it needs two letters or more"
            )
        _require(len(set(plain)) == len(plain), "a word occurs twice; capitals, points and spaces make no other one")


@dataclass(frozen=True, slots=True)
class DateParts(_Part):
    """Where the date of a grid's numbers comes from: each of year, month and day is ROW or COLUMN (their names), the name of a
    zone of the page, or fixed, such as 1947. Without a day, or a day and a month, the date is a month or a year.
    """

    ROW: ClassVar[str] = "row"
    COLUMN: ClassVar[str] = "column"

    year: str
    month: str = ""
    day: str = ""

    def __post_init__(self) -> None:
        _require(bool(self.year), "a date needs a year: the name of a zone, row, column, or the year itself")
        _require(bool(self.month) or not self.day, "a date with a day needs a month")

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(part for part in (self.year, self.month, self.day) if part)


@dataclass(frozen=True, slots=True)
class Zone(_Part):
    """A named box that holds one number."""

    name: str
    box: Area
    holds: Holds = Holds()


@dataclass(frozen=True, slots=True)
class Axis(_Part):
    """The names of a grid's rows or columns and their edges, one more than names, ascending."""

    names: tuple[str, ...]
    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        _require(len(self.names) > 0, "a grid needs a row and a column at least")
        _require(len(self.edges) == len(self.names) + 1, f"{len(self.names)} names need one more edge, not {len(self.edges)}")
        _require(all(a < b for a, b in pairwise(self.edges)), "edges must ascend")
        _require(len(set(self.names)) == len(self.names), f"a name occurs twice: {_twice(self.names)}")


@dataclass(frozen=True, slots=True)
class Grid(_Part):
    """Rows and columns of cells. A rule for a column takes precedence over one for a row, and that over the grid's own
    `holds`."""

    name: str
    rows: Axis
    columns: Axis
    holds: Holds = Holds()
    row_holds: Mapping[str, Holds] = field(default_factory=dict)
    column_holds: Mapping[str, Holds] = field(default_factory=dict)
    skip: tuple[tuple[str, str], ...] = ()  # cells (row, column) that the form does not have, such as 30 February
    skip_rows: tuple[str, ...] = ()  # whole rows and columns without numbers, such as a row of names between others
    skip_columns: tuple[str, ...] = ()
    date: DateParts | None = None

    def __post_init__(self) -> None:
        for kind, axis, rules in (("row", self.rows, self.row_holds), ("column", self.columns, self.column_holds)):
            unknown = sorted(set(rules) - set(axis.names))
            _require(not unknown, f"grid {self.name}: a rule for {kind} {', '.join(unknown)}, which it does not have")
        odd = [f"{row}/{column}" for row, column in self.skip if row not in self.rows.names or column not in self.columns.names]
        odd += sorted((set(self.skip_rows) - set(self.rows.names)) | (set(self.skip_columns) - set(self.columns.names)))
        _require(not odd, f"grid {self.name}: skips {', '.join(odd)}, which it does not have")

    def cells(self) -> Iterator[tuple[Place, Area]]:
        """Yield the cells row by row."""
        skipped, rows, columns = set(self.skip), set(self.skip_rows), set(self.skip_columns)
        for row, (top, bottom) in zip(self.rows.names, pairwise(self.rows.edges), strict=True):
            for column, (left, right) in zip(self.columns.names, pairwise(self.columns.edges), strict=True):
                if (row, column) not in skipped and row not in rows and column not in columns:
                    yield Place(self.name, row, column), Area(left, top, right - left, bottom - top)

    def holds_of(self, row: str, column: str) -> Holds:
        return self.column_holds.get(column) or self.row_holds.get(row) or self.holds


@dataclass(frozen=True, slots=True)
class Check(_Part):
    """A relation between cells of a grid, or between zones.

    In a grid `of` names rows (direction down) or columns (across), `into` the row or column with the result, and `only` the
    columns or rows in which it holds (all without it). A running total or a sequence that goes down names columns, and `only`
    rows. Without a grid `of` and `into` name zones.
    """

    rule: Rule
    of: tuple[str, ...]
    into: str = ""
    grid: str = ""
    direction: Direction = Direction.DOWN
    only: tuple[str, ...] = ()
    step: float = 1.0

    def __post_init__(self) -> None:
        _require(len(self.of) > 0, f"the check {self.rule} names no cells")
        needs = self.rule in (Rule.TOTAL, Rule.MEAN, Rule.RUNNING)
        _require(needs == bool(self.into), f"the check {self.rule} {'needs' if needs else 'goes without'} `into`")
        _require(self.rule is not Rule.RUNNING or len(self.of) == 1, "a running total is `of` one row or column")


@dataclass(frozen=True, slots=True)
class Place:
    """A cell as the results name it; a zone has neither row nor column."""

    zone: str
    row: str = ""
    column: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.zone, self.row, self.column) if part)


@dataclass(frozen=True, slots=True)
class Layout(_Part):
    """A form as drawn by a person. Raises InputError where its parts contradict each other."""

    name: str
    width: float
    height: float
    zones: tuple[Zone, ...] = ()
    grids: tuple[Grid, ...] = ()
    checks: tuple[Check, ...] = ()
    lines: Lines = field(default_factory=Lines)

    def __post_init__(self) -> None:
        _require(self.width > 0 and self.height > 0, f"the reference page needs a size, not {self.width:g} x {self.height:g}")
        names = [*(zone.name for zone in self.zones), *(grid.name for grid in self.grids)]
        _require(len(names) > 0, f"layout {self.name} has neither zones nor grids: draw the boxes to read")
        _require(len(set(names)) == len(names), f"layout {self.name}: a name occurs twice: {_twice(tuple(names))}")
        count = len(self.zones) + sum(len(grid.rows.names) * len(grid.columns.names) for grid in self.grids)
        _require(count <= MOST_CELLS, f"layout {self.name} has {count:,} cells, the most are {MOST_CELLS:,}")
        for area in self.cells().values():
            inside = area.x >= 0 and area.y >= 0 and area.x + area.w <= self.width and area.y + area.h <= self.height
            _require(inside, f"layout {self.name}: a cell lies outside the page of {self.width:g} x {self.height:g}")
        for check in self.checks:
            self._look_at(check)
        for grid in self.grids:
            if grid.date is not None:
                self._look_at_date(grid, grid.date)

    @property
    def version(self) -> str:
        """Return 12 hexadecimal characters that change with the contents of the layout."""
        # 100 and 100.0 are the same place, whether it was drawn or read from a file
        plain = json.loads(json.dumps(asdict(self)), parse_int=float)
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:12]

    def cells(self) -> dict[Place, Area]:
        """Return the cells: zones first, then each grid row by row."""
        return {Place(zone.name): zone.box for zone in self.zones} | dict(pair for grid in self.grids for pair in grid.cells())

    def holds_of(self, place: Place) -> Holds:
        """Return the rules of a cell. Raises KeyError for a cell that the layout does not have."""
        for zone in self.zones:
            if zone.name == place.zone:
                return zone.holds
        grids = {grid.name: grid for grid in self.grids}
        return grids[place.zone].holds_of(place.row, place.column)

    def date_from(self, place: Place) -> str:
        """Return the parts of the date of a cell's number, as `digit_core.dates.date_of` takes them; "" for none."""
        grid = next((one for one in self.grids if one.name == place.zone), None)
        if grid is None or grid.date is None:
            return ""
        zones = {zone.name for zone in self.zones}
        names = {DateParts.ROW: place.row, DateParts.COLUMN: place.column}
        return "-".join(
            f"{{{part}}}" if part in zones else names.get(part, part).translate(_NO_SIGNS) for part in grid.date.parts
        )

    def _look_at_date(self, grid: Grid, date: DateParts) -> None:
        zones = {zone.name for zone in self.zones}
        for part, read in zip(date.parts, (year_of, month_of, day_of), strict=False):
            of = {DateParts.ROW: grid.rows.names, DateParts.COLUMN: grid.columns.names}.get(part, (part,))
            known = part in zones or any(read(name) is not None for name in of)
            _require(known, f"grid {grid.name}: its date takes {read.__name__.removesuffix('_of')} from {part!r}, which is none")
            _require(
                "{" not in part and "}" not in part,
                f"grid {grid.name}: a zone that a date is taken from has no braces in its name",
            )

    def _look_at(self, check: Check) -> None:
        grids = {grid.name: grid for grid in self.grids}
        if check.grid:
            _require(
                check.grid in grids, f"layout {self.name}: the check {check.rule} is of the grid {check.grid}: there is none"
            )
            grid = grids[check.grid]
            walks = check.rule in (Rule.RUNNING, Rule.SEQUENCE)  # goes down a column, so that `of` names columns
            rows = (check.direction is Direction.DOWN) != walks
            mine, others = (grid.rows, grid.columns) if rows else (grid.columns, grid.rows)
            known, across = set(mine.names), set(others.names)
        else:
            known, across = {zone.name for zone in self.zones}, set()
        unknown = sorted(({*check.of, check.into} - {""} - known) | (set(check.only) - across))
        _require(not unknown, f"layout {self.name}: the check {check.rule} names {', '.join(unknown)}, which there is not")


def _twice(names: tuple[str, ...]) -> str:
    return ", ".join(sorted(name for name, count in Counter(names).items() if count > 1))
