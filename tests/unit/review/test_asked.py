"""What a reviewer sees of a number, and what is kept from them."""

from dataclasses import replace

from digit_core.review.asked import Sign, asked_numbers
from digit_core.review.verdicts import suggestion_is_hidden
from tests.support.review.items import digit

BOXES = tuple((0.1 * place, 0.2, 0.05, 0.5) for place in range(4))


def asked(*places, parts="1975", **changes):
    """A number of which these places are asked for, none of them hidden by lot."""
    name = next(name for name in map(str, range(999)) if not any(suggestion_is_hidden(f"{name}/{at}", "", 1) for at in places))
    (number,) = asked_numbers([digit(name, parts, place, **changes) for place in places])
    return number


def shown(number):
    """The characters, those that are asked for in brackets."""
    return "".join(f"[{sign.character}]" if sign.item else str(sign.character) for sign in number.signs)


def test_the_digits_that_are_asked_for_stand_among_the_accepted_ones_and_the_marks():
    assert shown(asked(1, 3, text="-19.75")) == "-1[9].7[5]"


def test_a_part_that_is_no_digit_is_shown_only_where_it_is_asked_for():
    assert shown(asked(2, parts="19-5", text="1.95")) == "1.9[]5"
    assert shown(asked(0, parts="19-5", text="1.95")) == "[1].95"


def test_a_cell_whose_ink_is_no_digit_is_one_place():
    assert shown(asked(0, parts="-")) == "[]"


def test_marks_that_do_not_fit_the_digits_are_left_out():
    assert shown(asked(0, text="19,755")) == "[1]975"


def test_every_digit_has_its_place_in_the_strip():
    number = asked(1, marks=BOXES, text="19.75")

    assert [sign.box for sign in number.signs] == [BOXES[0], BOXES[1], None, BOXES[2], BOXES[3]]


def test_an_item_of_the_first_version_is_a_number_of_its_own_digit():
    old = replace(digit("2"), parts=(), number_box=None, mark=None)

    (number,) = asked_numbers([old])

    assert [(sign.item, sign.place, sign.box) for sign in number.signs] == [("2/0", 0, None)]


def test_the_second_reader_is_told_where_it_differs_with_the_marks_of_the_number():
    assert asked(1, text="19.75", second="1915").second == "19.15"
    assert asked(1, text="19.75", second="115").second == "115"
    assert asked(1, text="19.75", second="1975").second is None
    assert asked(1, text="19.75").second is None


def test_an_audit_hides_its_digit_and_the_second_reader():
    (number,) = asked_numbers([digit("n", "1975", 2, reason="audit", second="1915", text="19.75")])

    assert [sign.character for sign in number.signs] == ["1", "9", ".", None, "5"]
    assert number.second is None


def test_numbers_stay_in_the_order_in_which_they_come():
    numbers = asked_numbers([digit("b", place=1), digit("a"), digit("b", place=0)])

    assert [[item.item_id for item in one.items] for one in numbers] == [["b/0", "b/1"], ["a/0"]]


def test_a_mark_has_neither_place_nor_item():
    assert asked(1, text="19.75").signs[2] == Sign(".")
