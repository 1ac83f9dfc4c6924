import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digit_core.errors import FailureReason, InputError
from digit_core.readings import DigitReading, PageRead, ReadBy, Reading, State
from digit_core.records import Box, Cell, CellState, Form, PageFailure, PageRef
from digit_core.results.manifest import FORMAT, Manifest, TableFile, batch_key, count_rows, table_path
from digit_core.results.schema import TABLES, batch_tables

READ_BY = ReadBy("7", "2", "none", "abc", "run-1")
PAGES = (PageRef("s3://b/a #1?.png", "etag", "f" * 64, 1, 3), PageRef("/scans/é.png", "12-34", "", 0, 1))
KEY = "c0ffee" * 3 + "00"
FILES = {name: TableFile(table_path(name, KEY), "ab" * 32) for name in TABLES}
MANIFEST = Manifest(KEY, 4, "2026-11-21T08:00:00+00:00", READ_BY, PAGES, {"pages": 2}, FILES)

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
page_keys = st.lists(st.tuples(names, names, st.integers(0, 9999)), min_size=1, max_size=6, unique=True)


@pytest.mark.parametrize("began", ["", "2026-11-21T07:58:00+00:00"])
def test_a_manifest_comes_back_from_its_json_as_it_was(began):
    manifest = replace(MANIFEST, began=began)

    assert Manifest.from_json(manifest.to_json(), "m.json") == manifest


@given(names, names)
def test_any_name_and_version_comes_back_from_json(uri, version):
    manifest = replace(MANIFEST, pages=(PageRef(uri, version, "0" * 64),))

    assert Manifest.from_json(manifest.to_json().encode(), "m.json").pages == manifest.pages


def test_a_manifest_without_pages_is_refused():
    with pytest.raises(ValueError, match="has no page"):
        replace(MANIFEST, pages=())


def test_a_manifest_of_a_newer_release_asks_for_an_upgrade():
    unsigned = {name: value for name, value in json.loads(MANIFEST.to_json()).items() if "sha256" not in name}
    newer = json.dumps({**unsigned, "format": FORMAT + 1})

    with pytest.raises(InputError, match=r"dest/m\.json was written by a newer digits .* upgrade"):
        Manifest.from_json(newer, "dest/m.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 1}', '{"format": "x"}', b"\xff\xfe"])
def test_what_is_no_manifest_is_named(text):
    with pytest.raises(InputError, match=r"^m\.json is not a manifest"):
        Manifest.from_json(text, "m.json")


def test_a_later_run_is_newer_and_runs_side_by_side_are_told_apart_by_name():
    later = replace(MANIFEST, seq=5, read_by=replace(READ_BY, run_id="a"))
    beside = replace(MANIFEST, read_by=replace(READ_BY, run_id="run-2"))

    assert MANIFEST.order < beside.order < later.order


def test_of_one_run_the_batch_that_was_written_anew_without_some_pages_is_newer_whatever_its_key():
    greater = replace(MANIFEST, key="f" * 20, pages=MANIFEST.pages * 2)

    assert greater.order < MANIFEST.order


@given(page_keys, st.randoms())
def test_the_key_of_a_batch_does_not_depend_on_the_order_of_its_pages(pages, random):
    shuffled = random.sample(pages, len(pages))

    assert batch_key(shuffled, READ_BY) == batch_key(pages, READ_BY)


@given(page_keys, page_keys)
def test_other_pages_have_another_key(pages, others):
    assert (batch_key(pages, READ_BY) == batch_key(others, READ_BY)) == (sorted(pages) == sorted(others))


@pytest.mark.parametrize("field", ["model_version", "algorithm_version", "layout_version", "params"])
def test_another_reader_has_another_key(field):
    pages = [("a", "1", 0)]

    assert batch_key(pages, replace(READ_BY, **{field: "other"})) != batch_key(pages, READ_BY)


def test_a_second_run_over_the_same_pages_has_the_same_key_of_20_hexadecimal_characters():
    pages = [("a", "1", 0)]

    key = batch_key(pages, READ_BY)

    assert key == batch_key(pages, replace(READ_BY, run_id="run-2"))
    assert len(bytes.fromhex(key)) == 10


def test_what_the_sums_of_a_form_did_is_counted_and_so_is_a_page_that_no_layout_fits():
    cell = Cell("rain", "Jan", "1900", CellState.NUMBER, Box(0, 0, 20, 20))
    number = Reading(0, Box(0, 0, 18, 9), "74", 0.99, State.ACCEPTED, (), cell=cell)
    words = (
        "agrees: total of 1900",
        "agrees: total of 1900 (out of review) (read first as 24)",
        "breaks: mean of Jan (into review)",
    )
    readings = tuple(replace(number, checks=checks) for checks in words)
    pages = [PageRead(PAGES[0], 9, 9, 0.0, 0.0, readings), PageRead(PAGES[1], 9, 9, 0.0, 0.0, (), Form("", "", 0.0))]
    pages.append(replace(pages[1], form=Form("rain", "1", 0.9, "most of its sums do not come out")))

    counts = count_rows(batch_tables(pages, READ_BY))

    assert {name: counts[name] for name in ("no_layout", "layout_off", "summed", "out_of_review", "into_review", "reread")} == {
        "no_layout": 1,
        "layout_off": 1,
        "summed": 2,
        "out_of_review": 1,
        "into_review": 1,
        "reread": 1,
    }


def test_the_rows_of_a_batch_are_counted():
    asked = DigitReading(Box(0, 0, 9, 9), ((7, 0.6), (1, 0.3), (2, 0.1)), State.REVIEW, "unsure")
    sure = DigitReading(Box(9, 0, 9, 9), ((4, 0.9), (1, 0.05), (2, 0.05)), State.ACCEPTED)
    number = Reading(0, Box(0, 0, 18, 9), "74", 0.54, State.REVIEW, (asked, sure))
    failure = PageFailure(PAGES[1], FailureReason.EMPTY, "empty")

    tables = batch_tables([PageRead(PAGES[0], 100, 100, 300.0, 0.0, (number,)), failure], READ_BY)

    no_forms = {"no_layout": 0, "layout_off": 0, "summed": 0, "out_of_review": 0, "into_review": 0, "reread": 0}
    assert count_rows(tables) == {"pages": 2, "quarantined": 1, "numbers": 1, "digits": 2, "to_review": 1} | no_forms
    assert count_rows({name: table.slice(0, 0) for name, table in tables.items()})["digits"] == 0
