"""A page as exports take it, with numbers where a test wants them."""

from __future__ import annotations

from dataclasses import replace

from digit_core.exports.page_content import NumberOnPage, PageContent
from digit_core.records import Box


def number(
    text: str = "124",
    place: tuple[str, str, str] = ("", "", ""),
    *,
    box: tuple[int, int, int, int] = (10, 20, 60, 30),
    value: float | None = None,
    decimals: int | None = None,
    state: str = "accepted",
    kind: str = "integer",
    cell: str = "",
    confidence: float = 0.97,
) -> NumberOnPage:
    """place: zone, row, column."""
    zone, row, column = place
    digits = "".join(letter for letter in text if letter in "0123456789")
    identity = f"{'ab' * 8}-0-{'-'.join(map(str, box))}"
    return NumberOnPage(
        identity,
        Box(*box),
        text,
        digits,
        value,
        decimals,
        kind,
        state,
        confidence,
        zone,
        row,
        column,
        cell or ("number" if zone else ""),
    )


def page(*numbers: NumberOnPage, uri: str = "/scans/a.jpg", at: int = 1, count: int = 1, skew: float = 0.0) -> PageContent:
    """A page of 400 x 300 pixels."""
    return PageContent(uri, "ab" * 32, at, count, 400, 300, 300.0, skew, numbers)


def table(zone: str = "rain", state: str = "review") -> tuple[NumberOnPage, ...]:
    """Two rows and two columns; one cell is blank, one waits for a person."""
    by_layout = {"unit": "mm", "date": "1947-02-01"}
    return (
        number("9.5", (zone, "1", "Jan"), box=(10, 20, 60, 30), value=9.5, decimals=1, kind="decimal"),
        replace(number("8", (zone, "1", "Feb"), box=(110, 20, 60, 30), value=8.0, state=state, confidence=0.5), **by_layout),
        number("", (zone, "2", "Jan"), box=(10, 70, 60, 30), kind="", cell="blank"),
        number("3/4", (zone, "2", "Feb"), box=(110, 70, 60, 30), kind="other"),
    )
