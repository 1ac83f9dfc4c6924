"""How often a layout is taken for a page a row or a column off, and how often it is found where the page is its form.

About 300 pages: the scans in ../shared/data/pages with the layouts in tests/layouts, and drawn registers, as they are, as scans
change them, and as other printings of the same form: a row or a column more or fewer, stretched, moved under the head. No digit
is read: the grid that is found is held against the one that is known.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digit_core.imaging.decode import decode_page
from digit_core.imaging.line_detection import line_maps
from digit_core.layouts.registration import best_fit
from digit_core.layouts.template import Layout
from digit_core.layouts.template_file import parse_layout
from digit_core.params import DecodeLimits
from digit_core.records import Grey
from tests.support.drawn.forms import Move, as_jpeg, cropped, prepared, scaled, shifted, turned
from tests.support.drawn.printings import (
    ALONG,
    DOWN,
    Printing,
    as_it_is,
    cells_off,
    in_its_frame,
    layout_of,
    moved_away,
    stretched,
    with_twice,
    without,
)
from tests.support.drawn.registers import register

PAGES = Path(__file__).parents[3] / "shared" / "data" / "pages"
LAYOUTS = Path(__file__).parents[1] / "layouts"
SCANS = {"rainfall-ten-years": "rainfall_lyden-croft_1900-1909.jpg", "rainfall-register": "register_badworthy_1947.jpg"}
BOXES = ("nist-hsf", "nist_hsf_w4164.png")

RIGHT, OTHER, VERSIONS, SHIFTED = "right form", "other printing", "two versions", "stretched or moved"

Change = Callable[[Grey], tuple[Grey, Move]]


@dataclass(frozen=True, eq=False)
class Case:
    """kind: of the page; layouts: those that are given; own: the place of the page's own among them, None where it has none."""

    kind: str
    name: str
    printing: Printing
    layouts: Sequence[Layout]
    own: int | None
    drawn_on: Printing | None = None
    """Where the own layout was drawn on another page than this: that one's places."""


def faint(page: Grey) -> tuple[Grey, Move]:
    """A bad copy: half the contrast, and noise."""
    noise = np.random.default_rng(1).normal(0, 7, page.shape)
    return np.clip(130 + 0.45 * (page.astype(np.float32) - 130) + noise, 0, 255).astype(np.uint8), np.eye(2, 3)


def folded(page: Grey) -> tuple[Grey, Move]:
    """With a fold across it and one down it."""
    made, (height, width) = page.copy(), page.shape
    cv2.line(made, (0, round(0.52 * height)), (width, round(0.523 * height)), 150, 3)
    cv2.line(made, (round(0.47 * width), 0), (round(0.472 * width), height), 150, 3)
    return made, np.eye(2, 3)


def _and(*changes: Change) -> Change:
    def both(page: Grey) -> tuple[Grey, Move]:
        whole = np.eye(3)
        for change in changes:
            page, move = change(page)
            whole = np.vstack([move, [0, 0, 1]]) @ whole
        return page, whole[:2]

    return both


SCANNED: dict[str, Change] = {
    "as it is": lambda page: (page, np.eye(2, 3)),
    "turned 2": lambda page: turned(page, 2),
    "turned -4": lambda page: turned(page, -4),
    "half size": lambda page: scaled(page, 0.5),
    "cropped 2 %": lambda page: cropped(page, 0.02),
    "shifted 3 %": lambda page: shifted(page, 0.03),
    "turned, smaller, JPEG": _and(lambda page: turned(page, 1.3), lambda page: scaled(page, 0.8), lambda page: as_jpeg(page, 45)),
    "faint": faint,
    "folded": folded,
}


def cases(registers: int) -> Iterator[Case]:
    for name, file in SCANS.items():
        path = PAGES / file
        if path.is_file():
            layout = parse_layout((LAYOUTS / f"{name}.yaml").read_text("utf-8"))
            yield from _of_form(name, decode_page(path.read_bytes(), 0, DecodeLimits()).pixels, layout, list(SCANNED), 5)
    if (PAGES / BOXES[1]).is_file():
        yield from _of_boxes()
    for seed in range(registers):
        form = register(seed, ruled=seed % 3 != 2)
        page = form.filled(seed, (0.8, 0.5, 0.3)[seed % 4 % 3])
        changes = [list(SCANNED)[i % len(SCANNED)] for i in (seed, seed + 4)]
        yield from _of_form(f"register {seed}", page, form.layout(), changes, 1, seed)


def _of_form(name: str, page: Grey, layout: Layout, changes: Sequence[str], each: int, seed: int = 0) -> Iterator[Case]:
    """The page as it may be scanned, and other printings of it; each: of how many rows and columns."""
    for change in changes:
        yield Case(RIGHT, f"{name}, {change}", as_it_is(page).scanned(SCANNED[change]), [layout], 0)
    rng, names = np.random.default_rng(seed), list(SCANNED)
    grid = layout.grids[0]
    for axis, edges in ((DOWN, grid.rows.edges), (ALONG, grid.columns.edges)):
        count = len(edges) - 1
        for i in sorted(
            {*([0, count // 2, count - 2, count - 1][:each]), int(rng.integers(count))}
            if each > 1
            else {int(rng.integers(count))}
        ):
            ways: dict[str, Printing] = {
                "without": without(page, axis, edges, i),
                "twice": with_twice(page, axis, edges, i),
                "fewer in the frame": in_its_frame(page, axis, edges, i, more=False),
                "more in the frame": in_its_frame(page, axis, edges, i, more=True),
            }
            for way in ways if each > 1 else [list(ways)[(seed + axis) % 4], list(ways)[(seed + axis + 1) % 4]]:
                what = f"{name}, {way} {'row' if axis == DOWN else 'column'} {i}"
                change = names[int(rng.integers(len(names)))]
                yield Case(OTHER, f"{what}, {change}", ways[way].scanned(SCANNED[change]), [layout], None)
        i = int(rng.integers(1, count - 1))
        version = with_twice(page, axis, edges, i)
        longer = layout_of(version, layout, axis, more=i)
        change = SCANNED[names[int(rng.integers(7))]]
        what = f"{name}, {'row' if axis == DOWN else 'column'} {i}"
        yield Case(VERSIONS, f"{what} more", version.scanned(change), [layout, longer], 1, version)
        yield Case(VERSIONS, f"{what} as drawn", as_it_is(page).scanned(change), [layout, longer], 0)
        yield Case(
            SHIFTED, f"{name}, stretched along {axis}", stretched(page, axis, edges, 1 + 0.01 * (seed % 5 + 1)), [layout], 0
        )
        gap = (-1.0, -0.5, -0.3, 0.3, 0.5, 1.0)[seed % 6]
        yield Case(SHIFTED, f"{name}, moved by {gap} along {axis}", moved_away(page, axis, edges, gap), [layout], 0)


def _of_boxes() -> Iterator[Case]:
    layout = parse_layout((LAYOUTS / f"{BOXES[0]}.yaml").read_text("utf-8"))
    page = decode_page((PAGES / BOXES[1]).read_bytes(), 0, DecodeLimits()).pixels
    for change in SCANNED:
        yield Case(RIGHT, f"{BOXES[0]}, {change}", as_it_is(page).scanned(SCANNED[change]), [layout], 0)
    rows = [780, 936, 1092, 1254, 1412, 1571, 1730]  # between the rows of boxes
    for i in range(6):
        yield Case(OTHER, f"{BOXES[0]}, without row {i}", without(page, DOWN, rows, i), [layout], None)
        yield Case(OTHER, f"{BOXES[0]}, row {i} twice", with_twice(page, DOWN, rows, i), [layout], None)


def outcome(case: Case) -> str:
    """What became of a page: found, refused, off, or, of two versions, the wrong one."""
    found = best_fit(case.layouts, line_maps(prepared(case.printing.page).darkness))
    if found is None:
        return "refused"
    if case.kind == VERSIONS and case.own is not None:
        if found.layout is not case.layouts[case.own]:
            return "the other version"
        return "off" if case.drawn_on is None and cells_off(found, case.printing) else "found"
    return "off" if cells_off(found, case.printing) else "found"


def measure(registers: int, verbose: bool) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for case in cases(registers):
        end = outcome(case)
        counts.setdefault(case.kind, Counter())[end] += 1
        if verbose and end != ("refused" if case.kind == OTHER else "found"):
            print(case.kind, "|", case.name, "|", end, flush=True)
    return {kind: dict(sorted(count.items())) for kind, count in counts.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registers", type=int, default=18, help="drawn registers; about 12 pages are made of each")
    parser.add_argument("--verbose", action="store_true", help="name the pages that did not end as they should")
    options = parser.parse_args()
    print(json.dumps(measure(options.registers, options.verbose), indent=2))
