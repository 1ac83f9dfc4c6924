"""One long table of a collection's numbers, for programs that compute: a row for each number or cell of a form.

The value stands in a column of its own, apart from the unit, the state, the confidence and the link to its pixels.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from digit_core.exports.csv_files import GUARDED, Echo, field, guard
from digit_core.exports.page_content import NumberOnPage, PageContent
from digit_core.notation import NumberKind
from digit_core.readings import State
from digit_core.records import CellState

COLUMNS = (
    *("file", "page", "zone", "row", "column", "date", "value", "unit", "state", "confidence"),
    *("text", "kind", "digits", "cell", "checks", "x", "y", "w", "h", "number_id", "link"),
    *("model_version", "machine_digits", "second_digits", "reviewer", "decided"),
)

CellValue = str | int | float | Decimal


def row_of(page: PageContent, number: NumberOnPage) -> dict[str, CellValue]:
    """A number's row, by the names of COLUMNS; "" stands for what it has not."""
    box = number.box
    return {
        "file": page.uri,
        "page": page.number,
        "zone": number.zone,
        "row": number.row,
        "column": number.column,
        "date": number.date,
        "value": "" if number.value is None else plain_number(number.value, number.decimals),
        "unit": number.unit,
        "state": number.state,
        "confidence": round(number.confidence, 6),
        "text": number.text,
        "kind": number.kind,
        "digits": number.digits,
        "cell": number.cell,
        "checks": number.checks,
        **{"x": box.x, "y": box.y, "w": box.w, "h": box.h},
        "number_id": number.number_id,
        "link": page.link(box),
        **{name: getattr(number, name) for name in ("model_version", "machine_digits", "second_digits", "reviewer")},
        "decided": number.decided.isoformat(timespec="seconds") if number.decided else "",
    }


def plain_number(value: float, decimals: int | None) -> Decimal:
    """With its decimals; a fraction or an angle has none and stands with as many figures as it needs."""
    if decimals is None and not value.is_integer():
        return Decimal(f"{value:.12g}")
    return Decimal(f"{value:.{decimals or 0}f}")


def long_csv(pages: Iterable[PageContent]) -> Iterator[str]:
    """Yield lines (RFC 4180), header first, each with its CRLF; texts are guarded as by `csv_files.guard`."""
    writer = csv.writer(Echo(), quoting=csv.QUOTE_NONNUMERIC)
    yield str(writer.writerow(COLUMNS))
    for page in pages:
        for number in page.numbers:
            values = row_of(page, number).values()
            yield str(writer.writerow([guard(value) if isinstance(value, str) else value for value in values]))


def table_schema() -> dict[str, Any]:
    """The columns as Table Schema has them (Data Package 2.0)."""
    kinds, states = [kind.value for kind in NumberKind], [state.value for state in State]
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [
            field("file", "string", f"Path or URL of the scan. {GUARDED}", minLength=1),
            field("page", "integer", "Page within the file, counted from 1.", minimum=1),
            field("zone", "string", f"Zone or table of the layout, or of the page's own rulings; '' for none. {GUARDED}"),
            field("row", "string", f"Row of the table. {GUARDED}"),
            field("column", "string", f"Column of the table. {GUARDED}"),
            field(
                "date",
                "string",
                "Date of the number by the layout, ISO 8601; '' for none.",
                pattern="([0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?)?",
            ),
            field("value", "number", "What the text comes to, with its sign; '' if its kind has no value.", required=False)
            | {"missingValues": [""]},
            field("unit", "string", f"Unit of the value, by the layout or its kind; '' for none. {GUARDED}"),
            field("state", "string", "What may be done with the number.", enum=states),
            field("confidence", "number", "Calibrated probability that all of it is right.", minimum=0, maximum=1),
            field("text", "string", f"As written, with its marks. {GUARDED}"),
            field("kind", "string", "What the text is; '' if nothing is written.", enum=kinds),
            field("digits", "string", "The digits with leading zeros; ? is unreadable.", pattern="[0-9?]*"),
            field(
                "cell", "string", "What stands in the cell; '' outside of cells.", enum=["", *(one.value for one in CellState)]
            ),
            field("checks", "string", "Result of the layout's sums; '' if none."),
            field("x", "integer", "Left edge of its box, in pixels of the scan; the origin is top left."),
            field("y", "integer", "Upper edge of its box."),
            field("w", "integer", "Width of its box.", minimum=1),
            field("h", "integer", "Height of its box.", minimum=1),
            field("number_id", "string", "The same for the same pixels in whatever run.", minLength=1),
            field("link", "string", f"The scan's address with page and box behind it. {GUARDED}"),
            field("model_version", "string", f"Version of the classifier that read it. {GUARDED}"),
            field("machine_digits", "string", "The machine's reading, before any correction.", pattern="[0-9]*"),
            field("second_digits", "string", "The second reader's digits; '' where it was not asked.", pattern="[0-9]*"),
            field("reviewer", "string", f"Reviewers who decided, separated by ', '; '' if none did. {GUARDED}"),
            field(
                "decided",
                "string",
                "Time of the decision: ISO 8601, UTC; '' if none.",
                pattern="([0-9]{4}-[0-9]{2}-[0-9]{2}T.*)?",
            ),
        ],
        "primaryKey": ["file", "page", "number_id"],
        "missingValues": [],
    }
