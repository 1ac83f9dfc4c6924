"""Accuracy of pages that were read, against true numbers.

Counted per page that has truth, and summed; `digit_core.evaluation.matching` matches readings to true numbers.

- recall: certain true numbers found with exactly their digits / certain true numbers. On a page that is missing or quarantined
none is found.
- precision: readings with exactly the digits of their true number / readings. Only on pages whose truth has boxes: other truth
covers only part of a page (prompts, years and printed numbers are digits too), so its unmatched readings need not be errors; they
are counted apart, as `unlisted`, and are no `extras`.
- digit accuracy: over certain numbers with a reading, 1 - edit distance / digits (at least 0), weighted by digits.
- review share: digits in review, audits included / digits (those rejected as "not a digit" are left out, unless they are in
review).
- marks: numbers with exactly their digits whose text or value is right too / those whose truth has marks (point, sign …).
- error among the accepted numbers: accepted numbers that are not exactly right, digits and marks / accepted numbers that were
matched; on pages whose truth has boxes accepted extras are in both. The same for accepted digits, whatever the state of their
number: a digit is wrong if a best alignment with the true number does not pair it with an equal one.

Truth without boxes flatters a crowded page of short numbers: a number counts as found wherever on the page it was read, and a
wrong reading may happen to equal another number. `by_chance` says how many would be found by as many readings of the same lengths
made of random digits: compare recall with it, and judge digit accuracy on such pages with the same caution.

The table `numbers` may be the corrected one (digit_core.review.corrections): a number that people decided then counts as
accepted, with their digits, and as not in review; a number with a digit that nobody can read is not accepted.

A reading that matches an uncertain true number, or (with boxes) lies on one, is left out of everything but the review share. A
number without any digit, or rejected, is no reading; and where the truth has a text without a digit no number is expected, but
one that is read in its place is wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from digit_core.errors import InputError
from digit_core.evaluation.ground_truth import PageTruth, TruthNumber, page_stem
from digit_core.evaluation.matching import By, NumberRead, Pairs, align, cell_of, exact_by_chance, match, overlap
from digit_core.evaluation.score import Counts, Mistake, PageScore, Rate, Score
from digit_core.notation import Notation, interpret
from digit_core.readings import State
from digit_core.records import Box

_SAME = str.maketrans("−–—·′″", "---.'\"")
"""Characters that transcribers write for marks of the alphabet."""

_NAMED = 0.9
"""Share of a page's true numbers whose row and column a form must have for its cells to decide."""

__all__ = ["Counts", "Mistake", "PageScore", "Rate", "Score", "find_pages", "readings_of", "score"]

PageKey = tuple[str, int]
"""uri and page index"""

_BY_PEOPLE = {State.CONFIRMED, State.CORRECTED, State.UNREADABLE}
_PUBLISHED = {State.ACCEPTED, State.CONFIRMED, State.CORRECTED}


def score(tables: Mapping[str, pa.Table], truth: Iterable[PageTruth]) -> Score:
    """Score the tables `pages`, `numbers` and `digits` (schemas of digit_core.results.schema; current rows only).

    `numbers` may be CORRECTED (digit_core.review.corrections), which scores the results after review. Pages without truth are
    skipped. Raises InputError if two pages match the name of one truth.
    """
    truth = tuple(truth)
    found = find_pages(tables["pages"], (page.name for page in truth))
    keys = [_key(row) for row in found.values()]
    numbers, digits = (_by_page(tables[name], keys) for name in ("numbers", "digits"))
    return Score(tuple(_score_page(page, found.get(page.name), numbers, digits) for page in truth))


def find_pages(pages: pa.Table, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the row of `pages` (file, page, page_count, state) of each name that has one.

    A page's name is its file's stem; in a file of several pages the stem, "-" and the page counted from 1. Raises InputError
    naming both if two pages have one of these names.
    """
    wanted, found = set(names), dict[str, dict[str, Any]]()
    for row in pages.select(["file", "page", "page_count", "state"]).to_pylist():
        name = page_stem(row["file"]) + (f"-{row['page']}" if row["page_count"] > 1 else "")
        if name in wanted and (other := found.setdefault(name, row)) is not row:
            both = " and ".join(sorted((_where(other), _where(row))))
            raise InputError(f"the truth of {name!r} fits two pages: {both}; evaluate their folders apart or rename one")
    return found


def _where(row: Mapping[str, Any]) -> str:
    return f"{row['file']} (page {row['page']})" if row["page_count"] > 1 else str(row["file"])


def _key(row: Mapping[str, Any]) -> PageKey:
    return row["file"], row["page"]


def _by_page(table: pa.Table, keys: Sequence[PageKey]) -> dict[PageKey, list[dict[str, Any]]]:
    uris = pa.array({uri for uri, _ in keys}, pa.string())
    rows: defaultdict[PageKey, list[dict[str, Any]]] = defaultdict(list)
    for row in table.filter(pc.is_in(table["file"], value_set=uris)).to_pylist():
        rows[_key(row)].append(row)
    return rows


def _score_page(
    truth: PageTruth,
    row: Mapping[str, Any] | None,
    numbers: Mapping[PageKey, list[dict[str, Any]]],
    digits: Mapping[PageKey, list[dict[str, Any]]],
) -> PageScore:
    number_rows = numbers.get(_key(row), []) if row else []
    digit_rows = digits.get(_key(row), []) if row else []
    outcome = _Outcome.of(truth, readings_of(number_rows, digit_rows), {_cell(row) for row in number_rows})
    counts = outcome.counts() + _review_counts(number_rows, digit_rows)
    status, uri = (row["state"], row["file"]) if row else ("missing", "")
    return PageScore(truth.name, status, uri, truth.boxes, counts, outcome.mistakes())


def readings_of(numbers: Iterable[Mapping[str, Any]], digits: Iterable[Mapping[str, Any]]) -> list[NumberRead]:
    """Return a page's rows of `numbers` that are readings, each with its rows of `digits`."""
    parts: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in digits:
        if row["digit"]:
            parts[row["number_id"]].append(row)
    return [
        NumberRead(
            row["digits"],
            row["state"] in _PUBLISHED,
            row["confidence"],
            Box(row["x"], row["y"], row["w"], row["h"]),
            _parts(row, parts[row["number_id"]]),
            _cell(row),
            row.get("text") or "",
            row.get("value"),
        )
        for row in numbers
        if row["digits"] and row["state"] != State.REJECTED
    ]


def _cell(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return row and column of a number's cell, or its zone; results of earlier schemas have none."""
    return (row["row"] or row["zone"] or "", row["column"] or "") if row.get("zone") else ("", "")


def _parts(number: Mapping[str, Any], digits: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, bool], ...]:
    """Return each digit from left to right with "was accepted". A number that people decided has their digits."""
    if number["state"] in _BY_PEOPLE:
        return tuple((digit, digit.isdecimal()) for digit in number["digits"])
    return tuple((row["digit"], row["state"] == State.ACCEPTED) for row in sorted(digits, key=lambda row: row["place"]))


def _review_counts(numbers: Iterable[Mapping[str, Any]], digits: Iterable[Mapping[str, Any]]) -> Counts:
    waiting = {row["number_id"] for row in numbers if row["state"] not in _BY_PEOPLE}
    shown = [
        row["reason"] != "" and row["number_id"] in waiting for row in digits if row["state"] != State.REJECTED or row["reason"]
    ]
    return Counts(digits=len(shown), to_review=sum(shown))


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A page's readings sorted into pairs with certain numbers, extra ones, and ones that are left out."""

    truth: PageTruth
    readings: Sequence[NumberRead]
    pairs: Pairs
    spare: list[NumberRead]
    by: By

    @classmethod
    def of(cls, truth: PageTruth, readings: Sequence[NumberRead], cells: Collection[tuple[str, str]] = ()) -> Self:
        """Sort the readings of a page. cells: all cells of the page's form, with or without a number."""
        by = By.PLACE if truth.boxes else By.CELL if _names(truth, cells) else By.TEXT
        pairs = match(truth.numbers, readings, by)
        matched = {r for _, r in pairs}
        doubtful = [number.box for number in truth.numbers if number.box and not number.certain]
        free = [reading for index, reading in enumerate(readings) if index not in matched]
        spare = [reading for reading in free if not any(overlap(box, reading.box) for box in doubtful)]
        return cls(truth, readings, [(t, r) for t, r in pairs if truth.numbers[t].certain], spare, by)

    def counts(self) -> Counts:
        boxes, spare = self.truth.boxes, len(self.spare)
        certain = [number.digits for number in self.truth.numbers if number.certain and number.digits]
        texts = [reading.digits for reading in self.readings]
        total = Counts(
            true_numbers=len(certain),
            by_chance=exact_by_chance(certain, map(len, texts)) if self.by is By.TEXT else 0.0,
            extras=spare if boxes else 0,
            unlisted=0 if boxes else spare,
            placed=spare if boxes else 0,
            left_out=len(self.readings) - len(self.pairs) - spare,
        )
        total = sum((_pair_counts(self.truth.numbers[t], self.readings[r], boxes) for t, r in self.pairs), total)
        return sum((_extra_counts(reading) for reading in self.spare), total) if boxes else total

    def mistakes(self) -> tuple[Mistake, ...]:
        stands_for = {t: self.readings[r] for t, r in self.pairs}
        certain = [
            (n, stands_for.get(t)) for t, n in enumerate(self.truth.numbers) if n.certain and (n.digits or t in stands_for)
        ]
        return tuple(_mistake(number, read) for number, read in certain if read is None or not _is_right(number, read))


def _mistake(truth: TruthNumber, read: NumberRead | None) -> Mistake:
    """Describe the mistake in digits where these are wrong, else as written."""
    if read is None or read.digits != truth.digits:
        return Mistake(truth.row, truth.column, truth.digits, read.digits if read else "", bool(read and read.accepted))
    return Mistake(truth.row, truth.column, truth.text, read.text, read.accepted)


def _is_right(truth: TruthNumber, read: NumberRead) -> bool:
    return read.digits == truth.digits and (not truth.marked or _marks_agree(truth, read))


def _marks_agree(truth: TruthNumber, read: NumberRead) -> bool:
    """Tell whether the number's text equals the truth's, ignoring spaces and variants of dashes and points, or its value does.

    A truth such as 2.398, which may be two thousand or two, has the value of either.
    """
    values = {interpret(truth.text, Notation(decimal_mark=mark)).value for mark in (None, ".", ",")} - {None}
    return _plain(read.text) == _plain(truth.text) or read.value in values


def _plain(text: str) -> str:
    return "".join(text.split()).translate(_SAME)


def _names(truth: PageTruth, cells: Collection[tuple[str, str]]) -> bool:
    """Tell whether the truth's rows and columns are cells of this form."""
    known = sum(cell_of(number, cells) is not None for number in truth.numbers)
    return bool(cells) and known >= _NAMED * len(truth.numbers)


def _pair_counts(number: TruthNumber, reading: NumberRead, boxes: bool) -> Counts:
    truth, exact = number.digits, reading.digits == number.digits
    _, agrees = align(truth, "".join(digit for digit, _ in reading.parts))
    trusted = [right for right, (_, accepted) in zip(agrees, reading.parts, strict=True) if accepted]
    return Counts(
        exact=exact,
        matched=1,
        true_digits=len(truth),
        right_digits=max(0, len(truth) - align(truth, reading.digits)[0]),
        placed=boxes,
        placed_exact=boxes and exact,
        accepted=reading.accepted,
        accepted_wrong=reading.accepted and not _is_right(number, reading),
        accepted_digits=len(trusted),
        accepted_digits_wrong=trusted.count(False),
        marked=exact and number.marked,
        marks_right=exact and number.marked and _marks_agree(number, reading),
    )


def _extra_counts(reading: NumberRead) -> Counts:
    trusted = sum(accepted for _, accepted in reading.parts)
    accepted = int(reading.accepted)
    return Counts(accepted=accepted, accepted_wrong=accepted, accepted_digits=trusted, accepted_digits_wrong=trusted)
