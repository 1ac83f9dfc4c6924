"""A page's cells as one table for each grid, and the files of `digits results --tables`."""

import csv
import io
import json

import pyarrow as pa
import pytest

from deployments.commands.csv_files import write_csv
from digit_core.results.page_tables import file_name, text_of, wide_tables
from digit_core.review.corrections import CORRECTED


def number(row="Jan", column="1900", digits="396", zone="rain", **changes):
    """A row of CORRECTED."""
    known = {"uri": "scans/a.png", "sha256": "ab" * 32, "page_index": 0, "zone": zone, "row": row, "column": column}
    known |= {"digits": digits, "text": digits, "decimals": 2, "state": "accepted", "cell": "number", "value": None}
    known |= {"confidence": 0.9, "x": 1, "y": 1, "w": 9, "h": 9, "number_id": f"{zone}{row}{column}", "model_version": "1"}
    known |= {"machine_digits": digits, "machine_state": "accepted", "reviewer": "", "checks": ""}
    return known | changes


def grid(*numbers):
    (table,) = wide_tables(numbers)
    return list(csv.reader(io.StringIO(table.csv())))


def test_a_grid_has_its_rows_and_columns_under_their_names():
    rows = grid(number(), number(column="1901", digits="142"), number("Feb", digits="605"))

    assert rows == [["row", "1900", "1901"], ["Jan", "3.96", "1.42"], ["Feb", "6.05", ""]]


def test_rows_that_are_numbers_stand_in_their_order():
    rows = grid(number("10"), number("9"), number("2"))

    assert [row[0] for row in rows[1:]] == ["2", "9", "10"]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"text": "3.96"}, "3.96"),
        ({"state": "review"}, "3.96?"),
        ({"digits": "4", "text": "4"}, "0.04"),
        ({"decimals": None}, "396"),
        ({"digits": "", "cell": "dash"}, "–"),
        ({"digits": "", "cell": "blank"}, ""),
        ({"digits": "", "cell": "illegible", "state": "review"}, "?"),
        ({"digits": "3?6", "text": "3.?6", "state": "unreadable"}, "3.?6?"),
    ],
)
def test_a_cell_shows_what_stands_in_it_and_what_waits_for_a_person(changes, text):
    assert text_of(number(**changes)) == text


def test_zones_stand_in_one_table_of_their_own_and_other_numbers_in_none():
    zones = [number("", "", zone="station", decimals=None), number("", "", zone="year", decimals=None, digits="1947")]

    (table,) = wide_tables([*zones, number("", "", zone="")])

    assert table.name == "zones"
    assert table.cells == {("station", "value"): "396", ("year", "value"): "1947"}


def test_a_name_never_becomes_a_formula_or_a_path():
    (table,) = wide_tables([number("=1+1", "@x")])

    assert next(csv.reader(io.StringIO(table.csv())))[1] == "'@x"
    assert file_name("s3://b/../../etc/pass wd.png", 2, "cd" * 32, "../rain") == "pass-wd-3-cdcdcdcd-rain.csv"


def test_a_folder_has_all_numbers_and_each_pages_tables_described_together(tmp_path, capsys):
    rows = [number(), number(uri="scans/b.png", sha256="cd" * 32)]

    write_csv(lambda: iter([pa.Table.from_pylist(rows, CORRECTED)]), None, tmp_path / "out")

    package = json.loads((tmp_path / "out/datapackage.json").read_text())
    names = {resource["path"] for resource in package["resources"]}
    assert names == {"numbers.csv", "a-1-abababab-rain.csv", "b-1-cdcdcdcd-rain.csv"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names | {"datapackage.json"}
    assert "2 tables of pages" in capsys.readouterr().out
    for resource in package["resources"]:
        lines = (tmp_path / "out" / resource["path"]).read_bytes()
        header = next(csv.reader(io.StringIO(lines.decode())))
        assert header == [field["name"] for field in resource["schema"]["fields"]]
        assert len(lines) == resource["bytes"]
