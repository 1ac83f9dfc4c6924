"""Numbers as people left them, from the table of their decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from digit_core.readings import State
from digit_core.review.verdicts import Content, Kind, Verdict, apply

NONE_SIGN = "-"
"""Sign in the column `parts` for a part that the machine read as no digit."""

_BOX = [(name, pa.int32()) for name in ("x", "y", "w", "h")]
REVIEWED = pa.schema(
    [
        *((name, pa.string()) for name in ("item_id", "uri", "sha256")),
        ("page_index", pa.int32()),
        ("number_id", pa.string()),
        *((f"number_{name}", kind) for name, kind in _BOX),
        ("parts", pa.string()),  # the number as the machine had read it, one character per digit
        ("place", pa.int32()),
        *_BOX,
        ("guess", pa.string()),
        ("confidence", pa.float32()),
        ("reason", pa.string()),
        ("model_version", pa.string()),
        ("kind", pa.string()),  # "" while it waits
        ("value", pa.string()),
        ("reviewer", pa.string()),
        ("decided", pa.timestamp("ms", "UTC")),
        ("text", pa.string()),  # the number as the machine had written it, with its marks; null in tables of version 1
    ],
    metadata={"digits.schema_version": "2"},
)
_SETTLED = {State.CONFIRMED, State.CORRECTED, State.UNREADABLE}

Row = Mapping[str, Any]
Page = tuple[str, int]


@dataclass(frozen=True, slots=True)
class HumanNumber:
    """A number with decisions; `row` is one of its rows in REVIEWED, `box` is x, y, w, h.

    text: as a person wrote it, None where the machine's marks stay; shown: as the machine had written it when it was decided,
    None if that is not known; content: what stands in its place, None for a number.
    """

    number_id: str
    page: Page
    box: tuple[int, int, int, int]
    digits: str
    state: State
    reviewer: str
    decided: datetime
    row: Row
    text: str | None = None
    shown: str | None = None
    content: Content | None = None

    @property
    def settled(self) -> bool:
        return self.state in _SETTLED


def human_numbers(reviewed: pa.Table) -> list[HumanNumber]:
    """Return all numbers of which at least one digit is decided, in the table's order."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for row in reviewed.to_pylist():
        rows[row["number_id"]].append(row)
    return [_human(several) for several in rows.values() if any(row["kind"] for row in several)]


def _human(rows: Sequence[Row]) -> HumanNumber:
    said = [row for row in rows if row["kind"]]
    first, last = said[0], max(said, key=lambda row: row["decided"])
    parts = ["" if sign == NONE_SIGN else sign for sign in last["parts"]]
    verdicts = {row["place"]: Verdict(Kind(row["kind"]), row["value"]) for row in said}
    corrected = apply(parts, verdicts, len(rows) - len(said))
    names = dict.fromkeys(name for row in said for name in row["reviewer"].split(", "))
    return HumanNumber(
        number_id=first["number_id"],
        page=(first["sha256"], first["page_index"]),
        box=(first["number_x"], first["number_y"], first["number_w"], first["number_h"]),
        digits=corrected.digits,
        state=corrected.state,
        reviewer=", ".join(names),
        decided=last["decided"],
        row=last,
        text=corrected.text,
        shown=last["text"] or None,
        content=corrected.content,
    )
