"""The tables, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from tests.benchmarks.accuracy.counting import (
    SHARES,
    PageRead,
    StripRead,
    calibration_error,
    count_page,
    digit_accuracy,
    error_among,
    mistakes,
    seconded,
)

Reads = Mapping[str, Sequence[StripRead]]
PageReads = Mapping[str, Sequence[PageRead]]
"""By reader, the same strips or pages in the same order."""


def strips_part(reads: Reads) -> str:
    """Numbers on strips: how many exact, and how far the confidence can be believed."""
    count = len(next(iter(reads.values())))
    shares = [f"wrong among the surest {share:.0%}" for share in SHARES]
    head = ["reader", "exact", "digits right", *shares, "calibration error", "ms a number", "CPU ms"]
    rows = [[name, *_strip_cells(one)] for name, one in reads.items()]
    return section(f"Strips: {count} numbers of 1 to 8 digits", head, rows)


def _strip_cells(reads: Sequence[StripRead]) -> list[str]:
    exact = sum(read.exact for read in reads) / len(reads)
    errors = [percent(error_among(reads, share)) for share in SHARES]
    pace = [1000 * sum(seconds) / len(reads) for seconds in zip(*((r.time.seconds, r.time.cpu) for r in reads), strict=True)]
    calibration = f"{calibration_error(reads):.3f}"
    return [percent(exact), percent(digit_accuracy(reads)), *errors, calibration, *(f"{one:.1f}" for one in pace)]


def lengths_part(reads: Reads) -> str:
    """Exact numbers by how many digits they have."""
    rows = []
    for length in sorted({len(read.truth) for read in next(iter(reads.values()))}):
        of = [[read for read in one if len(read.truth) == length] for one in reads.values()]
        rows.append([f"{length}", f"{len(of[0])}", *[percent(sum(read.exact for read in one) / len(one)) for one in of]])
    return section("Strips: exact by length", ["digits", "strips", *reads], rows)


def mistakes_part(name: str, reads: Sequence[StripRead]) -> str:
    """One reader's mistakes on strips, by kind, and its commonest confusions."""
    kinds: Counter[str] = Counter()
    confusions: Counter[tuple[str, str]] = Counter()
    for read in reads:
        found, pairs = mistakes(read.truth, read.digits)
        kinds += found
        confusions += pairs
    nothing = sum(not read.digits for read in reads)
    words = {
        "confused": "a digit for another",
        "missed": "digit missed",
        "added": "digit added",
        "merged": "two read as one",
        "split": "one read as two",
    }
    text = section(f"Strips: mistakes of {name}", [*words.values()], [[f"{kinds[kind]}" for kind in words]])
    commonest = ", ".join(f"{true} as {digit} {times} times" for (true, digit), times in confusions.most_common(12))
    return f"{text}\nStrips without any reading: {nothing}. Commonest confusions: {commonest or 'none'}.\n"


def pages_part(title: str, pages: PageReads) -> str:
    """Pages with truth, a row a page and reader."""
    head = [
        "page",
        "reader",
        "found",
        "by chance",
        "misread",
        "extra",
        "sure",
        "of them misread",
        "of them extra",
        "seconds",
        "CPU s",
    ]
    return section(title, head, list(_by_page(pages, _page_cells)))


def _page_cells(read: PageRead, _: Sequence[PageRead]) -> list[str]:
    count = count_page(read)
    chance = "" if count.by_chance is None else f"{count.by_chance:.0f}"
    numbers = [count.misread, count.extra, count.sure, count.sure_misread, count.sure_extra]
    return [f"{count.found} of {count.true}", chance, *map(str, numbers), *_times(read)]


def printed_part(pages: PageReads) -> str:
    """Pages without handwriting: what is sure and not told to be print is false handwriting."""
    head = [
        "page",
        "reader",
        "numbers read",
        "sure",
        "sure handwriting",
        "sure, and read by another reader there too",
        "seconds",
        "CPU s",
    ]
    return section("Pages of print only: sure handwriting is false", head, list(_by_page(pages, _printed_cells)))


def _printed_cells(read: PageRead, others: Sequence[PageRead]) -> list[str]:
    sure = [one for one in read.readings if one.sure]
    handwriting = sum(not one.printed for one in sure)
    return [f"{len(read.readings)}", f"{len(sure)}", f"{handwriting}", f"{seconded(read, others)}", *_times(read)]


def _times(read: PageRead) -> list[str]:
    return [f"{read.time.seconds:.1f}", f"{read.time.cpu:.1f}"]


def _by_page(pages: PageReads, cells: Callable[[PageRead, Sequence[PageRead]], list[str]]) -> list[list[str]]:
    rows = []
    for reads in zip(*pages.values(), strict=True):
        for name, read in zip(pages, reads, strict=True):
            others = [other for other in reads if other is not read]
            rows.append([read.case.name, name, *cells(read, others)])
    return rows


def section(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]
    return "\n".join([f"## {title}", "", *lines, ""])


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"
