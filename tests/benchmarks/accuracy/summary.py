"""The one table that says it in short: a row a measure, a column a reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tests.benchmarks.accuracy.counting import (
    PageCount,
    PageRead,
    StripRead,
    calibration_error,
    count_page,
    digit_accuracy,
    error_among,
)
from tests.benchmarks.accuracy.report import percent, section

Strips = Mapping[str, Sequence[StripRead]]
Pages = Mapping[str, Sequence[PageRead]]

_STRIPS: dict[str, Callable[[Sequence[StripRead]], str]] = {
    "strips: numbers exact": lambda reads: percent(sum(read.exact for read in reads) / len(reads)),
    "strips: digits right": lambda reads: percent(digit_accuracy(reads)),
    "strips: wrong among the surest 70%": lambda reads: percent(error_among(reads, 0.7)),
    "strips: wrong among the surest 30%": lambda reads: percent(error_among(reads, 0.3)),
    "strips: calibration error": lambda reads: f"{calibration_error(reads):.3f}",
    "strips: CPU ms a number": lambda reads: f"{1000 * sum(read.time.cpu for read in reads) / len(reads):.1f}",
}


def summary(strips: Strips, scans: Pages, written: Pages, printed: Pages) -> str:
    """Strips, transcribed scans page by page, synthetic pages, pages of print; what did not run is left out."""
    rows = [[name, *map(measure, strips.values())] for name, measure in _STRIPS.items()]
    for reads in zip(*scans.values(), strict=True):
        rows.append([f"{reads[0].case.name}: found, by chance", *(_found([read]) for read in reads)])
    rows += _totals("scans", scans)
    rows += [["synthetic pages: found", *map(_found, written.values())]] if any(written.values()) else []
    rows += _totals("synthetic pages", written)
    rows += [["pages of print: sure handwriting", *map(_handwriting, printed.values())]] if any(printed.values()) else []
    return section("In short", ["", *strips], rows)


def _found(reads: Sequence[PageRead]) -> str:
    counts = [count_page(read) for read in reads]
    chance = sum(count.by_chance or 0 for count in counts)
    text = f"{sum(count.found for count in counts)} of {sum(count.true for count in counts)}"
    return f"{text}, {chance:.0f}" if counts[0].by_chance is not None else text


def _totals(name: str, pages: Pages) -> list[list[str]]:
    if not any(pages.values()):
        return []
    counts = [[count_page(read) for read in reads] for reads in pages.values()]
    times = [sum(read.time.cpu for read in reads) / len(reads) for reads in pages.values()]
    return [
        [f"{name}: misread + extra", *(f"{sum(c.misread for c in one)} + {sum(c.extra for c in one)}" for one in counts)],
        [f"{name}: misread + extra among the sure", *(_sure(one) for one in counts)],
        [f"{name}: CPU s a page", *(f"{seconds:.1f}" for seconds in times)],
    ]


def _sure(counts: Sequence[PageCount]) -> str:
    misread, extra, sure = (sum(getattr(one, name) for one in counts) for name in ("sure_misread", "sure_extra", "sure"))
    return f"{misread} + {extra} of {sure}"


def _handwriting(reads: Sequence[PageRead]) -> str:
    return str(sum(one.sure and not one.printed for read in reads for one in read.readings))
