"""A page's tables with values in rows and columns, and the files of `digits results --tables`."""

import csv
import io
import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from deployments.cli import app
from digit_core.exports.wide_tables import file_name, wide_tables
from digit_core.records import Box, Cell, CellState
from tests.support.exported import number, page, table
from tests.support.results import publish, scan
from tests.support.results import read_as as read


def rows(*numbers):
    (wide,) = wide_tables(page(*numbers))
    return list(csv.reader(io.StringIO(wide.csv())))


def test_a_grid_has_its_values_under_the_names_of_rows_and_columns_and_says_what_waits():
    assert rows(*table()) == [["row", "Jan", "Feb", "review"], ["1", "9.5", "8", "Feb"], ["2", "", "3/4", ""]]


def test_the_columns_of_a_grid_compute_in_pandas_though_cells_hold_marks():
    cells = [number("9.50", ("rain", "1", "Jan"), value=9.5, decimals=2), number("–", ("rain", "2", "Jan"), cell="dash")]
    (wide,) = wide_tables(page(*cells))

    found = pd.read_csv(io.StringIO(wide.csv()), index_col="row")

    assert found["Jan"].sum() == 9.5
    assert '"1",9.50,""' in wide.csv()


def test_rows_that_are_numbers_stand_in_their_order():
    assert [row[0] for row in rows(*(number("1", ("rain", name, "Jan"), value=1.0) for name in ("10", "9", "2")))[1:]] == [
        "2",
        "9",
        "10",
    ]


def test_zones_stand_in_one_table_of_their_own_and_other_numbers_in_none():
    zones = [number("1234", ("station", "", ""), value=1234.0), number("1947", ("year", "", ""), value=1947.0, state="review")]

    assert rows(*zones, number()) == [["zone", "value", "review"], ["station", "1234", ""], ["year", "1947", "value"]]


def test_columns_of_a_form_may_be_called_as_those_of_the_file():
    assert rows(number("1", ("rain", "1", "row"), value=1.0), number("2", ("rain", "1", "review"), value=2.0)) == [
        ["row_", "row", "review", "review_"],
        ["1", "1", "2", ""],
    ]


def test_a_name_never_becomes_a_formula_or_a_path():
    assert rows(number("1", ("rain", "=1+1", "@x"), value=1.0)) == [["row", "'@x", "review"], ["'=1+1", "1", ""]]
    assert file_name(page(uri="s3://b/../../etc/pass wd.png", at=3), "../rain") == "pass-wd-3-abababab-rain.csv"


@pytest.fixture
def tables(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))
    jan = Cell("rain", "1", "Jan", CellState.NUMBER, Box(10, 20, 60, 30))
    pages = [read(scan(tmp_path / f"{name}.png"), "396", cell=jan) for name in ("a", "b")]
    publish(tmp_path / "results", *pages)
    done = CliRunner().invoke(app, ["results", str(tmp_path / "results"), "--tables", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    return tmp_path / "out", done.output


def test_a_folder_has_all_numbers_and_each_pages_tables_described_together(tables):
    folder, told = tables

    package = json.loads((folder / "datapackage.json").read_text())
    names = {resource["path"] for resource in package["resources"]}
    assert len(names) == 3
    assert {path.name for path in folder.iterdir()} == names | {"datapackage.json"}
    assert "2 tables of pages" in told
    for resource in package["resources"]:
        lines = (folder / resource["path"]).read_bytes()
        header = next(csv.reader(io.StringIO(lines.decode())))
        assert header == [field["name"] for field in resource["schema"]["fields"]]
        assert len(lines) == resource["bytes"]
    found = pd.read_csv(folder / "numbers.csv")
    assert list(found["value"]) == [396, 396]
    assert list(found["column"]) == ["Jan", "Jan"]
