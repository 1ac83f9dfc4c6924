"""Data types of the way from a scan to detections. Coordinates are pixels of the original scan, origin top left, x right, y
down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from digit_core.errors import FailureReason

Grey = NDArray[np.uint8]
"""A grey image, shape (height, width): 0 is black, 255 is white; ink is dark."""

Crops = NDArray[np.uint8]
"""Digits as MNIST has them, shape (n, 28, 28): 0 is paper, 255 is ink."""

NOT_A_DIGIT = 10
"""Index of the class "not a digit" in a probability vector of 11; the first ten are the digits themselves."""


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle: left edge x, top edge y, width w, height h, in pixels; x + w is just outside."""

    x: int
    y: int
    w: int
    h: int

    def __post_init__(self) -> None:
        if self.w <= 0 or self.h <= 0:
            raise ValueError(f"a box needs a positive size, not {self.w}x{self.h}")

    @property
    def right(self) -> int:
        return self.x + self.w

    @property
    def bottom(self) -> int:
        return self.y + self.h

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + self.w / 2, self.y + self.h / 2

    @staticmethod
    def around(boxes: Iterable[Box]) -> Box:
        """Return the smallest box around them all. Raises ValueError for none."""
        sides = [(box.x, box.y, box.right, box.bottom) for box in boxes]
        if not sides:
            raise ValueError("no boxes to put a box around")
        left, top, right, bottom = zip(*sides, strict=True)
        x, y = min(left), min(top)
        return Box(x, y, max(right) - x, max(bottom) - y)


@dataclass(frozen=True, slots=True)
class SourceObject:
    """One object of the source's listing. `version` is the ETag, or size and time where there is none."""

    uri: str
    size: int
    version: str


@dataclass(frozen=True, slots=True)
class PageRef:
    """Reference to a page: identified by `sha256` (of the file's bytes, hexadecimal) and `index` (from 0) of `count` pages."""

    uri: str
    version: str
    sha256: str
    index: int = 0
    count: int = 1

    @property
    def page_id(self) -> str:
        return f"{self.sha256[:16]}-{self.index}"

    def digit_id(self, box: Box) -> str:
        """Return an id that is the same for the same pixels in every run, so that a decision finds its digit again."""
        return f"{self.page_id}-{box.x}-{box.y}-{box.w}-{box.h}"


@dataclass(frozen=True, slots=True)
class PageImage:
    """A decoded page: upright grey pixels (EXIF orientation applied) and the scan's resolution, 0.0 if unknown."""

    pixels: Grey
    dpi: float = 0.0

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class ScanWindow:
    """A part of a scan: its left and top edge there, and its pixels."""

    x: int
    y: int
    pixels: Grey


class CellState(StrEnum):
    """Content of a cell of a form."""

    NUMBER = "number"
    BLANK = "blank"
    DASH = "dash"
    DITTO = "ditto"
    STRUCK_OUT = "struck out"
    OVERWRITTEN = "overwritten"
    WORD = "word"  # such as "tr"; its value, if the form declares one, is that of the cell
    ILLEGIBLE = "illegible"  # there is ink, and it was not read as a number or a mark


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a form or of a ruled table, with its content; a zone has neither row nor column.

    shared: whether another cell's ink may have been read with its number.
    """

    zone: str
    row: str
    column: str
    state: CellState
    box: Box
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """The layout of a page, and how well its rulings agree with the page's, 0 to 1; no name: no layout fits.

    doubt: why the layout may lie a row or a column off on this page, so that no number on it may be accepted; "" if it does not.
    """

    name: str
    version: str
    agreement: float
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class RightPage:
    """The right page of a scan that shows two.

    gutter: x of the line between them on the scan. first: index of the right page's first number among those of the scan. form:
    its layout, as `Form` of a page.
    """

    gutter: int
    first: int
    form: Form | None = None


@dataclass(frozen=True, slots=True)
class NumberString:
    """Digits that form one number, left to right; `line` counts text lines from the top, from 0.

    certainty: probability that these are its digits, none missing and none too many. printed: probability that it was printed and
    not written by hand. text: the number as written, with its marks. seen: log odds that a number stands there at all, before any
    classifier; infinite where that is known. cell: its cell in a form; a cell without a number has no boxes, and an illegible one
    a box around its ink. marks: probability that the marks of the text are these, none missing and none too many. second: the
    second reader's reading, None where it was not asked. margin: log likelihood by which the second reader prefers the digits of
    the text to others, None likewise.
    """

    line: int
    boxes: tuple[Box, ...]
    certainty: float = 1.0
    printed: float = 0.0
    text: str = ""
    seen: float = float("inf")
    cell: Cell | None = None
    marks: float = 1.0
    second: str | None = None
    margin: float | None = None


@dataclass(frozen=True, slots=True)
class PageDigits:
    """Result of detection: numbers in reading order, and one crop per digit in the same order.

    `crops` has shape (sum of len(number.boxes), 28, 28); `skew`: rotation of the page in degrees, clockwise: its tilt, and 90,
    180 or 270 more where it lies sideways or upside down. `evidence`: class probabilities from detection, shape (as many, 11),
    rows sum to 1; None for nothing. `form`: the layout that was used; None if none. `right`: of a scan of two pages, whose
    numbers follow those of the left page; `form` is then the left page's.
    """

    numbers: tuple[NumberString, ...]
    crops: Crops
    skew: float = 0.0
    evidence: NDArray[np.float32] | None = None
    form: Form | None = None
    right: RightPage | None = None

    def __post_init__(self) -> None:
        expected = sum(len(number.boxes) for number in self.numbers)
        if self.crops.shape != (expected, 28, 28):
            raise ValueError(f"{expected} boxes need crops of shape ({expected}, 28, 28), not {self.crops.shape}")


@dataclass(frozen=True, slots=True)
class PageFound:
    """A page whose digits were found but not yet classified."""

    ref: PageRef
    width: int
    height: int
    dpi: float
    digits: PageDigits


@dataclass(frozen=True, slots=True)
class PageFailure:
    """A page that could not be read: a value, so that a batch can count it and quarantine it."""

    ref: PageRef
    reason: FailureReason
    message: str
