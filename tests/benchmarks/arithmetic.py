"""How fast sums are reconciled, how many errors that takes away, and whether the probabilities are true.

Of drawn tables (tests/support/drawn/tables.py), whose reader is right as often as it says. Times are processor time of one table.
"""

import argparse
import time
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table as Shown

from digit_core.layouts.arithmetic.belief_propagation import reconcile
from tests.support.drawn.tables import draw

FORMS = {
    "12 rows, total": (300, {"rows": 12}),
    "31 x 12, column totals, grand total": (10, {"rows": 31, "columns": 12, "digits": 3}),
    "31 x 12, row and column totals": (10, {"rows": 31, "columns": 12, "digits": 3, "row_totals": True}),
    "12 x 6 of 6 digits, row and column totals": (30, {"rows": 12, "columns": 6, "digits": 6, "row_totals": True}),
    "100 x 20, row and column totals": (3, {"rows": 100, "columns": 20, "digits": 3, "row_totals": True}),
}
"""How many tables of each kind, and what they are."""


def measure(count: int, options: dict[str, int]) -> list[str]:
    seconds, before, published, sure, refuted, expected = [], [], [], 0, 0, 0.0
    for seed in range(count):
        table = draw(seed, **options)
        start = time.process_time()
        result = reconcile(table.unknowns, table.relations)
        seconds.append(time.process_time() - start)
        probabilities = np.array(result.probabilities)
        before += list(table.wrong(table.read))
        published += list(table.wrong(result.values))
        high = probabilities >= 0.99
        sure += int(high.sum())
        refuted += int(table.refuted(result)[high].sum())
        expected += float((1 - probabilities[high]).sum())
    times = f"{median(seconds) * 1e3:.0f} ({max(seconds) * 1e3:.0f})"
    shares = [f"{np.mean(cells):.2%}" for cells in (before, published)]
    return [str(len(before)), *shares, f"{sure / len(before):.0%}", f"{refuted}, expected {expected:.1f}", times]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=float, default=1, help="how many times as many tables")
    options = parser.parse_args()
    shown = Shown("tables", "cells", "wrong as read", "not right after", "sure (0.99)", "sure and wrong", "ms: median (most)")
    for name, (count, form) in FORMS.items():
        shown.add_row(name, *measure(max(1, round(count * options.times)), form))
    Console(width=130).print(shown)


if __name__ == "__main__":
    main()
