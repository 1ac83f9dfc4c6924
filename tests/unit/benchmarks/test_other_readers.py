"""Processor time of several readers over the same scans."""

from __future__ import annotations

import numpy as np
import pytest

from tests.benchmarks.accuracy.readers import NumberRead
from tests.benchmarks.other_readers import ALONE, OURS, facts, measured, table


class Slow:
    """A reader that takes so many seconds of the processor for a page, and ten more for its first."""

    version = "1"

    def __init__(self, name: str, seconds: float) -> None:
        self.name, self._seconds, self._spent, self.read = name, seconds, 0.0, 0

    def page(self, pixels: np.ndarray) -> list[NumberRead]:
        self._spent += self._seconds + (0 if self.read else 10)
        self.read += 1
        return []

    def strip(self, pixels: np.ndarray) -> tuple[str, float]:
        raise AssertionError("pages are read, no strips")

    def cpu_seconds(self) -> float:
        return self._spent

    def close(self) -> None:
        """Nothing is open."""


SCANS = [("a.jpg", np.zeros((4, 3), np.uint8)), ("b.png", np.ones((4, 3), np.uint8))]


def spent(*readers: Slow) -> dict[str, dict[str, float]]:
    return measured(readers, SCANS)


def test_every_reader_reads_every_scan_and_its_start_is_not_counted() -> None:
    found = spent(Slow(OURS, 1.0), Slow("RapidOCR", 8.0))

    assert found == {OURS: {"a.jpg": 1.0, "b.png": 1.0}, "RapidOCR": {"a.jpg": 8.0, "b.png": 8.0}}


def test_ratios_are_against_ours_with_and_without_the_second_reader() -> None:
    found = facts(spent(Slow(OURS, 2.0), Slow(ALONE, 1.0), Slow("RapidOCR", 16.0), Slow("Tesseract", 3.0)))

    assert found[f"RapidOCR to {OURS}"] == pytest.approx(8)
    assert found[f"RapidOCR to {ALONE}"] == pytest.approx(16)
    assert found[f"Tesseract to {OURS}"] == pytest.approx(1.5)
    assert found[f"{OURS}, s a scan"] == pytest.approx(2)


def test_a_reader_that_cannot_be_had_is_left_out() -> None:
    found = facts(spent(Slow(OURS, 2.0), Slow(ALONE, 1.0)))

    assert list(found) == [f"{OURS}, s a scan", f"{ALONE}, s a scan"]


def test_the_table_has_a_line_for_each_scan_and_one_for_all() -> None:
    head, *lines = table(spent(Slow(OURS, 1.0), Slow("RapidOCR", 8.0)))

    assert [word in head for word in (OURS, "RapidOCR")] == [True, True]
    assert [line.split() for line in lines] == [["a.jpg", "1.00", "8.00"], ["b.png", "1.00", "8.00"], ["all", "2.00", "16.00"]]
