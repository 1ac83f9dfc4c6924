"""Review items of a page: its digits that were not accepted or are to be audited, each with its pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from digit_core.imaging.rotation import quarters_of
from digit_core.readings import PageRead, Reading, ReviewItem
from digit_core.recognition.page_table import KeptPage
from digit_core.records import Box, PageRef, ScanWindow
from digit_core.review.snippets import Cutting, cut_from


@dataclass(frozen=True, slots=True, eq=False)
class _Page:
    """What the items of a page share: by box, the window of the scan around a digit and the classifier's crop of it."""

    ref: PageRef
    collection: str
    model_version: str
    windows: Mapping[Box, ScanWindow]
    crops: Mapping[Box, bytes]
    quarters: int


def questions(page: PageRead, kept: KeptPage, collection: str, model_version: str) -> list[ReviewItem]:
    """Return the review items of a page, in reading order; `kept` holds its detections, with the classifier's crops."""
    windows = {
        box: window for number, window in zip(kept.found.digits.numbers, kept.windows, strict=True) for box in number.boxes
    }
    boxes = (box for number in kept.found.digits.numbers for box in number.boxes)
    crops = {box: crop.tobytes() for box, crop in zip(boxes, kept.found.digits.crops, strict=True)}
    shared = _Page(page.ref, collection, model_version, windows, crops, quarters_of(page.skew))
    return [item for position, reading in enumerate(page.readings) for item in _asked(shared, position, reading)]


def _asked(page: _Page, position: int, reading: Reading) -> Iterator[ReviewItem]:
    """Yield the digits of a number that are in review, with their pictures."""
    if not any(part.reason for part in reading.parts):
        return
    places = [(part.box, reading.box) for part in reading.parts]
    cuttings = cut_from(page.windows[places[0][0]], places, page.quarters)
    for place, part in enumerate(reading.parts):
        if part.reason:
            yield _item(page, position, reading, place, cuttings)


def _item(page: _Page, position: int, reading: Reading, place: int, cuttings: Sequence[Cutting]) -> ReviewItem:
    part, cell = reading.parts[place], reading.cell
    return ReviewItem(
        item_id=page.ref.digit_id(part.box),
        uri=page.ref.uri,
        sha256=page.ref.sha256,
        page_index=page.ref.index,
        number_id=page.ref.digit_id(reading.box),
        box=part.box,
        top=part.top,
        reason=part.reason,
        collection=page.collection,
        model_version=page.model_version,
        crop_png=cuttings[place].crop,
        context_png=cuttings[place].strip,
        parts=tuple(one.digit for one in reading.parts),
        place=place,
        number_box=reading.box,
        mark=cuttings[place].mark,
        ink=page.crops[part.box],
        second=reading.second,
        text=reading.text,
        cell=(cell.zone, cell.row, cell.column) if cell else ("", "", ""),
        marks=tuple(cutting.mark for cutting in cuttings if cutting.mark),
        position=position,
    )
