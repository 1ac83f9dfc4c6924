"""Content of a synthetic ledger: the text of each cell, and its handwriting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.random import Generator, default_rng

from digit_core.errors import InputError
from digit_core.params import Params
from digit_core.synthesis.ledger.form import Ledger, column_names, row_names
from digit_core.synthesis.pen import Trace, Writer, extent, make_writer, write


@dataclass(frozen=True, slots=True)
class PageStyle(Params):
    """Style of the pages to write. Raises InputError for a value out of its range."""

    dpi: int = 300
    rows: int = 20
    columns: int = 6
    min_digits: int = 1
    max_digits: int = 6
    filled: float = 0.75  # share of the cells that hold a number
    decimals: float = 0.4  # share of the columns whose numbers have a decimal point
    dashes: float = 0.3  # share of the pages whose empty cells hold a dash
    hands: int = 3  # writers who share a set of pages
    difficulty: float = 0.3  # 0 as new, 1 worn, crooked, crowded
    colour: bool = True  # JPEGs are tinted; the grey pixels are the same

    def __post_init__(self) -> None:
        limits = {"dpi": (100, 600), "rows": (1, 50), "columns": (1, 16), "min_digits": (1, 6), "hands": (1, 1000)}
        limits |= {"max_digits": (self.min_digits, 6)} | dict.fromkeys(("filled", "decimals", "dashes", "difficulty"), (0, 1))
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"the page style's {name} must lie in {low} to {high}, not {value}")


STYLES: Mapping[str, PageStyle] = MappingProxyType(
    {
        "ledger": PageStyle(),
        "dense": PageStyle(rows=36, columns=12, min_digits=2, max_digits=5, filled=0.97),
        "clean": PageStyle(difficulty=0.0, decimals=0.0, dashes=0.0),
        "hard": PageStyle(difficulty=0.9),
    }
)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """Content of one cell: the printed names of its row and column, its text, and the pen's traces on the flat sheet."""

    row: str
    column: str
    text: str
    traces: tuple[Trace, ...]


def writers(seed: int, style: PageStyle, rng: Generator) -> list[Writer]:
    """Choose a writer for each column: most pages have one, three in ten have two."""
    numbers = default_rng([seed, 2**31]).integers(0, 2**31, style.hands)
    one, other = (make_writer(int(number)) for number in rng.choice(numbers, 2))
    change = int(rng.integers(style.columns)) if rng.random() < 0.3 else style.columns
    hands = [one if column < change else other for column in range(style.columns)]
    return [replace(hand, spacing=hand.spacing - 0.2 * style.difficulty) for hand in hands]


def entries(ledger: Ledger, style: PageStyle, writers: Sequence[Writer], rng: Generator) -> Iterator[LedgerEntry]:
    """Fill in a form, row by row; `writers` has one writer per column."""
    dashed = rng.random() < style.dashes
    columns = [_column(index, hand, ledger, style, rng) for index, hand in enumerate(writers)]
    for row, row_name in enumerate(row_names(ledger)):
        for column, column_name in zip(columns, column_names(ledger), strict=True):
            text = _number(column, rng) if rng.random() < style.filled else "-" * dashed
            if text:
                yield LedgerEntry(row_name, column_name, text, _set_in_cell(text, row, column, ledger, rng))


@dataclass(frozen=True, slots=True)
class _Column:
    """Style of the numbers of one column."""

    index: int
    hand: Writer
    height: float
    lengths: tuple[int, int]
    places: int  # digits after the point, 0 without one
    align: float  # 0 left, 1 right


def _column(index: int, hand: Writer, ledger: Ledger, style: PageStyle, rng: Generator) -> _Column:
    height = min(0.52 * ledger.pitch, 5.5 / 25.4 * ledger.dpi) * float(rng.uniform(0.9, 1.1))
    room = max(style.min_digits, min(style.max_digits, int(ledger.column_width / (0.75 * height))))
    longest = int(rng.integers(style.min_digits, room + 1))
    places = int(rng.integers(1, 3)) if rng.random() < style.decimals and longest > 2 else 0
    return _Column(
        index, hand, height, (max(style.min_digits, places, longest - 2), longest), places, float(rng.choice([0.5, 0.9]))
    )


def _number(column: _Column, rng: Generator) -> str:
    low, high = column.lengths
    length = int(rng.integers(low, high + 1))
    digits = "".join(str(digit) for digit in rng.integers(0, 10, length))
    if length > max(column.places, 1) and digits[0] == "0":
        digits = str(rng.integers(1, 10)) + digits[1:]
    if not column.places:
        return digits
    return f"{digits[: -column.places]}.{digits[-column.places :]}"


def _set_in_cell(text: str, row: int, column: _Column, ledger: Ledger, rng: Generator) -> tuple[Trace, ...]:
    """Write into a cell; what is too wide is written smaller, as people do."""
    traces = write(text, column.hand, column.height, rng)
    left, right = extent(traces)
    room = 0.9 * ledger.column_width
    scale = min(1.0, room / (right - left))
    slack = room - scale * (right - left)
    x = ledger.column_edge(column.index) + 0.05 * ledger.column_width + slack * np.clip(column.align + rng.normal(0, 0.05), 0, 1)
    y = ledger.row_edge(row) + ledger.pitch * (0.77 + rng.normal(0, column.hand.wander))
    return tuple(trace.scaled(scale).shifted(x - scale * left, y) for trace in traces)
