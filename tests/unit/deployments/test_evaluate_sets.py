"""`digits evaluate --set` reads a set as `digits read --strip` reads its pictures."""

import csv
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from deployments.cli import app
from digit_core.synthesis.pen import draw_number, make_writer

NUMBERS = ("1905", "27", "438")


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, served_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITS_HOME", str(served_home))


def digits(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def picture(text: str) -> bytes:
    ink, _ = draw_number(text, make_writer(3), 48, np.random.default_rng(1))
    return bytes(cv2.imencode(".png", 235 - np.pad(ink, 20) // 255 * 215)[1].tobytes())


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    path = tmp_path / "cells.parquet"
    columns = {"image": [picture(text) for text in NUMBERS], "text": list(NUMBERS), "split": ["dev"] * 3}
    pq.write_table(pa.table(columns), path)
    return path


def test_a_set_is_read_as_strips_are(cells: Path, tmp_path: Path) -> None:
    files = []
    for number in NUMBERS:
        files.append(tmp_path / f"{number}.png")
        files[-1].write_bytes(picture(number))
    strips = list(csv.DictReader(io.StringIO(digits("read", *files, "--strip", "--format", "csv").stdout)))

    (score,) = json.loads(digits("evaluate", "--set", cells, "--json").stdout)

    right = sum(row["digits"] == number for row, number in zip(strips, NUMBERS, strict=True))
    assert score["numbers"] == 3
    assert score["exact"] == pytest.approx(right / 3)


def test_the_table_names_each_set_and_all_of_them(cells: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    other.write_bytes(cells.read_bytes())

    done = digits("evaluate", "--set", cells, "--set", other, "--sample", 2)

    assert done.exit_code == 0, done.output
    rows = [line.split() for line in done.stdout.splitlines()[1:4]]
    assert [(row[0], row[1]) for row in rows] == [("cells", "2"), ("other", "2"), ("all", "4")]


def test_the_errors_are_drawn(cells: Path, tmp_path: Path) -> None:
    assert digits("evaluate", "--set", cells, "--errors", tmp_path / "errors.png").exit_code == 0

    assert cv2.imread(str(tmp_path / "errors.png")) is not None


def test_a_set_of_strokes_is_drawn_and_read(tmp_path: Path) -> None:
    path = tmp_path / "pens.parquet"
    pq.write_table(pa.table({"strokes": [[[[0.0, 0.0], [2.0, 50.0]]]], "text": ["1"], "split": ["dev"]}), path)

    (score,) = json.loads(digits("evaluate", "--set", path, "--json").stdout)

    assert score["numbers"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "cells.parquet", "--split", "train"), "no rows of the split train; it has dev"),
        (("--set", "nowhere.parquet"), "cannot be read"),
        (("results", "truth", "--set", "cells.parquet"), "leave out DEST, TRUTH"),
        (("results",), "give DEST and TRUTH"),
        (("results", "truth", "--sample", "3"), "need --set"),
    ],
)
def test_what_does_not_go_together_is_said(cells: Path, arguments: tuple[str, ...], said: str) -> None:
    done = digits("evaluate", *arguments)

    assert done.exit_code == 2
    assert said in " ".join((done.output + str(done.exception)).replace("│", " ").split())
