"""The workbook, read by openpyxl."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from digit_core.exports import workbook as exported
from digit_core.exports.page_content import PageContent
from digit_core.exports.workbook import workbook
from tests.support.exported import number, page, table

RAIN = {"rain": ("Jan", "Feb")}
ORANGE, NOTHING = "FFFFC000", "00000000"


@pytest.fixture
def written(tmp_path: Path):
    def write(*pages: PageContent, zones: Mapping[str, Sequence[str]] = RAIN) -> Workbook:
        file = tmp_path / "numbers.xlsx"
        workbook(pages, zones, file)
        return load_workbook(file)

    return write


def test_a_table_has_a_sheet_where_all_pages_stand_under_one_another(written) -> None:
    book = written(page(*table(), uri="/a.jpg"), page(*table(), uri="/b.jpg"))

    assert book.sheetnames == ["numbers", "rain"]
    assert list(book["rain"].iter_rows(values_only=True)) == [
        ("file", "page", "row", "Jan", "Feb"),
        ("/a.jpg", 1, "1", 9.5, 8),
        ("/a.jpg", 1, "2", None, "3/4"),
        ("/b.jpg", 1, "1", 9.5, 8),
        ("/b.jpg", 1, "2", None, "3/4"),
    ]


def test_only_cells_that_wait_for_a_person_are_orange(written) -> None:
    sheet = written(page(*table()))["rain"]

    assert [cell.fill.fgColor.rgb for cell in sheet[2]] == [NOTHING] * 4 + [ORANGE]
    assert [cell.fill.fgColor.rgb for cell in sheet[3]] == [NOTHING] * 5


def test_values_compute_and_show_their_decimals(written) -> None:
    cell = written(page(number("9.50", ("rain", "1", "Jan"), value=9.5, decimals=2)))["rain"]["D2"]

    assert (cell.data_type, cell.value, cell.number_format) == ("n", 9.5, "0.00")


def test_the_sheet_of_all_has_value_state_confidence_and_link_apart(written) -> None:
    sheet = written(page(number("9.5", value=9.5, decimals=1, state="review", confidence=0.5)))["numbers"]

    row = dict(zip((cell.value for cell in sheet[1]), (cell.value for cell in sheet[2]), strict=True))
    assert (row["value"], row["state"], row["confidence"]) == (9.5, "review", 0.5)
    assert row["link"] == "/scans/a.jpg#xywh=10,20,60,30"


@pytest.mark.parametrize("text", ["=1+1", '=HYPERLINK("http://evil.example")', "+1", "@SUM(1)", "\x00=1", "\ud800"])
def test_no_name_and_no_text_is_a_formula(written, text: str) -> None:
    book = written(page(number(text, (text, text, text)), uri=text), zones={text: (text,)})

    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}


def test_sheets_have_names_that_spreadsheets_take(written) -> None:
    zones = ["a/b:c[d]*?\\", "x" * 40, "x" * 50, "Numbers", "NUMBERS", "history", "'"]

    book = written(page(*(number("1", (zone, "1", "1"), value=1.0) for zone in zones)), zones=dict.fromkeys(zones, ("1",)))

    names = book.sheetnames
    assert len(names) == 1 + len(zones) == len({name.casefold() for name in names})
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


def test_a_sheet_that_is_full_goes_on_in_another(written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exported, "MOST_ROWS", 3)

    book = written(page(*(number(str(at), value=float(at)) for at in range(5))), zones={})

    assert book.sheetnames == ["numbers", "numbers 2", "numbers 3"]
    assert [sheet.max_row for sheet in book] == [3, 3, 2]


def test_no_number_at_all_gives_a_head(written) -> None:
    assert written(zones={})["numbers"].max_row == 1


def test_an_unread_cell_shows_that_something_stands_there(written) -> None:
    book = written(page(number("", ("rain", "1", "Jan"), state="review", cell="illegible")))

    assert book["rain"]["D2"].value == "?"


def test_a_cell_that_waits_for_a_person_leads_to_its_place_on_the_scan_and_says_what_was_read(written) -> None:
    sheet = written(page(*table(), uri="/scans/a b.jpg"))["rain"]

    link = sheet["E2"].hyperlink
    assert link.target == "file:///scans/a%20b.jpg#xywh=110,20,60,30"
    assert link.tooltip == "read as '8', 50%"
    assert [cell.hyperlink for cell in (sheet["A2"], sheet["D2"], sheet["D3"])] == [None] * 3


def test_a_sheet_has_no_more_links_than_a_spreadsheet_takes(written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exported, "MOST_LINKS", 1)

    sheet = written(page(*table()), page(*table(), uri="/b.jpg"))["rain"]

    assert [sheet[place].hyperlink is not None for place in ("E2", "E4")] == [True, False]


def test_the_sheet_of_all_has_the_date_and_the_unit_of_each_number(written) -> None:
    rows = list(written(page(*table()))["numbers"].iter_rows(values_only=True))

    at = [rows[0].index(name) for name in ("date", "value", "unit")]
    assert [rows[2][i] for i in at] == ["1947-02-01", 8, "mm"]
