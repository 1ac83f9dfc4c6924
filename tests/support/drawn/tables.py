"""Tables of a form as a reader sees them, with the truth: cells, totals of columns and rows, an observer who may reckon wrong.

The reader is right as often as it says. It misreads single digits, mostly for one that looks like it, and knows the place:
its candidates are the reading and the nine others with another digit there, except for the readings that are wrong anyhow.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from digit_core.layouts.arithmetic.belief_propagation import Reconciled, Relation, Unknown

LOOKS_LIKE = {0: 6, 6: 0, 1: 7, 7: 1, 3: 8, 8: 3, 4: 9, 9: 4, 2: 5, 5: 2}

LIKE, UNLIKE, ANYTHING = 0.7, 0.25, 0.05
"""Which digit a misread one is: the one that looks like it, one of the eight others; or the whole number is another one."""


@dataclass
class Table:
    unknowns: list[Unknown] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    truth: list[int] = field(default_factory=list)

    @property
    def read(self) -> list[int]:
        """What stands there by the reader alone."""
        return [unknown.candidates[0][0] for unknown in self.unknowns]

    def wrong(self, values: tuple[int | None, ...] | list[int]) -> np.ndarray:
        return np.array([value != true for value, true in zip(values, self.truth, strict=True)])

    def refuted(self, result: Reconciled) -> np.ndarray:
        """Where the result is not what it says; something else is right where the truth was not among the candidates."""
        return np.array([
            (true in dict(unknown.candidates)) if value is None else value != true
            for value, true, unknown in zip(result.values, self.truth, self.unknowns, strict=True)
        ])  # fmt: skip


def replaced(value: int, place: int, digit: int) -> int:
    """The value with another digit at a place, counted from the right."""
    return value + (digit - value // 10**place % 10) * 10**place


def read(rng: np.random.Generator, truth: int, digits: int, sure: float) -> Unknown:
    """A number of so many digits as it is read with the probability `sure`."""
    place = int(rng.integers(digits))
    was = truth // 10**place % 10
    others = [digit for digit in range(10) if digit not in (was, LOOKS_LIKE[was])]
    kinds = [truth, replaced(truth, place, LOOKS_LIKE[was]), replaced(truth, place, int(rng.choice(others)))]
    chances = [sure, *((1 - sure) * share for share in (LIKE, UNLIKE, ANYTHING))]
    reading = [*kinds, int(rng.integers(10**digits))][rng.choice(4, p=chances)]
    now = reading // 10**place % 10
    like = LOOKS_LIKE[now]
    unlike = [digit for digit in range(10) if digit not in (now, like)]
    listed = [(reading, chances[0]), (replaced(reading, place, like), chances[1])]
    return Unknown((*listed, *((replaced(reading, place, digit), chances[2] / 8) for digit in unlike)), (0, 10**digits - 1))


def draw(seed: int, rows: int, columns: int = 1, *, digits: int = 4, row_totals: bool = False, trust: float = 0.97) -> Table:
    """A table with column totals, and row totals if they are asked for, of which the observer reckons 1 - trust wrong."""
    rng = np.random.default_rng(seed)
    table = Table()

    def add(true: int, width: int) -> int:
        table.truth.append(true)
        table.unknowns.append(read(rng, true, width, float(rng.beta(12, 0.8))))
        return len(table.truth) - 1

    def total(cells: list[int]) -> int:
        width = digits + len(str(len(cells)))
        right = sum(table.truth[cell] for cell in cells)
        index = add(right if rng.random() < trust else int(rng.integers(10**width)), width)
        table.relations.append(Relation((*((cell, 1) for cell in cells), (index, -1)), trust=trust))
        return index

    cells = [[add(int(rng.integers(10**digits)), digits) for _ in range(columns)] for _ in range(rows)]
    totals = [total([row[column] for row in cells]) for column in range(columns)]
    if columns > 1:
        total(totals)
    if row_totals:
        for row in cells:
            total(row)
    return table
