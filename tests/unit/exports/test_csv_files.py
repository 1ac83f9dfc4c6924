"""Texts that no spreadsheet takes for a formula, and the descriptor of CSV files."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digit_core.exports.csv_files import CsvFile, field, guard, package_of, resource, unguard

COLUMN = field("file", "string", "The scan.")


def test_an_ordinary_file_name_stays_as_it_is():
    assert guard('s3://bucket/1947 März, "b".png') == 's3://bucket/1947 März, "b".png'


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "+1.png", "-1.png", "@x.png", "\t=1.png", "\r=1", "\n=1", "＝1.png", "'=1.png"]
)
def test_a_risky_text_gets_one_mark_that_can_be_taken_away_again(name):
    assert guard(name) == f"'{name}"
    assert unguard(guard(name)) == name


@given(st.text())
def test_every_text_comes_back_and_none_is_a_formula(text):
    assert unguard(guard(text)) == text
    assert not guard(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_the_descriptor_has_what_a_data_package_must_have():
    package = package_of([resource(CsvFile("my numbers.csv", "ab" * 32, 123, 4), {"fields": [COLUMN]})])

    (described,) = package["resources"]
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert described["$schema"] == "https://datapackage.org/profiles/2.0/dataresource.json"
    assert re.fullmatch(r"[-a-z0-9._/]+", package["name"])
    assert re.fullmatch(r"[-a-z0-9._/]+", described["name"])
    assert described["path"] == "my numbers.csv"
    assert described["type"] == "table"
    assert described["hash"] == "sha256:" + "ab" * 32
    assert (described["bytes"], described["rows"]) == (123, 4)
    assert json.loads(json.dumps(package)) == package


@pytest.mark.parametrize("name", ["", "..", "../n.csv", "/data/n.csv", "a\\n.csv"])
def test_a_descriptor_points_to_no_other_folder(name):
    with pytest.raises(ValueError, match="bare file name"):
        CsvFile(name, "0" * 64, 1, 1)


def test_a_csv_named_in_other_letters_still_gets_a_valid_resource_name():
    assert resource(CsvFile("числа.csv", "0" * 64, 1, 1), {})["name"] == "numbers"
