"""The whole story of a page: prepare it, find its digits, classify them, and judge what may be published."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from digit_core.find_cells import find_cells
from digit_core.judgement import judge
from digit_core.layout import Layout
from digit_core.lines import LineMaps, line_maps
from digit_core.numbers import find_number, find_numbers
from digit_core.params import ReviewPolicy, SegmentationParams
from digit_core.placing import in_tables, inked, inked_cell, page_digits, reading_order
from digit_core.preprocess import PreparedPage, prepare, prepare_strip
from digit_core.printing import told_by_page
from digit_core.reader import Reader
from digit_core.readings import PageRead
from digit_core.recogniser import Recogniser
from digit_core.records import Form, PageDigits, PageFound, PageImage, PageRef
from digit_core.registration import Fit, best_fit
from digit_core.ruled import ruled_tables


def find_digits(image: PageImage, params: SegmentationParams, reader: Reader, layouts: Sequence[Layout] = ()) -> PageDigits:
    """Finds the digits of a page; the one function behind which detection lives.

    With layouts: what the cells of the one hold that fits best. Where none fits, and without any: all numbers of the page; in a
    ruled table they know their row and column.
    """
    page = prepare(image.pixels, params)
    maps = line_maps(page.darkness)
    fit = best_fit(layouts, maps)
    if fit is not None:
        return _in_form(page, maps, fit, reader, image)
    numbers = list(reading_order([inked(page, one) for one in find_numbers(page, maps, reader, params)]))
    if layouts:
        return told_by_page(page_digits(page, image, numbers, Form("", "", 0.0)))
    return told_by_page(page_digits(page, image, in_tables(numbers, ruled_tables(maps))))


def _in_form(page: PreparedPage, maps: LineMaps, fit: Fit, reader: Reader, image: PageImage) -> PageDigits:
    """A line of numbers is a row of a grid, or a zone."""
    lines: dict[tuple[str, str], int] = {}
    cells = find_cells(page, maps, fit, reader)
    placed = [(lines.setdefault((cell.place.zone, cell.place.row), len(lines)), inked_cell(page, cell)) for cell in cells]
    return told_by_page(page_digits(page, image, placed, Form(fit.layout.name, fit.layout.version, fit.agreement)))


def find_strip(image: PageImage, params: SegmentationParams, reader: Reader) -> PageDigits:
    """Finds the digits of an image that holds one number and nothing else."""
    page = prepare_strip(image.pixels, params)
    numbers = [inked(page, replace(one, seen=math.inf)) for one in find_number(page, reader)]
    return page_digits(page, image, list(reading_order(numbers)))


def read_page(
    image: PageImage,
    ref: PageRef,
    reader: Reader,
    recogniser: Recogniser,
    params: SegmentationParams,
    policy: ReviewPolicy,
    layouts: Sequence[Layout] = (),
) -> PageRead:
    """One page from pixels to readings."""
    found = PageFound(ref, image.width, image.height, image.dpi, find_digits(image, params, reader, layouts))
    return judge(found, recogniser(found.digits.crops), policy, layouts)
