"""Scoring: what counts as found, wrong, extra and left out, and the truth files it is counted against."""

import random
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digit_core.errors import FailureReason, InputError
from digit_core.evaluation.ground_truth import PageTruth, TruthNumber, parse_truth, read_truth
from digit_core.evaluation.matching import By, NumberRead, align, exact_by_chance, match, overlap
from digit_core.evaluation.scoring import Counts, Mistake, Rate, score
from digit_core.notation import Notation
from digit_core.readings import DigitReading, PageRead, ReadBy, Reading, State
from digit_core.records import Box, Cell, CellState, PageFailure, PageRef
from digit_core.results.schema import batch_tables

HEADER = "row,column,text,digits,certain"
READ_BY = ReadBy("1", "1", "", "p", "run")
numerals = st.text("0123456789", min_size=1, max_size=4)


def number(digits, x=0, y=0, state=State.ACCEPTED, digit_states=None, reasons=None):
    """A number of 10x20-pixel digits, its first at x, y."""
    states = digit_states or [state] * len(digits)
    asked = reasons or ["unsure" if part == State.REVIEW else "" for part in states]
    parts = tuple(
        DigitReading(Box(x + 10 * place, y, 10, 20), ((int(digit), 0.9), (10, 0.06), (3, 0.04)), states[place], asked[place])
        for place, digit in enumerate(digits)
    )
    return Reading(0, Box.around(part.box for part in parts), digits, 0.9, state, parts)


def tables_of(*pages):
    """Tables of (uri, readings) pairs."""
    return batch_tables(
        [PageRead(PageRef(uri, "v", f"{at:064x}"), 100, 100, 300.0, 0.0, tuple(found)) for at, (uri, found) in enumerate(pages)],
        READ_BY,
    )


def truth_of(*numbers, name="page", boxes=False):
    """Truth from digits, or (digits, x) where the place is known; a "?" marks an uncertain number."""
    rows = []
    for at, item in enumerate(numbers):
        digits, x = item if isinstance(item, tuple) else (item, 0)
        plain = digits.strip("?")
        box = Box(x, 0, 10 * len(plain), 20) if boxes else None
        rows.append(TruthNumber(str(at), "c", plain, plain == digits, box))
    return PageTruth(name, f"{name}.csv", tuple(rows), boxes)


def counts_of(found, truth):
    return score(tables_of(("/scans/page.png", found)), [truth]).total


def test_numbers_read_as_they_are_written_give_a_perfect_score():
    counts = counts_of([number("12"), number("007", y=50)], truth_of("007", "12"))

    assert counts.rates["recall"] == Rate(2, 2)
    assert counts.rates["digit_accuracy"] == Rate(5, 5)
    assert counts.rates["accepted_number_error"] == Rate(0, 2)
    assert counts.rates["accepted_digit_error"] == Rate(0, 5)


def written(text, **place):
    """A number as read with its marks."""
    return replace(number("".join(filter(str.isdigit, text)), **place), text=text)


def transcribed(*texts):
    rows = [TruthNumber(str(at), "c", "".join(filter(str.isdigit, text)), text=text) for at, text in enumerate(texts)]
    return PageTruth("page", "page.csv", tuple(rows))


@pytest.mark.parametrize(
    ("read", "truth", "right"),
    [
        ("22.6", "22,6", True),  # comes to the same
        ("226", "22,6", False),
        ("2.26", "22,6", False),
        ("-3", "3", True),  # the truth tells no marks
        ("3", "-3", False),
        ("-3", "−3", True),
        ("20/1/1944", "20/1/1944", True),
        ("20.1.1944", "20/1/1944", False),
        ("12 1/2", "12 1/2", True),
        ("121/2", "12 1/2", True),  # spaces aside
        ("18", "18¾", False),
    ],
)
def test_where_the_truth_has_marks_they_are_part_of_the_number(read, truth, right):
    counts = counts_of([written(read)], transcribed(truth))

    assert (counts.exact, counts.accepted, counts.accepted_wrong) == (1, 1, not right)
    assert counts.rates["marks"].count == counts.marked * right


@pytest.mark.parametrize(("decimals", "right"), [(3, True), (0, True), (2, False)])
def test_a_truth_that_may_be_thousands_or_a_decimal_is_met_by_the_value_that_the_layout_gives(decimals, right):
    read = replace(written("2398"), notation=Notation(decimals=decimals))

    counts = counts_of([read], transcribed("2.398"))

    assert (counts.exact, counts.accepted_wrong) == (1, not right)


def test_marks_that_are_wrong_are_a_mistake_that_is_shown_as_it_is_written():
    (page,) = score(tables_of(("/scans/page.png", [written("2.26")])), [transcribed("22,6")]).pages

    assert page.mistakes == (Mistake("0", "c", "22,6", "2.26", True),)


def test_a_sign_without_a_digit_is_no_number_to_be_found_but_what_is_read_in_its_place_is_wrong():
    ditto = PageTruth("page", "page.csv", (TruthNumber("0", "c", "", True, Box(0, 0, 20, 20), '"'),), boxes=True)

    counts, nothing = counts_of([number("11")], ditto), counts_of([], ditto)

    assert (counts.true_numbers, counts.accepted, counts.accepted_wrong) == (0, 1, 1)
    assert (nothing.true_numbers, nothing.accepted) == (0, 0)


def test_a_leading_zero_is_part_of_the_number():
    counts = counts_of([number("7")], truth_of("07"))

    assert counts.exact == 0
    assert (counts.right_digits, counts.true_digits) == (1, 2)


def test_the_same_number_twice_on_the_page_needs_two_readings():
    counts = counts_of([number("54")], truth_of("54", "54"))

    assert counts.rates["recall"] == Rate(1, 2)


def test_a_reading_with_one_wrong_digit_of_four_is_matched_and_counted_as_wrong():
    counts = counts_of([number("1239")], truth_of("1234"))

    assert counts.rates["recall"] == Rate(0, 1)
    assert counts.rates["digit_accuracy"] == Rate(3, 4)
    assert counts.rates["accepted_number_error"] == Rate(1, 1)
    assert counts.rates["accepted_digit_error"] == Rate(1, 4)


def test_without_boxes_a_reading_that_differs_in_more_than_half_its_digits_is_only_unlisted():
    counts = counts_of([number("1999")], truth_of("1234"))

    assert (counts.matched, counts.unlisted, counts.extras) == (0, 1, 0)
    assert counts.rates["precision"].value is None
    assert counts.rates["accepted_number_error"] == Rate(0, 0)


def test_without_boxes_a_single_digit_matches_exactly_or_not_at_all():
    counts = counts_of([number("3")], truth_of("8"))

    assert counts.matched == 0


def test_with_boxes_a_reading_where_no_number_stands_is_an_extra_and_an_error():
    counts = counts_of([number("12"), number("99", x=70)], truth_of(("12", 0), boxes=True))

    assert (counts.extras, counts.unlisted) == (1, 0)
    assert counts.rates["precision"] == Rate(1, 2)
    assert counts.rates["accepted_number_error"] == Rate(1, 2)
    assert counts.rates["accepted_digit_error"] == Rate(2, 4)


def test_with_boxes_the_place_decides_and_not_the_text():
    counts = counts_of([number("12", x=50), number("34", x=0)], truth_of(("12", 0), ("34", 50), boxes=True))

    assert counts.matched == 2
    assert counts.exact == 0


def test_a_number_read_in_two_pieces_matches_once_and_leaves_an_extra():
    counts = counts_of([number("123"), number("4", x=30)], truth_of(("1234", 0), boxes=True))

    assert (counts.matched, counts.extras) == (1, 1)
    assert counts.rates["digit_accuracy"] == Rate(3, 4)


@pytest.mark.parametrize("boxes", [False, True])
def test_a_reading_of_an_uncertain_number_counts_neither_as_found_nor_as_extra(boxes):
    counts = counts_of([number("65")], truth_of("65?", boxes=boxes))

    assert counts.true_numbers == 0
    assert counts.left_out == 1
    assert (counts.extras, counts.unlisted, counts.accepted) == (0, 0, 0)


def test_both_pieces_of_an_uncertain_number_are_left_out():
    counts = counts_of([number("12"), number("34", x=20)], truth_of(("1234?", 0), boxes=True))

    assert (counts.left_out, counts.extras) == (2, 0)


def test_a_certain_number_takes_an_equal_reading_before_an_uncertain_one():
    counts = counts_of([number("65")], truth_of("65?", "65"))

    assert counts.rates["recall"] == Rate(1, 1)


def test_a_wrong_number_that_went_to_review_is_no_error_among_the_accepted():
    wrong = number("19", state=State.REVIEW, digit_states=[State.ACCEPTED, State.REVIEW])

    counts = counts_of([wrong], truth_of("18"))

    assert counts.rates["accepted_number_error"] == Rate(0, 0)
    assert counts.rates["accepted_digit_error"] == Rate(0, 1)
    assert counts.rates["review_share"] == Rate(1, 2)


def test_an_audited_digit_is_accepted_and_yet_goes_to_a_person():
    counts = counts_of([number("18", reasons=["audit", ""])], truth_of("18"))

    assert counts.rates["review_share"] == Rate(1, 2)
    assert counts.accepted_digits == 2


def test_a_digit_rejected_as_no_digit_is_no_part_of_any_figure():
    smudge = DigitReading(Box(20, 0, 10, 20), ((10, 0.99), (1, 0.01), (7, 0.0)), State.REJECTED)
    clean = number("18")
    read = replace(clean, parts=(*clean.parts, smudge))
    alone = Reading(1, smudge.box, "", 0.99, State.REJECTED, (smudge,))

    counts = counts_of([read, alone], truth_of(("18", 0), boxes=True))

    assert counts == counts_of([clean], truth_of(("18", 0), boxes=True))


def test_a_rejected_digit_that_a_person_is_asked_about_is_work_for_review():
    smudge = DigitReading(Box(20, 0, 10, 20), ((10, 0.99), (1, 0.01), (7, 0.0)), State.REJECTED, "audit")
    clean = number("18")

    counts = counts_of([replace(clean, parts=(*clean.parts, smudge))], truth_of("18"))

    assert counts.rates["review_share"] == Rate(1, 3)


def test_of_equal_readings_the_accepted_one_stands_for_the_number():
    sure, unsure = number("18", y=50), replace(number("18", state=State.REVIEW), confidence=0.95)

    counts = counts_of([unsure, sure], truth_of("18"))

    assert (counts.accepted, counts.unlisted) == (1, 1)


def test_of_readings_at_one_place_the_right_one_stands_for_the_number():
    readings = [NumberRead(digits, True, 0.9, Box(0, 0, 20, 20)) for digits in ("17", "18", "19")]

    assert match(truth_of(("18", 0), boxes=True).numbers, readings, By.PLACE) == [(0, 1)]


def test_a_page_that_is_not_in_the_results_is_missing_and_its_numbers_not_found():
    result = score(tables_of(("/scans/page.png", [number("12")])), [truth_of("12"), truth_of("34", "5?", name="lost")])

    assert result.missing == ("lost",)
    assert result.total.rates["recall"] == Rate(1, 2)


def test_the_numbers_of_a_quarantined_page_are_not_found():
    tables = batch_tables([PageFailure(PageRef("/page.png", "v", "0" * 64), FailureReason.EMPTY, "no bytes")], READ_BY)

    result = score(tables, [truth_of("12")])

    assert result.pages[0].status == "quarantined"
    assert result.total.rates["recall"] == Rate(0, 1)


def test_pages_without_truth_change_nothing():
    found = ("/scans/page.png", [number("12")])

    alone = score(tables_of(found), [truth_of("12")])
    beside = score(tables_of(found, ("/scans/other.png", [number("99")])), [truth_of("12")])

    assert beside.total == alone.total


def test_the_same_scan_under_two_names_is_counted_under_the_name_that_has_truth():
    refs = [PageRef(uri, "v", "0" * 64) for uri in ("/a/page.png", "/a/copy.png")]
    tables = batch_tables([PageRead(ref, 100, 100, 300.0, 0.0, (number("12"),)) for ref in refs], READ_BY)

    counts = score(tables, [truth_of("12")]).total

    assert (counts.digits, counts.accepted_digits) == (2, 2)


def test_two_scans_with_the_name_of_one_truth_are_refused_naming_both():
    tables = tables_of(("/a/page.png", []), ("/b/page.jpg", []))

    with pytest.raises(InputError, match=r"/a/page\.png and /b/page\.jpg"):
        score(tables, [truth_of("12")])


def test_two_scans_with_one_name_do_not_matter_where_no_truth_bears_it():
    tables = tables_of(("/a/x.png", []), ("/b/x.png", []), ("/page.png", [number("1")]))

    assert score(tables, [truth_of("1")]).total.exact == 1


def test_a_page_of_a_file_of_several_goes_by_its_number_from_one():
    refs = [PageRef("/book.tif", "v", "0" * 64, index, 2) for index in (0, 1)]
    tables = batch_tables(
        [PageRead(ref, 9, 9, 0.0, 0.0, (number(digits),)) for ref, digits in zip(refs, "47", strict=True)], READ_BY
    )

    assert score(tables, [truth_of("7", name="book-2")]).total.exact == 1


def test_a_name_with_composed_letters_fits_one_with_decomposed_letters():
    tables = tables_of(("/scans/Ma\u0308rz.png", [number("12")]))
    truth = parse_truth(f"{HEADER}\n1,c,12,12,1\n".encode(), "M\u00e4rz.csv")

    assert score(tables, [truth]).missing == ()


def test_the_mistakes_of_a_page_are_listed_with_what_was_read():
    page = score(tables_of(("/page.png", [number("19")])), [truth_of("18", "5")]).pages[0]

    assert [(mistake.truth, mistake.read, mistake.accepted) for mistake in page.mistakes] == [
        ("18", "19", True),
        ("5", "", False),
    ]


def test_the_dictionary_of_a_score_warns_only_where_truth_has_no_boxes():
    tables = tables_of(("/page.png", [number("12")]))

    assert score(tables, [truth_of("12")]).to_dict()["notes"]
    assert not score(tables, [truth_of(("12", 0), boxes=True)]).to_dict()["notes"]


def test_the_dictionary_of_a_score_holds_counts_and_rates_of_the_total_and_each_page():
    result = score(tables_of(("/page.png", [number("12")])), [truth_of("12", "3")]).to_dict()

    assert result["total"]["counts"]["true_numbers"] == 2
    assert result["pages"][0]["rates"]["recall"]["rate"] == 0.5
    assert result["pages"][0]["mistakes"][0]["truth"] == "3"


def test_wilson_s_interval_agrees_with_published_values():
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
    assert Rate(81, 263).interval == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert Rate(15, 148).interval == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert Rate(0, 20).interval == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert Rate(1, 29).interval == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_nothing_counted_has_no_rate_and_the_widest_interval():
    assert Rate(0, 0).value is None
    assert Rate(0, 0).interval == (0.0, 1.0)


@given(st.lists(numerals, max_size=12))
def test_truth_scored_against_itself_is_perfect(texts):
    counts = counts_of([number(digits, y=30 * at) for at, digits in enumerate(texts)], truth_of(*texts))

    assert counts.exact == counts.matched == counts.true_numbers == len(texts)
    assert counts.right_digits == counts.true_digits
    assert counts.accepted_wrong == counts.accepted_digits_wrong == counts.unlisted == 0


@given(st.dictionaries(st.integers(0, 300), numerals, max_size=12))
def test_truth_with_boxes_scored_against_itself_is_perfect_even_where_boxes_overlap(by_place):
    counts = counts_of(
        [number(digits, x=x) for x, digits in by_place.items()], truth_of(*((d, x) for x, d in by_place.items()), boxes=True)
    )

    assert counts.exact == counts.placed == len(by_place)
    assert counts.extras == counts.accepted_wrong == counts.accepted_digits_wrong == 0


marked = st.tuples(numerals, st.sampled_from(["", "?"])).map("".join)
placed_truth = st.lists(st.tuples(marked, st.integers(0, 60)), max_size=8)
found_numbers = st.lists(
    st.tuples(numerals, st.integers(0, 60), st.sampled_from([State.ACCEPTED, State.REVIEW])),
    max_size=8,
    unique_by=lambda row: (row[1], len(row[0])),  # no two numbers have the same box: it names them
)


@given(placed_truth, found_numbers, st.booleans(), st.randoms())
def test_the_order_of_rows_changes_nothing(true_rows, read_rows, boxes, dice):
    def count(true_rows, read_rows):
        return counts_of([number(d, x=x, state=s) for d, x, s in read_rows], truth_of(*true_rows, boxes=boxes))

    shuffled_truth, shuffled_readings = dice.sample(true_rows, len(true_rows)), dice.sample(read_rows, len(read_rows))

    assert count(shuffled_truth, shuffled_readings) == count(true_rows, read_rows)


@given(placed_truth, found_numbers, st.booleans())
def test_matching_is_one_to_one(true_rows, read_rows, boxes):
    truth = truth_of(*true_rows, boxes=boxes).numbers
    readings = [NumberRead(d, s == State.ACCEPTED, 0.9, Box(x, 0, 10, 20)) for d, x, s in read_rows]

    pairs = match(truth, readings, By.PLACE if boxes else By.TEXT)

    assert len({t for t, _ in pairs}) == len({r for _, r in pairs}) == len(pairs)


@given(placed_truth, found_numbers, st.booleans())
def test_every_reading_is_matched_spare_or_left_out(true_rows, read_rows, boxes):
    counts = counts_of([number(d, x=x, state=s) for d, x, s in read_rows], truth_of(*true_rows, boxes=boxes))

    assert counts.matched + counts.extras + counts.unlisted + counts.left_out == len(read_rows)


@given(st.lists(numerals, max_size=8), st.lists(numerals, max_size=8))
def test_without_boxes_as_many_are_exact_as_the_two_sides_have_in_common(true_texts, read_texts):
    in_common = sum(min(true_texts.count(text), read_texts.count(text)) for text in set(true_texts))

    counts = counts_of([number(digits) for digits in read_texts], truth_of(*true_texts))

    assert counts.exact == in_common


def test_what_chance_would_find_agrees_with_throwing_dice():
    texts, lengths = ["12", "12", "7", "305", "3"], [2] * 60 + [1] * 5 + [3] * 10
    dice = random.Random(0)

    thrown = [["".join(dice.choices("0123456789", k=length)) for length in lengths] for _ in range(2000)]
    found = [sum(min(texts.count(text), throw.count(text)) for text in set(texts)) for throw in thrown]

    assert exact_by_chance(texts, lengths) == pytest.approx(sum(found) / len(found), rel=0.03)


def test_chance_is_reckoned_with_only_where_truth_has_no_boxes():
    assert counts_of([number("3")], truth_of("8")).by_chance == pytest.approx(0.1)
    assert counts_of([number("3")], truth_of(("8", 0), boxes=True)).by_chance == 0


def slow_distance(one, other):
    """Levenshtein's distance straight from its definition."""
    if not one or not other:
        return len(one) + len(other)
    if one[0] == other[0]:
        return slow_distance(one[1:], other[1:])
    return 1 + min(slow_distance(one[1:], other), slow_distance(one, other[1:]), slow_distance(one[1:], other[1:]))


@given(st.text("012", max_size=5), st.text("012", max_size=5))
def test_alignment_finds_the_edit_distance_and_marks_every_read_digit(truth, read):
    distance, agrees = align(truth, read)

    assert distance == slow_distance(truth, read)
    assert len(agrees) == len(read)
    assert sum(agrees) <= len(truth)


def test_alignment_steps_over_a_missed_digit():
    assert align("1234", "124") == (1, (True, True, True))
    assert align("1234", "12934") == (1, (True, True, False, True, True))


def test_boxes_overlap_only_if_one_holds_the_centre_of_the_other():
    box = Box(0, 0, 10, 10)

    assert overlap(box, box) == 1.0
    assert overlap(box, Box(6, 0, 10, 10)) == 0.0
    assert overlap(box, Box(4, 0, 10, 10)) == pytest.approx(60 / 140)
    assert overlap(box, Box(2, 2, 2, 2)) == pytest.approx(4 / 100)


def test_counts_of_pages_add_up():
    assert Counts(exact=1, extras=2) + Counts(exact=3) == Counts(exact=4, extras=2)


def test_a_truth_file_is_read_with_its_boxes_and_doubts():
    data = f"\ufeff{HEADER},x,y,w,h\r\n1,Jan,.54,054,1,5,6,30,20\r\n2,Jan,?,7,0,9,9,9,9\r\n".encode()

    page = parse_truth(data, "scans/p 1.csv")

    assert page.name == "p 1"
    assert page.numbers == (
        TruthNumber("1", "Jan", "054", True, Box(5, 6, 30, 20), ".54"),
        TruthNumber("2", "Jan", "7", False, Box(9, 9, 9, 9), "?"),
    )


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "t.csv, line 1: no column 'row'"),
        (b"row;column;text;digits;certain\n", "t.csv, line 1: no column 'row'"),
        (b"row,column,text,digits\n1,c,1,1\n", "line 1: no column 'certain'"),
        (f"{HEADER},x,y,w\n".encode(), "line 1: no column 'h'"),
        (f"{HEADER},row\n".encode(), "line 1: the column 'row' occurs twice"),
        (f"{HEADER}\n1,c,12,12,1\n2,c,x,1x,1\n".encode(), "t.csv, line 3, column digits: '1x'"),
        (f"{HEADER}\n1,c,12,,1\n".encode(), "line 2, column digits: ''"),
        (f"{HEADER}\n1,c,٣,٣,1\n".encode(), "line 2, column digits"),
        (f"{HEADER}\n1,c,12,12,yes\n".encode(), "line 2, column certain: 'yes'"),
        (f"{HEADER}\n1,c,12\n".encode(), "line 2, column digits: the line ends"),
        (f"{HEADER}\n1,c,12,12,1,9\n".encode(), "line 2, after the last column"),
        (f"{HEADER},x,y,w,h\n1,c,12,12,1,1.5,2,3,4\n".encode(), "line 2, column x: '1.5'"),
        (f"{HEADER},x,y,w,h\n1,c,12,12,1,1,2,0,4\n".encode(), "line 2, column w: a box needs a positive size"),
        (f'{HEADER}\n1,c,"12,12,1\n'.encode(), "line 2: not a CSV file"),
        (f"{HEADER}\n1,c,12,12,1\n2,M".encode() + b"\xe4rz,1,1,1\n", "line 3: byte 46 is not UTF-8"),
    ],
)
def test_a_bad_truth_file_is_refused_naming_file_line_and_column(data, complaint):
    with pytest.raises(InputError) as refused:
        parse_truth(data, "t.csv")

    assert complaint in str(refused.value)
    assert str(refused.value).startswith("t.csv, line ")


def test_a_folder_of_truth_gives_its_pages_by_name_and_passes_over_other_files(tmp_path):
    for name in ("b.csv", "a.CSV", "notes.txt", ".hidden.csv"):
        (tmp_path / name).write_text(f"{HEADER}\n1,c,12,12,1\n")

    assert [page.name for page in read_truth(tmp_path)] == ["a", "b"]
    assert [page.name for page in read_truth(tmp_path / "b.csv")] == ["b"]


def test_two_truth_files_for_one_page_are_refused_naming_both(tmp_path):
    for name in ("a.csv", "a.CSV"):
        (tmp_path / name).write_text(f"{HEADER}\n")

    with pytest.raises(InputError, match=r"a\.CSV and .*a\.csv"):
        read_truth(tmp_path)


def test_truth_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        read_truth(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no CSV files"):
        read_truth(tmp_path)


def corrected(found, **said):
    """Tables whose first number people left with these values; the others are the machine's."""
    tables = tables_of(("/scans/page.png", found))
    first, *others = tables["numbers"].to_pylist()
    return {**tables, "numbers": pa.Table.from_pylist([{**first, **said}, *others], tables["numbers"].schema)}


def test_a_number_that_people_settled_goes_to_nobody_any_more_and_counts_as_they_left_it():
    found = [number("19", state=State.REVIEW), number("44", y=50, state=State.REVIEW)]

    counts = score(corrected(found, digits="13", state=State.CORRECTED), [truth_of("13", "44")]).total

    assert counts.rates["review_share"] == Rate(2, 4)
    assert counts.rates["accepted_number_error"] == Rate(0, 1)
    assert counts.rates["accepted_digit_error"] == Rate(0, 2)


def test_a_number_with_a_digit_that_nobody_can_read_is_not_accepted_and_waits_for_nobody():
    found = [number("19", state=State.REVIEW)]

    counts = score(corrected(found, digits="1?", state=State.UNREADABLE), [truth_of("13")]).total

    assert (counts.to_review, counts.accepted, counts.exact) == (0, 0, 0)
    assert counts.rates["accepted_digit_error"] == Rate(0, 1)


def in_cell(digits, row, column, zone="rain", **more):
    """A number in a cell of a form; without digits a blank one."""
    box = Box(0, 0, 10, 20)
    cell = Cell(zone, row, column, CellState.NUMBER if digits else CellState.BLANK, box)
    return replace(number(digits, **more), cell=cell) if digits else Reading(0, box, "", 1.0, State.ACCEPTED, (), cell=cell)


def truth_in(*cells, name="page"):
    """Truth without boxes, as (row, column, digits)."""
    rows = tuple(TruthNumber(row, column, digits.strip("?"), "?" not in digits, None) for row, column, digits in cells)
    return PageTruth(name, f"{name}.csv", rows, False)


def test_where_a_form_names_the_cells_of_the_truth_the_cell_decides_and_not_the_text():
    swapped = [in_cell("12", "Feb", "a"), in_cell("34", "Jan", "a", y=50)]

    counts = counts_of(swapped, truth_in(("Jan", "a", "12"), ("Feb", "a", "34")))

    assert (counts.matched, counts.exact, counts.accepted_wrong) == (2, 0, 2)
    assert counts.by_chance == 0


def test_a_zone_goes_by_its_name_whatever_the_truth_calls_its_column():
    counts = counts_of([in_cell("12", "", "", zone="field3")], truth_in(("field3", "digits", "12")))

    assert counts.exact == 1


def test_a_blank_cell_that_the_truth_has_a_number_for_is_a_miss_and_no_mistake_among_the_accepted():
    found = [in_cell("", "Jan", "a"), in_cell("34", "Feb", "a")]

    counts = counts_of(found, truth_in(("Jan", "a", "12"), ("Feb", "a", "34")))

    assert (counts.exact, counts.matched, counts.accepted_wrong) == (1, 1, 0)
    assert counts.rates["recall"] == Rate(1, 2)


def test_cells_that_the_truth_does_not_speak_of_are_unlisted():
    found = [in_cell("12", "Jan", "a"), in_cell("99", "Mar", "a", y=50)]

    counts = counts_of(found, truth_in(("Jan", "a", "12")))

    assert (counts.exact, counts.unlisted, counts.extras) == (1, 1, 0)


def test_an_uncertain_number_in_a_cell_takes_its_reading_out_of_the_count():
    counts = counts_of([in_cell("65", "Jan", "a")], truth_in(("Jan", "a", "66?")))

    assert (counts.true_numbers, counts.left_out, counts.accepted_wrong) == (0, 1, 0)


def test_truth_of_other_rows_and_columns_is_matched_by_its_text_as_before():
    counts = counts_of([in_cell("12", "1", "1", zone="table1")], truth_in(("Jan", "1900", "12")))

    assert counts.exact == 1
    assert counts.by_chance > 0
