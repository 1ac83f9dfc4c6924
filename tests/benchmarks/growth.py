"""How the cost of each stage grows from a page of few numbers to one of thousands: it must grow as they do.

    python -m tests.benchmarks.growth [--counts 50 500 5000] [--ruled] [--second]

A page is as large as its numbers need, 110 x 56 pixels each, in columns without rulings (and with --ruled in a ruled table). For
each stage: processor seconds of every page, and the exponent of its growth between the last two pages: 1 is linear.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np

from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser
from digit_core.inference.second_reader import SecondReader
from digit_core.recognition import pipeline
from digit_core.recognition.pipeline import PageReader
from digit_core.recognition.transcription.second_opinion import Second
from digit_core.records import Grey, PageImage, PageRef
from digit_core.synthesis.pen import draw_number, make_writer
from tasks.adapters.registry.second_network import second_network
from tests.benchmarks.real_pages import DETECTOR, SECOND, STRIPS, Clock, TimedReader, TimedSecond

WIDTH, HEIGHT = 110, 56
"""Pixels that a number has for itself."""

INK, PAPER, RULING, DIGIT, MARGIN = 0.85, 240, 110, 30, 150

STAGES: Mapping[str, Sequence[tuple[Any, str]]] = {
    "preparation": [(pipeline, "prepare_lying")],
    "rulings": [(pipeline, "line_maps"), (pipeline, "ruled_tables")],
    "numbers": [(pipeline, "find_numbers")],
    "orientation": [(pipeline, "lying")],
    "second reader's numbers": [(pipeline, "with_second")],
    "table and assembly": [(pipeline, "in_tables"), (pipeline, "page_digits"), (pipeline, "told_by_page")],
    "judgement": [(pipeline, "judge")],
}
"""Functions of the pipeline by stage; what the networks take of it is told apart."""

NETWORKS = (DETECTOR, STRIPS, SECOND, "classifier")


def drawn_page(count: int, ruled: bool) -> Grey:
    """A page of this many numbers of one to five digits in a few hands."""
    columns = max(1, round(math.sqrt(count * HEIGHT / WIDTH * 1.4)))
    rows = math.ceil(count / columns)
    page = np.full((rows * HEIGHT + 2 * MARGIN, columns * WIDTH + 2 * MARGIN), PAPER, np.uint8)
    rng = np.random.default_rng(count)
    if ruled:
        for row in range(rows + 1):
            page[MARGIN + row * HEIGHT - 1 : MARGIN + row * HEIGHT + 1, MARGIN:-MARGIN] = RULING
        for column in range(columns + 1):
            page[MARGIN:-MARGIN, MARGIN + column * WIDTH - 1 : MARGIN + column * WIDTH + 1] = RULING
    for at in range(count):
        text = "".join(map(str, rng.integers(0, 10, rng.integers(1, 4))))
        ink, _ = draw_number(text, make_writer(at % 5), DIGIT, rng)
        ink = ink[: HEIGHT - 8, : WIDTH - 8]
        y, x = MARGIN + at // columns * HEIGHT + 6, MARGIN + at % columns * WIDTH + 6
        page[y : y + ink.shape[0], x : x + ink.shape[1]] -= (ink * INK * 0.9).astype(np.uint8)
    return page


@contextmanager
def on_the_clock(clock: Clock) -> Iterator[None]:
    """Measure the functions of STAGES as long as this is open."""

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*values: Any, **named: Any) -> Any:
            with clock.stage(name):
                return function(*values, **named)

        return call

    with ExitStack() as stack:
        for name, functions in STAGES.items():
            for module, function in functions:
                stack.enter_context(patch.object(module, function, timed(name, getattr(module, function))))
        yield


def spent_on(page: Grey, second: SecondReader | None) -> tuple[dict[str, float], int]:
    """Processor seconds of each stage, without those of the networks that it asks; and how many numbers were found."""
    clock = Clock()
    classifier = OnnxRecogniser(SHIPPED_MODEL, "shipped")

    def classify(crops: Grey) -> Any:
        with clock.stage("classifier"):
            return classifier(crops)

    asked = None if second is None else Second(TimedSecond(second, clock))
    reader = PageReader(TimedReader(clock), classify, second=asked)  # type: ignore[arg-type]
    with on_the_clock(clock), clock.stage("all"):
        found = reader.read(PageImage(page), PageRef("page", "", "ab" * 32))
    spent = dict(clock.spent)
    spent["numbers"] = spent.get("numbers", 0) - spent.get(DETECTOR, 0) - spent.get(STRIPS, 0)
    spent["second reader's numbers"] = spent.get("second reader's numbers", 0) - spent.get(SECOND, 0)
    return spent, sum(reading.digits != "" for reading in found.readings)


def exponent(fewer: float, more: float, ratio: float) -> str:
    """Of the growth of a cost; nothing where it is too small to be measured."""
    return "" if min(fewer, more) < 0.02 else f"{math.log(more / fewer) / math.log(ratio):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[50, 500, 5000], help="numbers of each page")
    parser.add_argument("--ruled", action="store_true", help="in a ruled table")
    parser.add_argument("--second", action="store_true", help="with the second reader")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    second = None
    if options.second:
        with tempfile.TemporaryDirectory() as folder:
            second = SecondReader(second_network(Path(folder)))
    rows = [spent_on(drawn_page(count, options.ruled), second) for count in options.counts]
    print(f"{'':26}" + "".join(f"{count:>10,}" for count in options.counts) + "    exponent")
    print(f"{'numbers found':26}" + "".join(f"{found:>10,}" for _, found in rows))
    for name in (*STAGES, *NETWORKS, "all"):
        costs = [spent.get(name, 0.0) for spent, _ in rows]
        if any(costs):
            grows = exponent(*costs[-2:], options.counts[-1] / options.counts[-2]) if len(costs) > 1 else ""
            print(f"{name:26}" + "".join(f"{cost:10.2f}" for cost in costs) + f"{grows:>12}")


if __name__ == "__main__":
    main()
