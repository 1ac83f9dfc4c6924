"""Layouts as files: what is written is read again, short forms are long ones, and nothing wrong passes in silence."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest

from digit_core.errors import InputError
from digit_core.imaging.line_detection import Lines
from digit_core.layouts.template import Area, Axis, Check, DecimalMark, Direction, Grid, Holds, Layout, Mark, Place, Rule, Zone
from digit_core.layouts.template_file import MOST_BYTES, layout_fields, layout_from, layout_text, parse_layout
from digit_core.notation import DateOrder, Notation, NumberKind

HEAD = "format: digits-layout/1\nname: form\npage: [100, 60]\n"
ZONE = HEAD + "zones:\n- name: year\n  box: [0, 40, 20, 10]\n"
GRID = HEAD + "grids:\n- name: sheet\n  rows: {count: 3, span: [0, 30]}\n  columns: {names: [No, rain], edges: [0, 20, 60]}\n"

FULL = Layout(
    "rainfall 1900–1909",
    2362,
    3812.5,
    zones=(Zone("year", Area(0.25, 40, 20, 10), Holds((4, 4), least=1800, most=1999.5)),),
    grids=(
        Grid(
            "sheet",
            Axis(("1", "2", "Total"), (100, 200, 300.5, 400)),
            Axis(("No", "1:30", "Regen in mm"), (100, 250, 400, 500)),
            Holds((2, 3), 2, sign=True, marks=(Mark.BLANK, Mark.DASH, Mark.DITTO, Mark.WORD)),
            row_holds={"Total": Holds((3, 4), 2, marks=())},
            column_holds={"No": Holds((1, 2), 0)},
            skip=(("2", "No"),),
        ),
    ),
    checks=(
        Check(Rule.TOTAL, ("1", "2"), "Total", "sheet", only=("1:30",)),
        Check(Rule.SEQUENCE, ("No",), grid="sheet", step=2.5),
        Check(Rule.MEAN, ("No", "1:30"), "Regen in mm", "sheet", Direction.ACROSS),
    ),
    lines=Lines(((0, 1.5, 100, 1.5),), ((3, 0, 3, 50),)),
)


def test_a_layout_that_was_written_is_the_same_when_it_is_read() -> None:
    again = parse_layout(layout_text(FULL))

    assert again == FULL
    assert again.version == FULL.version


def test_what_is_left_at_its_default_is_not_written() -> None:
    fields = layout_fields(replace(parse_layout(ZONE), zones=(Zone("year", Area(0, 40, 20, 10)),)))

    assert fields == {"name": "form", "page": [100, 60], "zones": [{"name": "year", "box": [0, 40, 20, 10]}]}


def test_fields_of_json_are_taken_as_those_of_yaml() -> None:
    fields = {"name": "form", "page": [100, 60], "zones": [{"name": "year", "box": [0, 40, 20, 10], "holds": {"digits": 4}}]}

    assert layout_from(fields) == parse_layout(ZONE + "  holds: {digits: 4}\n")


def test_edges_may_be_given_as_a_span_and_names_as_a_count() -> None:
    (grid,) = parse_layout(GRID).grids

    assert grid.rows == Axis(("1", "2", "3"), (0, 10, 20, 30))


def test_texts_stay_texts_whatever_yaml_takes_them_for() -> None:
    names = "[No, 1:30, 010, 1e3, ~, true, 1900-01-01, '']"
    text = HEAD + f"grids:\n- name: 007\n  rows: {{count: 1, span: [0, 9]}}\n  columns: {{names: {names}, span: [0, 80]}}\n"

    (grid,) = parse_layout(text).grids

    assert grid.columns.names == ("No", "1:30", "010", "1e3", "~", "true", "1900-01-01", "")
    assert grid.name == "007"


@pytest.mark.parametrize(("digits", "meant"), [("4", (4, 4)), ("[2, 3]", (2, 3))])
def test_one_number_of_digits_stands_for_exactly_so_many(digits: str, meant: tuple[int, int]) -> None:
    layout = parse_layout(ZONE + f"  holds: {{digits: {digits}, decimals: 1, sign: true}}\n")

    assert layout.holds_of(Place("year")) == Holds(meant, 1, sign=True)


def test_a_layout_says_how_numbers_are_written_in_a_cell() -> None:
    written = "{decimal_mark: ',', date_order: ymd, kinds: date, sign: true, marks: ditto}"

    holds = parse_layout(ZONE + f"  holds: {written}\n").holds_of(Place("year"))

    assert holds == Holds(
        sign=True, marks=(Mark.DITTO,), decimal_mark=DecimalMark.COMMA, date_order=DateOrder.YMD, kinds=(NumberKind.DATE,)
    )
    assert holds.notation == Notation(None, ",", DateOrder.YMD, (NumberKind.DATE,))


def test_one_name_may_stand_for_a_list_of_one() -> None:
    check = "checks:\n- {rule: running, of: No, into: rain, grid: sheet, only: ['1', '2']}\n"

    assert parse_layout(GRID + check).checks == (Check(Rule.RUNNING, ("No",), "rain", "sheet", only=("1", "2")),)


REFUSED = {
    "": "this is not a layout: it must begin with `format: digits-layout/1`",
    "- a\n- b\n": "this is not a layout: it must begin with",
    HEAD.replace("/1", "/2"): "this is not a layout: it must begin with",
    "format: [\n": "this is not YAML: ",
    "format: digits-layout/1\n\tname: form\n": "this is not YAML: ",
    "!!python/object/apply:os.system ['true']\n": "this is not a layout",
    HEAD: "layout form has neither zones nor grids",
    "format: digits-layout/1\nname: form\n": "page: the reference page's width and height are missing",
    ZONE + "  colour: red\n": "zones.0.colour: ",
    ZONE + "  holds: {digitz: 4}\n": "zones.0.holds.digitz: ",
    ZONE + "  holds: {digits: many}\n": "zones.0.holds.digits.0: ",
    ZONE + "  holds: {marks: [smudge]}\n": "zones.0.holds.marks.0: ",
    ZONE + "  holds: {decimal_mark: ';'}\n": "zones.0.holds.decimal_mark: ",
    ZONE + "  holds: {date_order: dym}\n": "zones.0.holds.date_order: ",
    ZONE + "  holds: {kinds: [roman]}\n": "zones.0.holds.kinds.0: ",
    ZONE + "  holds: {kinds: [other]}\n": "'other' is not a kind of number that a cell can hold",
    ZONE + "  holds: {kinds: [date, date]}\n": "a kind occurs twice",
    ZONE + "  holds: {sign: perhaps}\n": "zones.0.holds.sign: ",
    ZONE + "  holds: {least: .nan}\n": "zones.0.holds.least: ",
    ZONE + "  holds: {digits: [4, 2]}\n": "a cell holds 1 to 32 digits, the fewest first, not 4 to 2",
    ZONE + "anchors: []\n": "anchors: ",
    ZONE + "checks: [{rule: product, of: [year]}]\n": "checks.0.rule: ",
    ZONE.replace("[0, 40, 20, 10]", "[0, 40, 20]"): "its parts are invalid",
    ZONE.replace("[0, 40, 20, 10]", "[0, 40, wide, 10]"): "zones.0.box.w: ",
    ZONE.replace("[100, 60]", "[100]"): "its parts are invalid",
    ZONE.replace("  box: [0, 40, 20, 10]\n", ""): "its parts are invalid",
    ZONE.replace("zones:\n- ", "zones:\n  "): "its parts are invalid",
    GRID.replace("count: 3", "count: none"): "its parts are invalid",
    GRID.replace("count: 3", "count: 0"): "a grid needs a row and a column at least",
    GRID.replace("span: [0, 30]", "span: [30, 0]"): "edges must ascend",
    GRID.replace("count: 3", "count: 30000"): "cells, the most are 20,000",
    GRID.replace("edges: [0, 20, 60]", "edges: [0, nan, 60]"): "grids.0.columns.edges.1: Input should be a finite number",
    ZONE.replace("[100, 60]", "[100, inf]"): "height: Input should be a finite number",
    ZONE + "lines: {horizontal: [[0, 1, nan, 1]]}\n": "lines.horizontal.0.2: Input should be a finite number",
    GRID + "  rows_holds: {}\n": "grids.0.rows_holds: ",
    GRID + "checks: [{rule: total, of: ['1'], into: '9', grid: sheet}]\n": "the check total names 9, which there is not",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_layout_is_refused_with_the_file_and_the_field(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_layout(text, "forms/a.yaml")

    assert str(caught.value).startswith("forms/a.yaml: ")
    assert REFUSED[text] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_aliases_are_refused_so_that_a_short_file_is_no_long_layout() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\n"

    with pytest.raises(InputError, match=r"a layout has no aliases \(\*name\)"):
        parse_layout(HEAD + bomb)


def test_a_file_that_is_too_long_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(InputError, match=r"a layout of 2,000,0\d\d characters is too long; the most are 2,000,000"):
        parse_layout(ZONE + "#" * MOST_BYTES)


def test_places_may_be_shares_of_a_page_that_is_called_one_by_one() -> None:
    share = Layout("form", 1, 1, zones=(Zone("year", Area(0.123456, 0.2, 0.000125, 0.1)),))

    assert parse_layout(layout_text(share)) == share


def test_a_file_of_nothing_but_brackets_is_refused_and_does_not_break_the_reader() -> None:
    with pytest.raises(InputError, match="its brackets are nested deeper than 16"):
        parse_layout(HEAD + "zones: " + "[" * 50_000)


def test_a_layout_says_units_and_how_row_and_column_make_a_date() -> None:
    dated = parse_layout(
        ZONE + "grids:\n- {name: rain, rows: {count: 31, span: [0, 31]}, columns: {names: [Jan, Feb], span: [0, 20]},\n"
        "   holds: {unit: mm}, date: {year: year, month: column, day: row}}\n"
    )

    assert dated.holds_of(Place("rain", "1", "Jan")).notation.unit == "mm"
    assert dated.date_from(Place("rain", "4", "Feb")) == "{year}-Feb-4"
    assert dated.date_from(Place("year")) == ""
    assert parse_layout(layout_text(dated)) == dated


@pytest.mark.parametrize(
    ("date", "why"),
    [
        ("{year: century, month: column}", "takes year from 'century'"),
        ("{year: 1947, month: row}", "takes month from 'row'"),
        ("{year: 1947, day: row}", "a date with a day needs a month"),
        ("{year: 1947, month: column, hour: row}", "grids.0.date.hour: "),
    ],
)
def test_a_date_that_no_row_column_or_zone_makes_is_refused(date: str, why: str) -> None:
    axes = "rows: {names: [high, low], span: [0, 30]}, columns: {names: [Jan], span: [0, 20]}"
    grid = f"grids:\n- {{name: rain, {axes}, date: {date}}}\n"

    with pytest.raises(InputError, match=re.escape(why)):
        parse_layout(ZONE + grid)


def test_a_layout_declares_words_with_their_values_or_without() -> None:
    valued = parse_layout(ZONE + "  holds: {words: {nil: 0, Tr.: 0.05, obs: }}\n")
    listed = parse_layout(ZONE + "  holds: {words: [nil, obs]}\n")

    assert valued.holds_of(Place("year")).words == {"nil": 0.0, "Tr.": 0.05, "obs": None}
    assert valued.holds_of(Place("year")).notation.words == (("nil", 0.0), ("tr", 0.05), ("obs", None))
    assert listed.holds_of(Place("year")).words == {"nil": None, "obs": None}
    assert parse_layout(layout_text(valued)) == valued


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("{'7': 0}", "is no word that can be told from a number"),
        ("{n1l: 0}", "is no word that can be told from a number"),
        ("{x: 0}", "is no word that can be told from a number"),
        ("{tr: 0, Tr.: 1}", "a word occurs twice"),
        ("{nil: nothing}", "zones.0.holds.words.nil"),
        (f"[{', '.join('abcdefghijklmnopqrstu'[i] * 2 for i in range(21))}]", "20 words at most"),
    ],
)
def test_words_that_cannot_be_told_apart_are_refused(words: str, why: str) -> None:
    with pytest.raises(InputError, match=re.escape(why)):
        parse_layout(ZONE + f"  holds: {{words: {words}}}\n")


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ("- {name: month, box: [5, 42, 20, 10]}\n", "the cells year and month lie on one another"),
        ("- {name: month, box: [1, 41, 2, 2]}\n", "the cells year and month lie on one another"),
        (
            "grids:\n- {name: rain, rows: {count: 3, span: [10, 55]}, columns: {count: 2, span: [0, 40]}}\n",
            "the cells year and rain/3/1 lie on one another",
        ),
    ],
)
def test_cells_that_lie_on_one_another_are_refused_with_their_names(second: str, why: str) -> None:
    with pytest.raises(InputError, match=re.escape(why)):
        parse_layout(ZONE + second)


def test_cells_that_touch_or_hardly_overlap_are_fine() -> None:
    assert len(parse_layout(ZONE + "- {name: month, box: [19, 40, 20, 10]}\n").cells()) == 2
    assert len(parse_layout(ZONE + "- {name: month, box: [20, 40, 20, 10]}\n").cells()) == 2


def test_a_layout_of_as_many_cells_as_there_may_be_is_looked_through_in_a_moment() -> None:
    start = time.process_time()

    layout = parse_layout(
        HEAD + "grids:\n- {name: g, rows: {count: 200, span: [0, 60]}, columns: {count: 100, span: [0, 100]}}\n"
    )

    assert len(layout.cells()) == 20_000
    assert time.process_time() - start < 5
