"""What people said, laid over what the machine read, now and after other readings."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from digit_core.results.schema import NUMBERS
from digit_core.review.corrections import CORRECTED, Corrections
from digit_core.review.human_numbers import REVIEWED, human_numbers

PAGE = ("ab" * 32, 0)
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def said(number="n", parts="1975", place=0, kind="digit", value="1", x=100, **changes):
    """A row of REVIEWED; the number's box begins at x."""
    row = {"item_id": f"{number}/{place}", "uri": "page.png", "sha256": PAGE[0], "page_index": 0, "number_id": number}
    row |= {"number_x": x, "number_y": 50, "number_w": 80, "number_h": 30, "x": x + 20 * place, "y": 50, "w": 20, "h": 30}
    row |= {"parts": parts, "place": place, "guess": parts[place], "confidence": 0.5, "reason": "low confidence"}
    row |= {
        "model_version": "1",
        "kind": kind,
        "value": value,
        "reviewer": "Ada" if kind else "",
        "decided": NOON if kind else None,
        "text": None,
    }
    return row | changes


def number(name="n", digits="1975", state="review", x=100, w=80, **changes):
    """A row of the table `numbers`."""
    row = dict.fromkeys(NUMBERS.names, "") | {
        "printed": 0.0,
        "value": None,
        "decimals": None,
        "agreed": None,
        "file": "page.png",
        "sha256": PAGE[0],
        "page": 1,
        "number_id": name,
    }
    row |= {"line": 0, "position": 0, "digits": digits, "confidence": 0.5, "state": state, "x": x, "y": 50, "w": w, "h": 30}
    return row | changes


def view(rows, people, pages=(PAGE,)):
    corrections = Corrections(pa.Table.from_pylist(people, REVIEWED))
    tables = list(corrections.over([pa.Table.from_pylist(rows, NUMBERS)], pages))
    assert all(table.schema.equals(CORRECTED) for table in tables)
    return [row for table in tables for row in table.to_pylist()]


def shown(row):
    return row["digits"], row["state"], row["machine_digits"], row["reviewer"]


def test_machine_value_and_human_value_stand_side_by_side_with_who_and_when():
    (row,) = view([number()], [said(value="4")])

    assert shown(row) == ("4975", "corrected", "1975", "Ada")
    assert (row["machine_state"], row["decided"]) == ("review", NOON)


def test_text_and_value_follow_the_digits_that_a_person_read():
    (row,) = view([number(text="-19.75", decimals=2, value=-19.75, zone="rain", row="Jan")], [said(value="4")])

    assert (row["text"], row["value"]) == ("-49.75", -49.75)
    assert (row["zone"], row["row"]) == ("rain", "Jan")


@pytest.mark.parametrize("value", ["1", "4"])
def test_a_later_reading_changes_no_mark_of_a_number_that_a_person_decided(value):
    (row,) = view([number(text="1975", value=1975.0)], [said(value=value, text="-19.75")])

    assert (row["text"], row["value"]) == (f"-{value}9.75", -float(f"{value}9.75"))
    assert (row["digits"], row["reviewer"]) == (f"{value}975", "Ada")


def test_marks_that_a_person_wrote_count_more_than_those_that_were_shown():
    (row,) = view([number(text="1975", value=1975.0)], [said(kind="written", value="197.5", text="19.75")])

    assert (row["text"], row["value"]) == ("197.5", 197.5)


def test_marks_of_decisions_that_did_not_keep_them_are_those_of_the_reading():
    (row,) = view([number(text="19.75", decimals=2, value=19.75)], [said(value="1")])

    assert (row["text"], row["value"]) == ("19.75", 19.75)


def test_a_number_keeps_its_sign_when_a_person_reads_more_than_nought_behind_it():
    (row,) = view([number(digits="00", text="-0.0", decimals=1, value=-0.0)], [said(parts="00", place=1, value="5")])

    assert (row["text"], row["value"]) == ("-0.5", -0.5)


def test_the_pages_are_looked_through_only_for_numbers_that_the_machine_does_not_see_any_more():
    def pages():
        raise AssertionError("there may be millions of them")
        yield

    assert len(view([number()], [said(value="4")], pages())) == 1


def test_a_cell_of_a_form_that_was_not_read_gets_its_value_from_the_person_who_fills_it():
    unread = number(digits="", text="", decimals=2, zone="rain", row="Jan", cell="illegible")

    (row,) = view([unread], [said(parts="-", kind="number", value="396")])

    assert (row["digits"], row["text"], row["value"]) == ("396", "396", 3.96)


def test_a_number_as_a_person_wrote_it_has_the_marks_that_were_written():
    (row,) = view([number(text="1975", value=1975.0)], [said(kind="written", value="-19.75")])

    assert (row["digits"], row["text"], row["value"], row["kind"]) == ("1975", "-19.75", -19.75, "signed")
    assert (row["state"], row["machine_digits"]) == ("corrected", "1975")


def test_a_point_that_a_person_leaves_out_is_none():
    (row,) = view([number(text="19.75", value=19.75)], [said(kind="written", value="1975")])

    assert (row["text"], row["value"], row["state"]) == ("1975", 1975.0, "corrected")


def test_a_number_written_as_the_machine_has_it_is_confirmed():
    (row,) = view([number(text="19.75", value=19.75)], [said(kind="written", value="19.75")])

    assert (row["text"], row["value"], row["state"]) == ("19.75", 19.75, "confirmed")


def test_a_written_number_with_an_unreadable_digit_is_unreadable():
    (row,) = view([number(text="19.75", value=19.75)], [said(kind="written", value="1?.75")])

    assert (row["digits"], row["text"], row["value"], row["state"]) == ("1?75", "1?.75", None, "unreadable")


@pytest.mark.parametrize(
    ("content", "cell", "text", "value"),
    [
        ("blank", "blank", "", None),
        ("dash", "dash", "", None),
        ("struck out", "struck out", "", None),
        ("nil", "number", "nil", 0.0),
        ("no number", "number", "", None),
    ],
)
def test_where_no_number_stands_the_cell_says_what_does(content, cell, text, value):
    (row,) = view([number(text="19.75", value=19.75, zone="rain", cell="number")], [said(kind="content", value=content)])

    assert (row["digits"], row["text"], row["value"], row["cell"]) == ("", text, value, cell)
    assert (row["state"], row["machine_digits"]) == ("corrected", "1975")


def test_outside_of_a_form_a_number_that_is_none_gets_no_cell():
    (row,) = view([number()], [said(kind="content", value="blank")])

    assert (row["digits"], row["cell"]) == ("", "")


def test_an_illegible_cell_in_which_a_person_reads_a_number_is_a_number():
    (row,) = view([number(digits="", text="", cell="illegible")], [said(parts="-", kind="written", value="3.96")])

    assert (row["cell"], row["value"]) == ("number", 3.96)


def test_a_number_that_nobody_can_read_has_no_value():
    (row,) = view([number(text="19.75", decimals=2, value=19.75)], [said(kind="unreadable", value="")])

    assert (row["digits"], row["text"], row["value"]) == ("?975", "?9.75", None)


def test_a_number_that_nobody_spoke_of_is_the_machines():
    (row,) = view([number("other", "12", "accepted", x=500)], [said()], pages=())

    assert shown(row) == ("12", "accepted", "12", "")


def test_a_number_with_a_digit_that_still_waits_is_not_settled():
    (row,) = view([number()], [said(value="4"), said(place=1, kind="", value="")])

    assert shown(row) == ("4975", "review", "1975", "Ada")


def test_another_reading_of_the_machine_changes_no_number_that_a_person_settled():
    (row,) = view([number(digits="1976", state="accepted")], [said(value="4")])

    assert shown(row) == ("4975", "corrected", "1976", "Ada")


def test_a_person_is_found_again_by_the_place_when_the_boxes_have_moved():
    (row,) = view([number("moved", "1976", "accepted", x=104, w=82)], [said(value="4")])

    assert shown(row) == ("4975", "corrected", "1976", "Ada")


def test_pieces_of_a_number_that_a_person_settled_do_not_stand_beside_it():
    rows = view([number("left", "19", "accepted", w=36), number("right", "75", "accepted", x=140, w=36)], [said(value="4")])

    assert [shown(row) for row in rows] == [("4975", "corrected", "1975", "Ada")]
    assert rows[0]["machine_state"] == "gone"


def test_a_number_that_the_machine_no_longer_sees_stays_as_the_person_left_it():
    (row,) = view([], [said(kind="number", value="19750")])

    assert (row["digits"], row["machine_state"], row["file"], row["x"]) == ("19750", "gone", "page.png", 100)


def test_what_was_said_of_a_scan_that_was_replaced_is_left_out():
    assert view([], [said(value="4")], pages=[("cd" * 32, 0)]) == []


def test_a_word_taken_for_a_number_becomes_none():
    (row,) = view([number(digits="5")], [said(parts="5", kind="not a digit", value="")])

    assert shown(row) == ("", "corrected", "5", "Ada")


def test_what_the_machine_took_for_no_digit_comes_back_by_a_persons_word():
    (found,) = human_numbers(pa.Table.from_pylist([said(parts="1-75", place=1, value="9")], REVIEWED))

    assert (found.digits, found.state) == ("1975", "corrected")


def test_a_newer_reading_that_needs_nobody_stands_where_people_were_not_done():
    (row,) = view([number(digits="1976", state="accepted")], [said(value="4"), said(place=1, kind="", value="")])

    assert shown(row)[:3] == ("1976", "accepted", "1976")


def test_both_copies_of_a_scan_that_is_there_twice_get_the_word_of_a_person():
    copies = [number(file="page.png"), number(file="copy of page.png")]

    rows = view(copies, [said(value="4")])

    assert [(row["file"], row["digits"], row["state"]) for row in rows] == [
        ("page.png", "4975", "corrected"),
        ("copy of page.png", "4975", "corrected"),
    ]


def of_pages(rows, people, pages=(PAGE,)):
    corrections = Corrections(pa.Table.from_pylist(people, REVIEWED))
    return corrections.of_pages(pa.Table.from_pylist(rows, NUMBERS), pages).to_pylist()


def test_pages_by_themselves_are_as_in_the_view_of_all():
    rows, people = [number(), number("m", x=300)], [said(value="4"), said("gone", x=600, **{"number_x": 600})]

    assert of_pages(rows, people) == view(rows, people)


def test_pages_by_themselves_have_what_only_people_see_there_and_nothing_of_other_pages():
    settled = [said("gone", place=place, value=digit, number_x=600) for place, digit in enumerate("1975")]

    assert [row["number_id"] for row in of_pages([number()], settled)] == ["n", "gone"]
    assert of_pages([], settled, pages=[("cd" * 32, 0)]) == []


def test_a_date_follows_the_year_that_a_person_corrected() -> None:
    year = number("y", "1974", x=300, zone="year")
    rain = number("r", "12", "accepted", x=500, zone="rain", row="Mar", column="4", date="", date_from="{year}-Mar-4")

    before, *_ = [row["date"] for row in of_pages([rain, year], [])]
    after, *_ = [
        row["date"]
        for row in of_pages([rain, year], [said("y", "1974", place, value="1947"[place], x=300) for place in range(4)])
    ]

    assert (before, after) == ("", "1947-03-04")


def test_a_word_that_people_confirm_keeps_the_value_that_its_layout_declares() -> None:
    trace = number("t", "", cell="word", text="tr", kind="word", value=0.05, decimals=2)

    (row,) = of_pages([trace], [said("t", "-", kind="not a digit", value="", guess="-")])

    assert (row["cell"], row["text"], row["value"]) == ("word", "tr", 0.05)
