"""Review items of a page: its digits that were not accepted or are to be audited, each with its pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from digit_core.imaging.rotation import quarters_of
from digit_core.readings import DigitReading, PageRead, Reading, ReviewItem
from digit_core.recognition.page_table import KeptPage
from digit_core.records import Box, ScanWindow
from digit_core.review.snippets import Cutting, cut_from


def questions(page: PageRead, kept: KeptPage, collection: str, model_version: str) -> list[ReviewItem]:
    """Return the review items of a page, in reading order; `kept` holds its detections, with the classifier's crops."""
    windows = {
        box: window for number, window in zip(kept.found.digits.numbers, kept.windows, strict=True) for box in number.boxes
    }
    boxes = (box for number in kept.found.digits.numbers for box in number.boxes)
    crops = {box: crop.tobytes() for box, crop in zip(boxes, kept.found.digits.crops, strict=True)}
    return [
        _item(page, reading, place, cutting, crops, collection, model_version)
        for reading in page.readings
        for place, cutting in _pictures(reading, windows, quarters_of(page.skew))
    ]


def _pictures(reading: Reading, windows: Mapping[Box, ScanWindow], quarters: int) -> Iterator[tuple[int, Cutting]]:
    """Yield the index in its number of each digit in review, and its pictures."""
    asked = [(place, part) for place, part in enumerate(reading.parts) if part.reason]
    if asked:
        cuttings = cut_from(windows[asked[0][1].box], [(part.box, reading.box) for _, part in asked], quarters)
        yield from zip((place for place, _ in asked), cuttings, strict=True)


def _item(
    page: PageRead, reading: Reading, place: int, cutting: Cutting, crops: Mapping[Box, bytes], collection: str, version: str
) -> ReviewItem:
    part: DigitReading = reading.parts[place]
    return ReviewItem(
        item_id=page.ref.digit_id(part.box),
        uri=page.ref.uri,
        sha256=page.ref.sha256,
        page_index=page.ref.index,
        number_id=page.ref.digit_id(reading.box),
        box=part.box,
        top=part.top,
        reason=part.reason,
        collection=collection,
        model_version=version,
        crop_png=cutting.crop,
        context_png=cutting.strip,
        parts=tuple(one.digit for one in reading.parts),
        place=place,
        number_box=reading.box,
        mark=cutting.mark,
        ink=crops[part.box],
        second=reading.second,
    )
