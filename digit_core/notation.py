"""Interpretation of a number as written: its kind, and its value where the kind has one.

Archives write numbers in many ways, and some are ambiguous: 1,234 is a thousand or a decimal, 5/6 a fraction, a date or
shillings. Such a text has the kind `other` and no value until a layout, or the other numbers of its page, decide.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

UNKNOWN_CHARACTER = "?"
"""Placeholder in a text for a character outside of the alphabet, or an illegible one."""

LONGEST = 100
"""Greatest length of a text with a meaning: longer ones are no numbers, and floats end at 308 digits."""


class NumberKind(StrEnum):
    """Kind of a written number."""

    NONE = ""  # nothing is written
    INTEGER = "integer"
    DECIMAL = "decimal"
    SIGNED = "signed"  # an integer or a decimal with a sign before it
    FRACTION = "fraction"
    MONEY = "money"  # pounds, shillings and pence separated by strokes
    DATE = "date"
    TIME = "time"
    ANGLE = "angle"  # degrees, and minutes
    DITTO = "ditto"
    WORD = "word"  # one that its place declares
    OTHER = "other"  # none of these, or one of several


class DateOrder(StrEnum):
    """Order of day, month and year in a date."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


@dataclass(frozen=True, slots=True)
class Notation:
    """Rules for writing numbers at some place.

    decimals: number of digits after the point, whether it is written or not; decimal_mark: "." or ","; kinds: allowed kinds, ()
    for all. None: as written. unit: of the values; "" where the place does not say. words: that may stand in place of a number,
    by their letters (`letters_of`), each with its value.
    """

    decimals: int | None = None
    decimal_mark: str | None = None
    date_order: DateOrder | None = None
    kinds: tuple[NumberKind, ...] = ()
    unit: str = ""
    words: tuple[tuple[str, float | None], ...] = ()


UNITS = {NumberKind.ANGLE: "degree"}
"""Units of the values of kinds that have one."""

AS_WRITTEN = Notation()


@dataclass(frozen=True, slots=True)
class Meaning:
    """Interpretation of a text.

    value: None where its kind has none; decimals: number of digits after its point, None without one; open: whether it is
    ambiguous.
    """

    kind: NumberKind
    value: float | None = None
    decimals: int | None = None
    open: bool = False


_OPEN = Meaning(NumberKind.OTHER, open=True)
_DITTO = re.compile(r'"+', re.ASCII)
_PLAIN = re.compile(r"([+-]?)(\d+)", re.ASCII)
_NUMBER = re.compile(r"([+-]?)((?=[\d.,])\d*(?:[.,']\d+)*)(?:[.,]?-|\.)?", re.ASCII)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:([.,'])\d{3})(?:\1\d{3})*", re.ASCII)
_TIME = re.compile(r"(\d{1,2})([:.,])(\d\d)(?::(\d\d))?", re.ASCII)
_DATE = re.compile(r"(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})", re.ASCII)
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})", re.ASCII)
_MONEY = re.compile(r"(?:(\d+)/)?(\d{1,2})/(\d{1,2}|-)([½¼¾]?)", re.ASCII)
_FRACTION = re.compile(r"([+-]?)(\d*)\s?(?:([½¼¾])|(?<!\d)(\d+)/(\d+))", re.ASCII)
_ANGLE = re.compile(r"([+-]?)(\d{1,3}(?:[.,]\d+)?)°(?:(\d{1,2})'(?:(\d{1,2})\")?)?", re.ASCII)
_NO_MARKS = str.maketrans("", "", ".,'")
_SHARES = {"½": 0.5, "¼": 0.25, "¾": 0.75}
_USUAL = {2, 3, 4, 8, 16, 32, 64}
"""Denominators of fractions that stand alone: with others a stroke more likely separates shillings from pence, or day from
month."""


def letters_of(text: str) -> str:
    """Return what tells a word from others: its letters, all small, without points and spaces."""
    return "".join(character for character in text.casefold() if not character.isspace() and character not in ".,")


def interpret(text: str, notation: Notation = AS_WRITTEN) -> Meaning:
    """Interpret a text as written, by the notation of its place.

    Where the notation names kinds, the first meaning among them counts; a text without such a meaning keeps its likeliest.
    """
    text = " ".join(text.split())
    if not text:
        return Meaning(NumberKind.NONE)
    if len(text) > LONGEST:
        return Meaning(NumberKind.OTHER)
    for word, value in notation.words:
        if word == letters_of(text):
            return Meaning(NumberKind.WORD, value)
    found = list(_meanings(text, notation))
    wanted = [one for one in found if _is_among(one.kind, notation.kinds)]
    return next(iter(wanted or found), Meaning(NumberKind.OTHER))


def _is_among(kind: NumberKind, kinds: tuple[NumberKind, ...]) -> bool:
    """Whether a place for these kinds may hold this one; a sign does not change the kind of an integer or a decimal."""
    signed = kind is NumberKind.SIGNED and (NumberKind.INTEGER in kinds or NumberKind.DECIMAL in kinds)
    return not kinds or kind in kinds or signed


def fits(meaning: Meaning, notation: Notation) -> bool:
    """Whether a place with this notation allows this meaning."""
    return _is_among(meaning.kind, notation.kinds)


def decimal_mark_of(texts: Iterable[str]) -> str | None:
    """Return the decimal mark that these numbers of one page agree on; None where none shows it, or they differ."""
    votes: Counter[str] = Counter()
    for text in texts:
        number = _NUMBER.fullmatch(text)
        marks = _marks_in(number[2]).replace("'", "") if number else ""
        if len(set(marks)) == 2:
            votes[marks[-1]] += 1
        elif len(marks) > 1 and number and _THOUSANDS.fullmatch(number[2]):
            votes["," if marks[0] == "." else "."] += 1
        elif len(marks) == 1 and number and not _THOUSANDS.fullmatch(number[2]):
            votes[marks] += 1
    return next(iter(votes)) if len(votes) == 1 else None


def _meanings(text: str, notation: Notation) -> Iterator[Meaning]:
    """Yield the possible meanings of a text, likeliest first."""
    if UNKNOWN_CHARACTER in text:
        return
    if _DITTO.fullmatch(text):
        yield Meaning(NumberKind.DITTO)
    for meanings in (_times, _dates, _strokes, _fractions, _angles, _numbers):
        yield from meanings(text, notation)


def _times(text: str, notation: Notation) -> Iterator[Meaning]:
    """Interpret as hours, minutes and seconds; with a point or comma only where the place is for times."""
    time = _TIME.fullmatch(text)
    if not time or not (time[2] == ":" or NumberKind.TIME in notation.kinds):
        return
    if int(time[1]) <= 24 and int(time[3]) < 60 and int(time[4] or 0) < 60:
        yield Meaning(NumberKind.TIME)


def _dates(text: str, notation: Notation) -> Iterator[Meaning]:
    """Interpret as day, month and year, or day and month alone where the place is for dates."""
    date = _DATE.fullmatch(text)
    orders = (notation.date_order,) if notation.date_order else tuple(DateOrder)
    if date and any(_is_date((date[1], date[3], date[4]), order, len(orders) == 1) for order in orders):
        yield Meaning(NumberKind.DATE)
    day = _DAY.fullmatch(text)
    if day and NumberKind.DATE in notation.kinds and any(_is_day(int(day[1]), int(day[2]), order) for order in orders):
        yield Meaning(NumberKind.DATE)


def _is_date(parts: tuple[str, str, str], order: DateOrder, known: bool) -> bool:
    """Whether the parts are a date. known: the place gives the order; otherwise a year in front needs all its digits."""
    named = dict(zip(order.value, parts, strict=True))
    years = (4,) if order is DateOrder.YMD and not known else (2, 4)
    return max(len(named["d"]), len(named["m"])) <= 2 and len(named["y"]) in years and _in_month(int(named["d"]), int(named["m"]))


def _is_day(first: int, second: int, order: DateOrder) -> bool:
    return _in_month(first, second) if order is DateOrder.DMY else _in_month(second, first)


def _in_month(day: int, month: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= (29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)


def _strokes(text: str, notation: Notation) -> Iterator[Meaning]:
    """Interpret as pounds, shillings and pence, or shillings and pence: 6/13/2, 12/6, 5/-. Two figures alone are ambiguous."""
    money = _MONEY.fullmatch(text)
    if not money:
        return
    pounds, shillings, pence, part = money.groups()
    if (pence != "-" and int(pence) >= 12) or (pounds and int(shillings) >= 20):
        if not pounds:
            yield _OPEN
        return
    if not pounds and not part and pence != "-" and not _usual_fraction(int(shillings), int(pence)):
        yield _OPEN
    elif not pounds and not part and pence != "-":
        yield from _fractions(text, notation)
    yield Meaning(NumberKind.MONEY)


def _usual_fraction(above: int, below: int) -> bool:
    return 0 < above < below and below in _USUAL


def _fractions(text: str, _: Notation) -> Iterator[Meaning]:
    """Interpret as a fraction: ½, 18¾, 12 1/2, 3/4."""
    fraction = _FRACTION.fullmatch(text)
    if not fraction:
        return
    sign, whole, share, above, below = fraction.groups()
    if not share and not 0 < int(above) < int(below):
        return
    value = int(whole or 0) + (_SHARES[share] if share else int(above) / int(below))
    yield Meaning(NumberKind.FRACTION, -value if sign == "-" else value)


def _angles(text: str, _: Notation) -> Iterator[Meaning]:
    """Interpret as degrees, with minutes and seconds; the value is in degrees."""
    angle = _ANGLE.fullmatch(text)
    if not angle or int(angle[3] or 0) >= 60 or int(angle[4] or 0) >= 60:
        return
    value = float(angle[2].replace(",", ".")) + int(angle[3] or 0) / 60 + int(angle[4] or 0) / 3600
    yield Meaning(NumberKind.ANGLE, -value if angle[1] == "-" else value)


def _numbers(text: str, notation: Notation) -> Iterator[Meaning]:
    """Interpret as integer or decimal. A mark without a digit after it (12. or 12,-) does not change the value."""
    number = _NUMBER.fullmatch(text)
    if not number or not number[2].translate(_NO_MARKS):
        return
    sign, body = number.groups()
    for decimals in _decimals(body, notation):
        digits = int(body.translate(_NO_MARKS))
        value = float(digits / 10 ** (decimals or 0))
        kind = NumberKind.SIGNED if sign else NumberKind.DECIMAL if decimals else NumberKind.INTEGER
        yield _OPEN if decimals == _EITHER else Meaning(kind, -value if sign == "-" else value, decimals)


_EITHER = -1


def _marks_in(body: str) -> str:
    return "".join(character for character in body if not character.isdigit())


def _decimals(body: str, notation: Notation) -> Iterator[int | None]:
    """Yield the possible numbers of digits after the point; None where it has no point, _EITHER where it is ambiguous."""
    if notation.decimals is not None:
        yield notation.decimals
        return
    marks = _marks_in(body)
    grouped = _THOUSANDS.fullmatch(body) is not None
    behind = len(body) - 1 - max(body.rfind("."), body.rfind(","))
    if not marks:
        yield None
    elif len(marks) == 1 and grouped and marks != "'":
        known = notation.decimal_mark
        if known is None:
            yield _EITHER
        if known in (None, "," if marks == "." else "."):
            yield None
        if known in (None, marks):
            yield behind
    elif grouped:
        yield None
    elif _is_decimal(body, marks, notation):
        yield behind


def _is_decimal(body: str, marks: str, notation: Notation) -> bool:
    """Whether the last mark is a decimal one: the only one of its kind, with thousands before it."""
    mark, whole = marks[-1], body[: body.rfind(marks[-1])]
    known = notation.decimal_mark
    if mark == "'" or mark in marks[:-1] or (known is not None and mark != known):
        return False
    return len(marks) == 1 or _THOUSANDS.fullmatch(whole) is not None
