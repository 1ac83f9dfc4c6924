"""A page's found digits as a few arrays.

A page of 1,200 digits is 1,200 small objects; sending those from process to process costs more than reading them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digit_core.records import Box, Cell, Crops, Form, NumberString, PageDigits, PageFound, PageRef


@dataclass(frozen=True, slots=True)
class Parcel:
    """`numbers` has a row (line, digits) for each number, `sureness` a row (certainty, printed, seen, marks); `boxes` a row
    (x, y, w, h) for each digit, in pixels; `texts`: the numbers as written; `cells`: where they stand in a form or a table.
    """

    ref: PageRef
    width: int
    height: int
    dpi: float
    skew: float
    numbers: NDArray[np.int32]
    boxes: NDArray[np.int32]
    sureness: NDArray[np.float64]
    texts: tuple[str, ...]
    cells: tuple[Cell | None, ...]
    crops: Crops
    evidence: NDArray[np.float32] | None
    form: Form | None


def pack(found: PageFound) -> Parcel:
    """The same page as arrays."""
    strings = found.digits.numbers
    numbers = [(string.line, len(string.boxes)) for string in strings]
    boxes = [(box.x, box.y, box.w, box.h) for string in strings for box in string.boxes]
    return Parcel(
        found.ref,
        found.width,
        found.height,
        found.dpi,
        found.digits.skew,
        np.array(numbers, np.int32).reshape(-1, 2),
        np.array(boxes, np.int32).reshape(-1, 4),
        np.array([(string.certainty, string.printed, string.seen, string.marks) for string in strings], np.float64).reshape(
            -1, 4
        ),
        tuple(string.text for string in strings),
        tuple(string.cell for string in strings),
        found.digits.crops,
        found.digits.evidence,
        found.digits.form,
    )


def unpack(parcel: Parcel) -> PageFound:
    """The page that was packed."""
    boxes = [Box(*row) for row in parcel.boxes.tolist()]
    strings, start = [], 0
    rows = zip(parcel.numbers.tolist(), parcel.sureness.tolist(), parcel.texts, parcel.cells, strict=True)
    for (line, count), (certainty, printed, seen, marks), text, cell in rows:
        strings.append(NumberString(line, tuple(boxes[start : start + count]), certainty, printed, text, seen, cell, marks))
        start += count
    digits = PageDigits(tuple(strings), parcel.crops, parcel.skew, parcel.evidence, parcel.form)
    return PageFound(parcel.ref, parcel.width, parcel.height, parcel.dpi, digits)
