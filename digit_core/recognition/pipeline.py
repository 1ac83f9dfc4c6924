"""The way from a page's bytes to its readings: decode, detect, classify, judge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.decode import decode_page
from digit_core.imaging.line_detection import LineMaps, line_maps
from digit_core.imaging.page_view import PageView, PageViews, on_scan, ways_to_see
from digit_core.imaging.prepare import PreparedPage, prepare
from digit_core.imaging.prepare_strip import prepare_strip
from digit_core.imaging.rotation import prepare_lying
from digit_core.inference.classifier import Recogniser
from digit_core.inference.reader import Reader
from digit_core.layouts.orientation import clearly_better, lying_by_rulings
from digit_core.layouts.placement import Fit
from digit_core.layouts.registration import best_fit, nearest_fit
from digit_core.layouts.tables.content import NumberSeen
from digit_core.layouts.tables.detection import ruled_tables
from digit_core.layouts.template import Layout
from digit_core.params import DecodeLimits, ReviewPolicy, SegmentationParams
from digit_core.readings import PageRead
from digit_core.recognition.acceptance import fused, judge
from digit_core.recognition.assembly import in_tables, inked, inked_cell, page_digits, reading_order
from digit_core.recognition.cell_words import with_words
from digit_core.recognition.cells import FoundCell, find_cells
from digit_core.recognition.ditto import ditto_doubted
from digit_core.recognition.numbers import find_numbers, with_second, written_on
from digit_core.recognition.orientation import evidence_of, lying
from digit_core.recognition.print_detection import told_by_page
from digit_core.recognition.transcription.fusion import FoundNumber
from digit_core.recognition.transcription.loose_points import doubted
from digit_core.recognition.transcription.second_opinion import BESIDE_IN_STRIP, Second
from digit_core.recognition.transcription.views import find_in_views
from digit_core.records import Form, PageDigits, PageFound, PageImage, PageRef
from digit_core.spread import joined


def find_digits(
    image: PageImage,
    params: SegmentationParams,
    reader: Reader,
    layouts: Sequence[Layout] = (),
    second: Second | None = None,
) -> PageDigits:
    """Find the digits of a scan; the only entry point of detection. second: the second reader, for unsure numbers.

    With layouts: the cells of the layout that fits best. Where none fits, and without any: all numbers of the page; in a ruled
    table with row and column. A page that lies sideways or upside down is read upright, a photographed one straight, and each
    page of a spread by itself; boxes are those of the scan as it is.
    """
    pages = _pages_on(image, params, layouts)
    found = [on_scan(_find_on_page(page.image, params, reader, layouts, second), page, image) for page in pages]
    return found[0] if len(found) == 1 else joined(found[0], found[1], _gutter(pages[1]))


def _pages_on(image: PageImage, params: SegmentationParams, layouts: Sequence[Layout]) -> PageViews:
    """Return the pages on a scan; of several ways to see them the first in which a layout fits one, else the likeliest."""
    likeliest, ways = ways_to_see(image, params.spread)
    if not layouts or len(ways) == 1:
        return likeliest
    return next((pages for pages in ways if any(_fits(page.image, params, layouts) for page in pages)), likeliest)


def _fits(image: PageImage, params: SegmentationParams, layouts: Sequence[Layout]) -> bool:
    return best_fit(layouts, line_maps(prepare(image.pixels, params).darkness)) is not None


def _gutter(right: PageView) -> int:
    """Return x of the left edge of a right page, half way down it, on the scan."""
    return round(float(right.to_scan(np.array([(0.0, right.image.height / 2)]))[0, 0]))


def _find_on_page(
    image: PageImage, params: SegmentationParams, reader: Reader, layouts: Sequence[Layout], second: Second | None
) -> PageDigits:
    read = _read(image, 0, params, reader, layouts)
    quarters = lying(read.page, read.numbers, reader, params)
    if not quarters and _may_be_told_by_rulings(read):
        quarters = lying_by_rulings(layouts, read.maps, read.fit)
    if quarters:
        turned = _read(image, quarters, params, reader, layouts)
        read = turned if _is_better(turned, read) else read
    read = _asked(read, second)
    if read.fit:
        read = replace(read, cells=with_words(read.page, read.cells, read.fit.layout, second))
    return told_by_page(_in_form(read, read.fit, image) if read.fit else _without_form(read, image, layouts))


def how_it_lies(image: PageImage, params: SegmentationParams, reader: Reader) -> int:
    """Return the quarter turns (digit_core.imaging.rotation) of a page on its scan, determined by its numbers."""
    read = _read(image, 0, params, reader, ())
    return lying(read.page, read.numbers, reader, params)


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A page turned upright in one direction, its numbers, and its form with cells, if any.

    doubt: why a form that was found on it is not used.
    """

    page: PreparedPage
    maps: LineMaps
    numbers: list[FoundNumber]
    fit: Fit | None = None
    cells: Sequence[FoundCell] = ()
    doubt: str = ""


def _read(image: PageImage, quarters: int, params: SegmentationParams, reader: Reader, layouts: Sequence[Layout]) -> _Read:
    page = prepare_lying(image.pixels, params, quarters)
    maps = line_maps(page.darkness)
    fit = nearest_fit(layouts, maps)
    if fit is None or not fit.sure:
        return _Read(page, maps, find_numbers(page, maps, reader, params), doubt=fit.fault if fit else "")
    cells = find_cells(page, maps, fit, reader)
    return _Read(page, maps, [cell.number for cell in cells if cell.number is not None], fit, cells)


def _asked(read: _Read, second: Second | None) -> _Read:
    """Add the second reader's readings; it is asked when the orientation of the page is known."""
    numbers = ditto_doubted(with_second(read.page, read.numbers, second, free=read.fit is None))
    anew = iter(numbers)
    cells = [replace(cell, number=next(anew)) if cell.number is not None else cell for cell in read.cells]
    return replace(read, numbers=numbers, cells=cells)


def _may_be_told_by_rulings(read: _Read) -> bool:
    """Whether the numbers do not determine the orientation: there are few, or none that is clear."""
    evidence = evidence_of(read.numbers)
    return evidence.maybe_sideways if read.fit else not evidence.sure


def _is_better(turned: _Read, read: _Read) -> bool:
    """Whether the turned page is better: a form that fits clearly better decides; else all its numbers do."""
    if clearly_better(turned.fit, read.fit) or clearly_better(read.fit, turned.fit):
        return clearly_better(turned.fit, read.fit)
    return evidence_of(turned.numbers).clear > evidence_of(read.numbers).all


def _without_form(read: _Read, image: PageImage, layouts: Sequence[Layout]) -> PageDigits:
    numbers = list(reading_order([inked(read.page, doubted(read.page, one)) for one in read.numbers]))
    if layouts:
        return page_digits(read.page, image, numbers, Form("", "", 0.0, read.doubt))
    return page_digits(read.page, image, in_tables(numbers, ruled_tables(read.maps)))


def _in_form(read: _Read, fit: Fit, image: PageImage) -> PageDigits:
    """Return the cells of the form as numbers. A line of numbers is a row of a grid, or a zone."""
    lines: dict[tuple[str, str], int] = {}
    placed = [
        (lines.setdefault((cell.place.zone, cell.place.row), len(lines)), inked_cell(read.page, cell)) for cell in read.cells
    ]
    return page_digits(read.page, image, placed, Form(fit.layout.name, fit.layout.version, fit.agreement))


def find_strip(image: PageImage, params: SegmentationParams, reader: Reader, second: Second | None = None) -> PageDigits:
    """Find the digits of an image of one number and nothing else."""
    page = prepare_strip(image.pixels, params)
    found = find_in_views(page, reader)
    if found is None:
        return page_digits(page, image, [])
    view, number = found
    [decided] = with_second(view, [number], second, least_seen=-math.inf, beside=BESIDE_IN_STRIP)
    decided = doubted(view, decided)
    if not number.alone:  # the strip has another number that may be meant
        decided = replace(decided, certainty=0.5 * decided.certainty)
    return page_digits(view, image, list(reading_order([inked(view, replace(decided, seen=math.inf))])))


@dataclass(frozen=True, slots=True, eq=False)
class PageReader:
    """Networks, parameters and layouts that pages are read with. Build one in each process: loading the networks takes 0.1 s.

    The only place that puts decoding, detection, classification and judgement together. Boxes are in pixels of the scan, origin
    top left. `reader` is detector and strip reader; `layouts` are tried in their order, and without any all numbers are read.
    `second` is asked about numbers that the others are unsure of.
    """

    reader: Reader
    classifier: Recogniser
    limits: DecodeLimits = field(default_factory=DecodeLimits)
    segmentation: SegmentationParams = field(default_factory=SegmentationParams)
    policy: ReviewPolicy = field(default_factory=ReviewPolicy)
    layouts: tuple[Layout, ...] = ()
    second: Second | None = None

    def read(self, image: PageImage, ref: PageRef) -> PageRead:
        """Read a decoded page."""
        return self.classify(self.detect(image, ref))

    def read_strip(self, image: PageImage, ref: PageRef) -> PageRead:
        """Read an image of one number and nothing else."""
        return self.classify(self.detect_strip(image, ref))

    def decode(self, data: bytes, index: int) -> PageImage:
        """Decode the page `index`, from 0, of a file with these bytes. Raises PageError for what cannot be read."""
        return decode_page(data, index, self.limits)

    def detect(self, image: PageImage, ref: PageRef) -> PageFound:
        """Find the numbers of a page and the crops of their digits."""
        return _found(image, ref, find_digits(image, self.segmentation, self.reader, self.layouts, self.second))

    def detect_strip(self, image: PageImage, ref: PageRef) -> PageFound:
        """Find the digits of the one number of a strip."""
        return _found(image, ref, find_strip(image, self.segmentation, self.reader, self.second))

    def classify(self, found: PageFound) -> PageRead:
        """Classify the digits that were found, and judge which numbers are accepted and which go to review."""
        return judge(found, self.classifier(found.digits.crops), self.policy, self.layouts)

    def probabilities(self, found: PageFound) -> NDArray[np.float32]:
        """Compute class probabilities of each digit found, by all networks together: shape (n, 11), rows sum to 1."""
        return fused(self.classifier(found.digits.crops), found.digits.evidence)

    def quarters(self, image: PageImage) -> int:
        """Return the quarter turns (digit_core.imaging.rotation) of the page on its scan."""
        return how_it_lies(image, self.segmentation, self.reader)

    def written(self, page: PreparedPage, maps: LineMaps) -> tuple[NumberSeen, ...]:
        """Return the clear numbers of a prepared page, for the proposal of a layout."""
        return written_on(page, maps, self.reader)


def _found(image: PageImage, ref: PageRef, digits: PageDigits) -> PageFound:
    return PageFound(ref, image.width, image.height, image.dpi, digits)
