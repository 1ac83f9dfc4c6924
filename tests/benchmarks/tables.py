"""How many tables are proposed with the right rows and columns: real pages, counted by eye, and 20 drawn registers.

Counted are the rows from below the head, and the columns without those of names at the ends; columns of words in between count,
whether they are skipped or not. On 13 ledgers the rows are lines of running text over faint rulings, which cannot be counted with
certainty: of these only the columns count.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from digit_core.imaging.decode import decode_page
from digit_core.inference.reader import OnnxReader
from digit_core.layouts.authoring import level_page, proposed_tables
from digit_core.layouts.template import Grid
from digit_core.params import DecodeLimits
from digit_core.recognition.numbers import written_on
from digit_core.records import Grey, PageImage
from tests.support.drawn.registers import register

DATA = Path(__file__).parents[3] / "shared" / "data"

UNKNOWN = -1
RUNNING_TEXT = "running text, columns alone"

DOTS = ((1, 1), (6, 2), (24, 16), (12, 3))
"""Patterns of the rulings of the drawn registers: solid, dots, dashes, dots far apart."""

Truth = tuple[int, int]
"""Rows and columns."""

PAGES: dict[str, Truth] = {
    "pages/rainfall_lyden-croft_1900-1909.jpg": (17, 11),
    "pages/register_badworthy_1947.jpg": (34, 13),
    "pages/untranscribed/dwr_1901-03-01_left.jpg": (55, 19),
    "pages/untranscribed/log_jeannette_1881-02-02.jpg": (12, 14),
    "pages/printed_only/aberdeen_pressure_1923.jpg": (32, 25),
    "pages/printed_only/argentine_dwr_1902.jpg": (67, 11),
    "pages/printed_only/margate_1891.jpg": (29, 17),
}

LEDGERS: dict[str, Truth] = {
    **{
        f"train/dufour-1_DAFANCH96_048MIC{name}": (UNKNOWN, 7)
        for name in (
            *(
                "07650_L-1",
                "07652_L-1",
                "07660_L-1",
                "07661_L-0",
                "07666_L-0",
                "07667_L-1",
                "07669_L-1",
                "07679_L-0",
                "07681_L-0",
            ),
            *("07682_L-0", "07686_L-0", "07687_L-1"),
        )
    },
    "dufour-1_DAFANCH96_048MIC07663_L-1": (UNKNOWN, 7),
    **{
        f"{folder}random-set-1_FRAN_0025_{name}": truth
        for folder, name, truth in (
            ("", "0073_L-1", (61, 7)),
            ("", "0149_L-0", (61, 9)),
            ("", "0227_L-0", (60, 9)),
            ("", "0434_L-0", (59, 7)),
            ("", "1209_L-1", (60, 8)),
            ("train/", "0073_L-0", (61, 7)),
            ("train/", "0080_L-0", (61, 7)),
            ("train/", "0080_L-1", (61, 7)),
            ("train/", "0183_L-0", (60, 9)),
            ("train/", "0293_L-0", (61, 9)),
            ("train/", "0293_L-1", (61, 8)),
            ("train/", "0316_L-1", (60, 7)),
            ("train/", "0327_L-0", (60, 7)),
            ("train/", "0422_L-0", (59, 7)),
            ("train/", "0934_L-0", (59, 8)),
            ("train/", "0989_L-0", (60, 8)),
            ("train/", "0989_L-1", (59, 8)),
            ("train/", "1289_L-0", (61, 8)),
            ("train/", "1289_L-1", (61, 8)),
            ("train/", "1333_L-1", (25, 8)),
            ("train/", "1350_L-0", (25, 8)),
            ("train/", "1443_L-0", (25, 8)),
            ("train/", "1443_L-1", (25, 8)),
            ("train/", "1444_L-0", (25, 8)),
            ("train/", "2324_L-1", (61, 7)),
            ("train/", "2352_L-0", (61, 7)),
            ("train/", "2352_L-1", (61, 7)),
        )
    },
}


def pages() -> Iterator[tuple[str, str, Grey, Truth]]:
    """Yield kind, name, picture and truth of each page that is there."""
    real = [("forms and tables", DATA / name, truth) for name, truth in PAGES.items()]
    real += [("ledgers", DATA / "real" / "notary_pages" / f"{name}.jpg", truth) for name, truth in LEDGERS.items()]
    for kind, path, truth in real:
        if path.is_file():
            kind = RUNNING_TEXT if truth[0] == UNKNOWN else kind
            yield kind, path.stem, decode_page(path.read_bytes(), 0, DecodeLimits()).pixels, truth
    for seed in range(20):
        form = replace(register(seed, ruled=seed % 3 != 2), dots=DOTS[seed % 4])
        yield "drawn", f"register {seed}", form.filled(seed, 0.8), (len(form.rows) - 1, len(form.columns) - 1)


def measure(kinds: tuple[str, ...], verbose: bool) -> dict[str, dict[str, str]]:
    reader = OnnxReader()
    right: dict[str, list[tuple[bool, bool]]] = {}
    for kind, name, pixels, truth in pages():
        if kind not in kinds:
            continue
        level, _ = level_page(PageImage(pixels), lambda page, maps: written_on(page, maps, reader))
        tables = proposed_tables(level)
        found = _size(max(tables, key=lambda grid: np.prod(_size(grid)))) if tables else (0, 0)
        rows_right = truth[0] in (found[0], UNKNOWN)
        right.setdefault(kind, []).append((rows_right, found[1] == truth[1]))
        if verbose and not (rows_right and found[1] == truth[1]):
            print(f"{kind}, {name}: {found[0]} x {found[1]}, not {truth[0]} x {truth[1]}", flush=True)
    return {kind: _shares(outcomes) for kind, outcomes in right.items()}


def _size(grid: Grid) -> Truth:
    return len(grid.rows.names), len(grid.columns.names)


def _shares(outcomes: list[tuple[bool, bool]]) -> dict[str, str]:
    rows, columns = (sum(one[i] for one in outcomes) for i in (0, 1))
    return {
        name: f"{count} of {len(outcomes)}"
        for name, count in (("rows", rows), ("columns", columns), ("both", sum(all(one) for one in outcomes)))
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="name the pages with another number of rows or columns")
    parser.add_argument("--kinds", nargs="+", default=["forms and tables", "ledgers", RUNNING_TEXT, "drawn"])
    options = parser.parse_args()
    print(json.dumps(measure(tuple(options.kinds), options.verbose), indent=2))
