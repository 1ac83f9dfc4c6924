"""The corrected view of results: people's decisions laid over the machine's readings, with both side by side.

The decisions about a collection are one flat table, REVIEWED, with a row for every decided digit and for those that still wait in
the same numbers. A number is matched to its decision by its id; where the machine has divided the page otherwise since, by its
place on the page. A number that people decided stays as they left it, whatever the machine reads there later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from digit_core.dates import date_of, said_in_zones
from digit_core.geometry import covered, iou
from digit_core.notation import Meaning, Notation, NumberKind, interpret
from digit_core.readings import State, as_written
from digit_core.records import Box, CellState
from digit_core.results.schema import NUMBERS
from digit_core.review.human_numbers import NONE_SIGN, HumanNumber, Page, Row, human_numbers
from digit_core.review.verdicts import Content

SAME_PLACE = 0.5
"""Overlap (intersection over union) from which two boxes are the same number."""

WITHIN = 0.6
"""Share of a number's area within one that a person decided, from which it is a piece of that one."""

CORRECTED = pa.schema(
    [
        *NUMBERS,
        ("machine_digits", pa.string()),
        ("machine_state", pa.string()),  # "gone" where the machine sees no number any more
        ("reviewer", pa.string()),  # "" where nobody decided anything
        ("decided", pa.timestamp("ms", "UTC")),
    ],
    metadata=NUMBERS.metadata,
)
"""The table `numbers` with `digits` and `state` as people left them, and the machine's own beside them."""

GONE = "gone"

_WITHOUT_NUMBER = {CellState.BLANK, CellState.DASH, CellState.DITTO, CellState.WORD, CellState.ILLEGIBLE}
"""Contents of a cell that is none of these any more when a person reads a number there."""

_CELLS = {Content.BLANK: CellState.BLANK, Content.DASH: CellState.DASH, Content.STRUCK_OUT: CellState.STRUCK_OUT}


class Corrections:
    """The decisions of people, to be applied to tables of numbers."""

    def __init__(self, reviewed: pa.Table) -> None:
        self._numbers = human_numbers(reviewed)
        self._pages: defaultdict[Page, list[HumanNumber]] = defaultdict(list)
        for number in self._numbers:
            self._pages[number.page].append(number)

    def __len__(self) -> int:
        return len(self._numbers)

    def over(self, tables: Iterable[pa.Table], pages: Iterable[Page]) -> Iterator[pa.Table]:
        """Yield each table of numbers as CORRECTED, and last the numbers that only people see any more.

        pages: those of the tables. Decisions about others (a scan that was replaced) are left out.
        """
        found: set[str] = set()
        for table in tables:
            rows = _dated([row for row in self._corrected(table.to_pylist(), found) if row is not None])
            yield pa.Table.from_pylist(rows, CORRECTED)
        waiting = [one for one in self._numbers if one.number_id not in found and one.settled and one.digits]
        there = {one.page for one in waiting}.intersection(pages if waiting else ())  # of millions of pages only these are kept
        if gone := [one for one in waiting if one.page in there]:
            yield pa.Table.from_pylist([_row_of_their_own(one) for one in gone], CORRECTED)

    def of_pages(self, numbers: pa.Table, pages: Iterable[Page]) -> pa.Table:
        """The numbers of these pages, all of them, as CORRECTED, those that only people see any more last: pages by themselves,
        where `over` gives those of a whole collection in the end.
        """
        found: set[str] = set()
        rows = _dated([row for row in self._corrected(numbers.to_pylist(), found) if row is not None])
        waiting = [one for page in dict.fromkeys(pages) for one in self._pages.get(page, ()) if one.settled and one.digits]
        rows += [_row_of_their_own(one) for one in waiting if one.number_id not in found]
        return pa.Table.from_pylist(rows, CORRECTED)

    def _corrected(self, rows: Sequence[Row], found: set[str]) -> list[dict[str, Any] | None]:
        """Return the corrected rows; None for a piece of a number that a person decided as a whole. Copies of a scan are matched
        separately."""
        here: defaultdict[tuple[str, Page], list[Row]] = defaultdict(list)
        for row in rows:
            here[row["file"], (row["sha256"], row["page"] - 1)].append(row)
        matched = {id(row): one for (_, page), several in here.items() for row, one in self._match(page, several)}
        found.update(one.number_id for one in matched.values())
        return [self._lay(row, matched.get(id(row))) for row in rows]

    def _match(self, page: Page, rows: Sequence[Row]) -> Iterator[tuple[Row, HumanNumber]]:
        by_id = {row["number_id"]: row for row in rows}
        taken: set[str] = set()
        for one in self._pages.get(page, ()):
            row = by_id.get(one.number_id) or max(rows, key=lambda row: _shared(row, one), default=None)
            if row is None or row["number_id"] in taken:
                continue
            if row["number_id"] == one.number_id or _shared(row, one) >= SAME_PLACE:
                taken.add(row["number_id"])
                yield row, one

    def _lay(self, row: Row, one: HumanNumber | None) -> dict[str, Any] | None:
        machine = {"machine_digits": row["digits"], "machine_state": row["state"]}
        if one is None:
            if any(_is_piece(row, other) for other in self._pages.get((row["sha256"], row["page"] - 1), ())):
                return None
            return {**row, **machine, "reviewer": "", "decided": None}
        if not one.settled and row["state"] != State.REVIEW:  # a newer reading needs no review
            return {**row, **machine, "reviewer": one.reviewer, "decided": one.decided}
        number = _as_number(row, one)
        state = one.state
        if one.text is not None and state is not State.UNREADABLE:  # the marks count too
            same = all(number[name] == row[name] for name in ("digits", "text", "cell"))
            state = State.CONFIRMED if same else State.CORRECTED
        said = {"state": state.value, "reviewer": one.reviewer, "decided": one.decided}
        return {**row, **machine, **number, **said}


def _dated(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with their dates anew: people may have corrected the zones that these are taken from."""
    pages: defaultdict[tuple[str, int], list[tuple[str, str, str]]] = defaultdict(list)
    for row in rows:
        if row["zone"] and not row["row"] and not row["column"]:
            pages[row["file"], row["page"]].append((row["zone"], row["text"] or row["digits"], row["state"]))
    said = {page: said_in_zones(zones) for page, zones in pages.items()}
    return [{**row, "date": date_of(row["date_from"] or "", said.get((row["file"], row["page"]), {}))} for row in rows]


def _box(row: Row) -> tuple[int, int, int, int]:
    return row["x"], row["y"], row["w"], row["h"]


def _as_number(row: Row, one: HumanNumber) -> dict[str, Any]:
    """Return digits, text, kind, value and cell as a person left them.

    The marks are those that the person wrote, or else those that the machine had when the person decided: a later reading
    changes neither.
    """
    read = row["text"] or ""
    shown = one.shown or read
    text = one.text if one.text is not None else as_written(shown, one.digits)
    kinds = (NumberKind(row["kind"]),) if row.get("kind") and one.text is None and shown == read else ()
    meaning = interpret(text, Notation(row["decimals"], kinds=kinds))
    if text == read and row.get("kind") == NumberKind.WORD:  # only its layout knows what the word is worth
        meaning = Meaning(NumberKind.WORD, row["value"])
    value = 0.0 if one.content is Content.NIL else meaning.value
    return {"digits": one.digits, "text": text, "kind": meaning.kind.value, "value": value, "cell": _cell(row["cell"] or "", one)}


def _cell(machine: str, one: HumanNumber) -> str:
    """Return the content of the number's cell; "" outside of cells."""
    if machine and one.content in _CELLS:
        return _CELLS[one.content].value
    return CellState.NUMBER.value if machine in _WITHOUT_NUMBER and one.digits else machine


def _shared(row: Row, one: HumanNumber) -> float:
    return iou(Box(*_box(row)), Box(*one.box))


def _is_piece(row: Row, one: HumanNumber) -> bool:
    return one.settled and covered(Box(*_box(row)), Box(*one.box)) > WITHIN


def _row_of_their_own(one: HumanNumber) -> dict[str, Any]:
    """Build a row for a number that only people see; the machine's columns have what was known when it was queued."""
    row = one.row
    provenance = {"file": row["uri"], "page": row["page_index"] + 1}
    provenance |= {name: row[name] for name in ("sha256", "number_id", "model_version")}
    place = dict(zip("xywh", one.box, strict=True))
    unknown = {"line": -1, "position": -1, "confidence": 0.0}
    unread = dict.fromkeys(("algorithm_version", "layout_version", "params", "run_id"), "")
    machine = {"machine_digits": row["parts"].replace(NONE_SIGN, ""), "machine_state": GONE}
    said = {"digits": one.digits, "state": one.state.value, "reviewer": one.reviewer, "decided": one.decided}
    in_no_cell = dict.fromkeys(("zone", "row", "column", "cell", "checks", "unit", "date", "date_from"), "")
    text = one.digits if one.text is None else one.text
    meaning = interpret(text)
    number = {"text": text, "kind": meaning.kind.value, "value": meaning.value}
    return {**provenance, **place, **unknown, **unread, **in_no_cell, **number, **machine, **said}
