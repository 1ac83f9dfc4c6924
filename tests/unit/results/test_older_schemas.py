"""Files of earlier schema versions are read under the names of today."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from digit_core.readings import DigitReading, PageRead, ReadBy, Reading, State
from digit_core.records import Box, PageRef
from digit_core.results.schema import TABLES, batch_tables
from tasks.adapters.results.parquet import from_parquet

DIGIT = DigitReading(Box(1, 2, 9, 9), ((5, 0.9), (3, 0.05), (8, 0.05)), State.REVIEW, "low confidence")
NUMBER = Reading(0, Box(1, 2, 9, 9), "5", 0.9, State.REVIEW, (DIGIT,), text="5")
PAGE = PageRead(PageRef("a.tif", "v", "ab" * 32, 2, 4), 100, 80, 300.0, 0.0, (NUMBER,))
NOW = batch_tables([PAGE], ReadBy("7", "1", "", "abc", "run"))
EARLIER = {
    "pages": {
        "file": "uri",
        "page": "page_index",
        "number_count": "numbers",
        "digit_count": "digits",
        "review_count": "to_review",
    },
    "numbers": {"file": "uri", "page": "page_index"},
    "digits": {"file": "uri", "page": "page_index"},
}


def of_schema_4(name: str, without: tuple[str, ...] = ("unit", "date", "date_from"), version: str = "4") -> bytes:
    """The table as it was written until schema 5: under other names, and with pages from 0."""
    table = NOW[name].set_column(NOW[name].column_names.index("page"), "page", pa.array([2], pa.int32()))
    table = table.rename_columns([EARLIER[name].get(column, column) for column in table.column_names])
    table = table.drop_columns([column for column in without if column in table.column_names])
    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"digits.schema_version": version}), sink)
    return sink.getvalue()


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_schema_4_has_the_names_of_today_and_pages_from_one(name: str) -> None:
    read = from_parquet(name, "a.parquet", of_schema_4(name), None)

    later = dict.fromkeys({"unit", "date", "date_from"} & set(NOW[name].column_names))
    assert read.schema.equals(TABLES[name], check_metadata=True)
    assert read.to_pylist() == [{**NOW[name].to_pylist()[0], **later}]
    assert read["page"].to_pylist() == [3]


def test_single_columns_are_found_under_their_earlier_names() -> None:
    read = from_parquet("pages", "a.parquet", of_schema_4("pages"), ["number_count", "file", "page"])

    assert read.to_pylist() == [{"file": "a.tif", "page": 3, "number_count": 1}]


def test_a_file_of_the_first_schema_is_read_with_nothing_where_it_knows_nothing() -> None:
    data = of_schema_4("numbers", ("unit", "date", "date_from", "text", "printed"), "1")

    (row,) = from_parquet("numbers", "a.parquet", data, None).to_pylist()

    assert (row["digits"], row["text"], row["printed"], row["unit"]) == ("5", None, None, None)
    assert from_parquet("numbers", "a", data, ["digits", "text"]).to_pylist() == [{"digits": "5", "text": None}]
