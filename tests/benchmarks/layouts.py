"""What a layout costs: a full page of a grid, read with its layout and without one, in turn in one process."""

from __future__ import annotations

import argparse
import json
import time
from statistics import median

import numpy as np

from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser
from digit_core.inference.reader import OnnxReader
from digit_core.layouts.template import Holds, Layout
from digit_core.params import ReviewPolicy, SegmentationParams
from digit_core.recognition.acceptance import judge
from digit_core.recognition.pipeline import find_digits
from digit_core.records import Grey, PageFound, PageImage, PageRef
from digit_core.synthesis.pen import draw_number, make_writer
from tests.support.drawn.forms import DrawnForm, put

WIDTH, HEIGHT = 2480, 3508
"""A4 at 300 dots an inch."""

GRIDS = {"31 x 12": (31, 12, 3), "100 x 20": (100, 20, 2)}
"""Rows, columns, and digits of the numbers in them."""


def form(rows: int, columns: int) -> DrawnForm:
    ys, xs = (
        np.rint(np.linspace(first, last, n + 1)).astype(int).tolist()
        for first, last, n in ((500, 3350, rows), (150, 2330, columns))
    )
    return DrawnForm("grid", WIDTH, HEIGHT, tuple(ys), tuple(xs), ((150, 2330, 200), (150, 1200, 300), (1400, 2330, 380)))


def written(blank: DrawnForm, layout: Layout, digits: int) -> Grey:
    """The form with a number in every cell, in one hand."""
    page, rng, hand = blank.blank(), np.random.default_rng(1), make_writer(3)
    for area in layout.cells().values():
        ink, _ = draw_number("".join(map(str, rng.integers(0, 10, digits))), hand, min(44.0, 0.6 * area.h), rng)
        put(page, ink, round(area.x + (area.w - ink.shape[1]) / 2), round(area.y + (area.h - ink.shape[0]) / 2))
    return page


class Pages:
    """Reads a page from pixels to readings; says how many seconds of the processor that took."""

    def __init__(self) -> None:
        self._reader, self._recogniser = OnnxReader(), OnnxRecogniser(SHIPPED_MODEL, "shipped")

    def __call__(self, page: Grey, *layouts: Layout) -> float:
        start = time.process_time()
        digits = find_digits(PageImage(page), SegmentationParams(), self._reader, layouts)
        found = PageFound(PageRef("page", "", "ab" * 32), page.shape[1], page.shape[0], 300.0, digits)
        judge(found, self._recogniser(digits.crops), ReviewPolicy(), layouts)
        return time.process_time() - start


def cost(pairs: int) -> dict[str, float]:
    """For each grid the median over pairs of with : without, and the seconds without."""
    read, outcome = Pages(), {}
    for name, (rows, columns, digits) in GRIDS.items():
        blank = form(rows, columns)
        layout = blank.layout(Holds(digits=(1, digits)))
        page = written(blank, layout, digits)
        read(page, layout)  # fills the caches
        rounds = [(read(page), read(page, layout)) for _ in range(pairs)]
        outcome[f"{name}, with to without"] = median(with_ / without for without, with_ in rounds)
        outcome[f"{name}, s without"] = median(without for without, _ in rounds)
    return outcome


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3, help="how often both are read in turn")
    print(json.dumps(cost(parser.parse_args().pairs)))
