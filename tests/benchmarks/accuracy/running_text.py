"""Ledgers with running text, transcribed line by line (ALTO): are the numbers found, and are words taken for numbers?

A line that holds nothing but a number must be found, as a multiset of digit strings on each page. What else is read may be a
number within a line of words, or none at all; a sure reading that is neither is wrong.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digit_core.evaluation.transcriptions import TranscribedLine, read_transcription
from digit_core.imaging.decode import decode_page
from digit_core.params import DecodeLimits
from tests.benchmarks.accuracy.pages import pictures_in
from tests.benchmarks.accuracy.readers import NumberRead


@dataclass(frozen=True, slots=True, eq=False)
class LedgerCase:
    """A page to read, uint8 grey; the numbers that stand alone on a line, and all that stand on it, as strings of digits."""

    name: str
    pixels: NDArray[np.uint8]
    alone: Counter[str]
    all: Counter[str]


@dataclass(frozen=True, slots=True)
class LedgerScore:
    """Of a page or of several: numbers that stand alone, how many of them are found, readings, sure ones, and how many of these
    are of numbers alone, and of any number on the page.
    """

    numbers: int = 0
    found: int = 0
    readings: int = 0
    sure: int = 0
    sure_alone: int = 0
    sure_known: int = 0

    def __add__(self, other: LedgerScore) -> LedgerScore:
        pairs = ((getattr(self, name), getattr(other, name)) for name in self.__slots__)
        return LedgerScore(*(a + b for a, b in pairs))


def ledger_cases(folder: Path) -> list[LedgerCase]:
    """The scans of a folder with an ALTO file of their name beside them; none if there is no such folder."""
    pairs = [(file, file.with_suffix(".xml")) for file in pictures_in(folder)] if folder.is_dir() else []
    return [_case(scan, alto) for scan, alto in pairs if alto.is_file()]


def _case(scan: Path, alto: Path) -> LedgerCase:
    lines = read_transcription(alto)
    alone = Counter(line.digits for line in lines if line.is_number)
    return LedgerCase(scan.stem, decode_page(scan.read_bytes(), 0, DecodeLimits()).pixels, alone, alone + _within(lines))


def _within(lines: Iterable[TranscribedLine]) -> Counter[str]:
    return Counter(run for line in lines if not line.is_number for run in re.findall(r"\d+", line.text))


def score(case: LedgerCase, readings: Sequence[NumberRead]) -> LedgerScore:
    """What a reader's readings of a page are worth."""
    read, sure = (Counter(one.digits for one in readings if one.sure or not only) for only in (False, True))
    known = (sure & case.all).total()
    return LedgerScore(
        case.alone.total(), (case.alone & read).total(), read.total(), sure.total(), (sure & case.alone).total(), known
    )


def ledgers_part(scores: Mapping[str, LedgerScore]) -> str:
    """The table of the report, a row for each reader."""
    lines = [
        "## Ledgers with running text",
        "",
        "| reader | numbers alone on a line | found | readings | sure | sure, alone on a line | sure, nowhere on the page |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, one in scores.items():
        share = f"{one.found} ({one.found / max(1, one.numbers):.1%})"
        wrong = f"{one.sure - one.sure_known} ({(one.sure - one.sure_known) / max(1, one.sure):.1%})"
        lines.append(f"| {name} | {one.numbers} | {share} | {one.readings} | {one.sure} | {one.sure_alone} | {wrong} |")
    return "\n".join([*lines, ""])
