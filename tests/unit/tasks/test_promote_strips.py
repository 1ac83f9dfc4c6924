"""The gate of detector and strip reader reads what a collection holds back, too."""

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from digit_core.errors import InputError
from digit_core.evaluation.promotion_gate import GatePolicy
from digit_core.inference.classifier import SHIPPED_MODEL
from digit_core.inference.reader import FINDER, READER, SHIPPED_READER
from digit_core.recognition.pipeline import PageReader
from digit_core.training.mnist import Mnist
from digit_core.training.set_exam import ReadNumber
from tasks.adapters.registry.cache import ModelFile
from tasks.adapters.registry.networks import NetworkFiles
from tasks.promote import compare_readings
from tests.support.drawn.mnist import drawn_digits


def number_set(file, splits, text="1975"):
    """A set of pictures that all show the same, each of a writer of its own."""
    picture = np.full((60, 200), 230, np.uint8)
    cv2.putText(picture, text, (10, 48), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 30, 4, cv2.LINE_AA)
    image = cv2.imencode(".png", picture)[1].tobytes()
    rows = [{"text": text, "image": image, "split": split, "writer": f"page {at}"} for at, split in enumerate(splits)]
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file


@pytest.fixture
def files(monkeypatch):
    """The networks that ship, under two versions of the strip reader, and few strips to compare them on."""
    digits = drawn_digits(100, seed=4)
    monkeypatch.setattr("tasks.promote.load_mnist", lambda path: Mnist(digits, digits, digits))
    monkeypatch.setattr("tasks.promote.STRIPS", 4)
    classifier, detector = ModelFile("1", SHIPPED_MODEL, ""), ModelFile("1", SHIPPED_READER / FINDER, "")
    readers = (ModelFile(version, SHIPPED_READER / READER, "") for version in "12")
    return [NetworkFiles(classifier, detector, reader) for reader in readers]


def compared(files, *sets):
    return compare_readings.fn(*files, ("1", "2"), None, GatePolicy(), sets)


def test_the_held_back_numbers_of_a_set_are_read_by_both_and_reported(files, tmp_path):
    report = compared(files, number_set(tmp_path / "numbers.parquet", ["train"] * 5 + ["dev"] * 3))

    assert ("held-back numbers 1 read exactly (3 strips)", "100.00%", "100.00%") in report.rows
    assert report.verdict.passed
    assert report.metrics["gate.held-back_numbers_1.exact"] == 1.0


def test_a_challenger_that_reads_fewer_of_them_is_refused(files, tmp_path, monkeypatch):
    calls = iter((True, False))

    def read(rows, pages: PageReader) -> list[ReadNumber]:
        right = next(calls)
        return [ReadNumber("1975", "1975", "1975" if right else "1", "1975", 0.9, True) for _ in rows]

    monkeypatch.setattr("tasks.promote.read_numbers", read)

    report = compared(files, number_set(tmp_path / "numbers.parquet", ["dev"] * 20))

    assert not report.verdict.passed
    assert "on held-back numbers 1 it reads 0.00% of the numbers exactly, the champion 100.00%" in report.verdict.reasons[0]


def test_a_set_that_holds_nothing_back_is_refused_by_name(files, tmp_path):
    with pytest.raises(InputError, match=r"numbers\.parquet has no row whose split is 'dev'"):
        compared(files, number_set(tmp_path / "numbers.parquet", ["train"] * 3))
