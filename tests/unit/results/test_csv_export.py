"""The CSV of numbers and its descriptor: what goes in comes out, and no file name becomes a formula."""

import csv
import io
import json
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digit_core.readings import PageRead, ReadBy, Reading, State
from digit_core.records import Box, PageRef
from digit_core.results.csv_export import COLUMNS, CsvFile, datapackage, guard, numbers_csv, unguard
from digit_core.results.schema import batch_tables
from digit_core.review.corrections import CORRECTED, Corrections
from digit_core.review.human_numbers import REVIEWED


def numbers_on(uri, *values, index=0, count=1):
    readings = tuple(
        Reading(0, Box(5, 6 + at, 30, 20), re.sub("[^0-9]", "", text), 0.97, State.ACCEPTED, (), text=text)
        for at, text in enumerate(values)
    )
    page = PageRead(PageRef(uri, "v", "ab" * 32, index, count), 100, 100, 300.0, 0.0, readings)
    numbers = batch_tables([page], ReadBy("3", "1", "", "p", "r"))["numbers"]
    return next(Corrections(REVIEWED.empty_table()).over([numbers], []))


def rows_of(lines):
    return list(csv.DictReader(io.StringIO("".join(lines), newline=""), strict=True))


def test_the_first_columns_are_the_file_and_the_value_and_how_it_is_written():
    lines = list(numbers_csv([numbers_on("/scans/a.png", "0124")]))

    assert lines == [
        '"file","value","digits","text","kind","page","zone","row","column","cell","checks","x","y","w","h","confidence","state",'
        '"number_id","model_version","machine_digits","second_digits","reviewer","decided"\r\n',
        '"/scans/a.png",124,"0124","0124","integer",1,"","","","","",5,6,30,20,0.97,"accepted",'
        '"abababababababab-0-5-6-30-20","3","0124","","",""\r\n',
    ]


def test_no_numbers_give_a_header_alone():
    assert len(list(numbers_csv([]))) == 1
    assert len(list(numbers_csv([CORRECTED.empty_table()]))) == 1


def test_digits_keep_their_leading_zeros_in_pandas_when_read_as_text():
    text = "".join(numbers_csv([numbers_on("a.png", "007", "")]))

    table = pd.read_csv(io.StringIO(text), dtype={"digits": str}, keep_default_na=False)

    assert list(table["digits"]) == ["007", ""]


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("-9,20", "-9.20", "signed"),
        ("18¾", "18.75", "fraction"),
        ("3,760,834", "3760834", "integer"),
        ("20/1/1944", "", "date"),
        ("1,234", "", "other"),
        ("", "", ""),
    ],
)
def test_text_value_and_kind_stand_beside_one_another(text, value, kind):
    (row,) = rows_of(numbers_csv([numbers_on("a.png", text)]))

    assert (unguard(row["text"]), row["value"], row["kind"]) == (text, value, kind)


def test_the_second_page_of_a_file_is_page_two():
    assert rows_of(numbers_csv([numbers_on("a.tif", "1", index=1, count=2)]))[0]["page"] == "2"


def test_tables_follow_one_another_under_one_header():
    lines = numbers_csv([numbers_on("a.png", "1", "2"), numbers_on("b.png", "3")])

    assert [(row["file"], row["digits"]) for row in rows_of(lines)] == [("a.png", "1"), ("a.png", "2"), ("b.png", "3")]


def test_lines_come_before_the_tables_after_them_are_made():
    def tables():
        yield numbers_on("a.png", "1")
        raise AssertionError("the second table was asked for too early")

    lines = numbers_csv(tables())

    assert next(lines).startswith('"file"')
    assert next(lines).startswith('"a.png"')


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "+1.png", "-1.png", "@x.png", "\t=1.png", "\r=1", "\n=1", "＝1.png", "'=1.png"]
)
def test_a_file_name_never_becomes_a_formula(name):
    (row,) = rows_of(numbers_csv([numbers_on(name, "1")]))

    assert row["file"].startswith("'")
    assert unguard(row["file"]) == name


def test_an_ordinary_file_name_stays_as_it_is():
    assert guard('s3://bucket/1947 März, "b".png') == 's3://bucket/1947 März, "b".png'


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_every_file_name_comes_back_from_the_csv(name):
    (row,) = rows_of(numbers_csv([numbers_on(name, "12")]))

    assert unguard(row["file"]) == name
    assert not row["file"].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_the_descriptor_has_what_a_data_package_must_have():
    package = datapackage(CsvFile("my numbers.csv", "ab" * 32, 123, 4))

    (resource,) = package["resources"]
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert resource["$schema"] == "https://datapackage.org/profiles/2.0/dataresource.json"
    assert re.fullmatch(r"[-a-z0-9._/]+", package["name"])
    assert re.fullmatch(r"[-a-z0-9._/]+", resource["name"])
    assert resource["path"] == "my numbers.csv"
    assert resource["type"] == "table"
    assert resource["hash"] == "sha256:" + "ab" * 32
    assert (resource["bytes"], resource["rows"]) == (123, 4)
    assert json.loads(json.dumps(package)) == package


def test_the_table_schema_describes_every_column_of_the_csv_in_its_order():
    schema = datapackage(CsvFile("n.csv", "0" * 64, 1, 1))["resources"][0]["schema"]

    known = {"string", "number", "integer", "boolean", "object", "array", "date", "time", "datetime", "year", "any"}
    assert tuple(field["name"] for field in schema["fields"]) == COLUMNS
    assert all(field["type"] in known and field["description"] for field in schema["fields"])
    assert set(schema["primaryKey"]) <= set(COLUMNS)
    assert schema["missingValues"] == []


def test_the_rows_of_the_csv_keep_the_constraints_of_the_schema():
    fields = datapackage(CsvFile("n.csv", "0" * 64, 1, 1))["resources"][0]["schema"]["fields"]

    (row,) = rows_of(numbers_csv([numbers_on("/a.png", "0124")]))

    for field in fields:
        check(row[field["name"]], field)


def check(cell, field):
    rules = dict(field["constraints"])
    assert rules.pop("required") is True
    value = {"string": str, "integer": int, "number": float}[field["type"]](cell)
    holds = {
        "minLength": lambda limit: len(value) >= limit,
        "minimum": lambda limit: value >= limit,
        "maximum": lambda limit: value <= limit,
        "pattern": lambda pattern: re.fullmatch(pattern, value),
        "enum": lambda values: value in values,
    }
    assert all(holds[rule](limit) for rule, limit in rules.items())


@pytest.mark.parametrize("name", ["", "..", "../n.csv", "/data/n.csv", "a\\n.csv"])
def test_a_descriptor_points_to_no_other_folder(name):
    with pytest.raises(ValueError, match="bare file name"):
        CsvFile(name, "0" * 64, 1, 1)


def test_a_csv_named_in_other_letters_still_gets_a_valid_resource_name():
    assert datapackage(CsvFile("числа.csv", "0" * 64, 1, 1))["resources"][0]["name"] == "numbers"
