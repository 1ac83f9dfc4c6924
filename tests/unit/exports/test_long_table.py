"""The long table, read by pandas: what computes stands apart from what is told about it."""

from __future__ import annotations

import csv
import io
import re

import pandas as pd
import pytest

from digit_core.exports.csv_files import unguard
from digit_core.exports.long_table import COLUMNS, long_csv, table_schema
from digit_core.exports.page_content import PageContent
from tests.support.exported import number, page, table


def read(*pages: PageContent) -> pd.DataFrame:
    return pd.read_csv(
        io.StringIO("".join(long_csv(pages)), newline=""), dtype={"row": str}, keep_default_na=False, na_values={"value": [""]}
    )


def test_it_begins_with_file_page_place_date_value_unit_state_and_confidence() -> None:
    found = read(page(*table()))

    assert list(found.columns[:10]) == ["file", "page", "zone", "row", "column", "date", "value", "unit", "state", "confidence"]
    assert list(found.iloc[1, :10]) == ["/scans/a.jpg", 1, "rain", "1", "Feb", "1947-02-01", 8.0, "mm", "review", 0.5]


def test_values_compute_and_a_number_without_one_has_none() -> None:
    found = read(page(*table()))

    assert found["value"].sum() == 17.5
    assert list(found["value"].isna()) == [False, False, True, True]


def test_the_link_leads_to_the_page_and_its_box() -> None:
    assert read(page(number(), uri="/a.tif", at=3, count=4))["link"][0] == "/a.tif#page=3&xywh=10,20,60,30"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "＝1", "'"])
def test_no_text_is_a_formula_and_each_can_be_had_back(text: str) -> None:
    lines = list(long_csv([page(number(text, (text, text, text)), uri=text)]))

    (row,) = csv.DictReader(io.StringIO("".join(lines), newline=""), strict=True)
    for name in ("file", "zone", "row", "column", "text", "link"):
        assert row[name].startswith("'")
        assert unguard(row[name]).startswith(text)


def test_the_descriptor_names_the_columns_in_their_order() -> None:
    assert tuple(one["name"] for one in table_schema()["fields"]) == COLUMNS


def test_each_cell_is_what_the_descriptor_says_of_its_column() -> None:
    rows = csv.DictReader(
        io.StringIO("".join(long_csv([page(*table(), number(state="corrected", decimals=2, value=1.24))])), newline="")
    )
    kinds = {"string": str, "integer": int, "number": float}

    for row in rows:
        for column in table_schema()["fields"]:
            text, rules = row[column["name"]], column["constraints"]
            if text in column.get("missingValues", []):
                assert not rules["required"], column["name"]
                continue
            value = kinds[column["type"]](text)
            assert value in rules.get("enum", [value])
            assert rules.get("minimum", value) <= value <= rules.get("maximum", value)
            assert re.fullmatch(rules.get("pattern", ".*"), text, re.DOTALL), column["name"]
            assert len(text) >= rules.get("minLength", 0)
