"""What scoring texts against columns costs, from a few numbers on a page to thousands: it must grow as they do.

    python -m tests.benchmarks.scoring

Each number has six texts and two strips; one number in fifty is ten times as wide as the others, as a line that was taken for
one is.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.random import Generator, default_rng

from digit_core.recognition.transcription.ctc import Floats, aligned, log_likelihoods

COUNTS = (50, 150, 500, 1500, 5000)
_TEXTS, _STRIPS, _WIDER = 6, 2, 50


def strip(rng: Generator, digits: str, columns: int) -> Floats:
    """Columns in which these digits stand, evenly spread and not quite sure."""
    drawn = rng.dirichlet(np.full(11, 0.05), columns)
    drawn[:, 0] += 2.0
    for i, digit in enumerate(digits):
        drawn[(i + 1) * columns // (len(digits) + 1), int(digit) + 1] += 6.0
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


def page(rng: Generator, numbers: int) -> tuple[list[Floats], list[str]]:
    """The strips of a page's numbers, and a text for each."""
    texts = ["".join(map(str, rng.integers(0, 10, rng.integers(1, 8)))) for _ in range(numbers)]
    widths = [int(rng.integers(15, 70)) * (10 if i % _WIDER == 0 else 1) for i in range(numbers)]
    return [strip(rng, text, width) for text, width in zip(texts, widths, strict=True)], texts


def seconds(numbers: int, rng: Generator) -> float:
    """Processor time of scoring all texts of a page, and of laying the chosen ones along their strips."""
    columns, texts = page(rng, numbers)
    start = time.process_time()
    log_likelihoods(columns * _TEXTS * _STRIPS, texts * _TEXTS * _STRIPS)
    aligned(columns * _STRIPS, texts * _STRIPS)
    return time.process_time() - start


def main() -> None:
    seconds(20, default_rng(0))
    for numbers in COUNTS:
        took = seconds(numbers, default_rng(numbers))
        print(f"{numbers:5} numbers: {took:6.2f} s, {1000 * took / numbers:5.2f} ms each")


if __name__ == "__main__":
    main()
