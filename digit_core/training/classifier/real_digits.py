"""Digits of number sets in the classifier's frame, cut out as they are cut out of pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.random import Generator

from digit_core.imaging.digit_crop import SIDE, mnist_crop
from digit_core.inference.reader import Reader
from digit_core.params import SegmentationParams
from digit_core.recognition.pipeline import find_strip
from digit_core.records import Crops, PageImage
from digit_core.synthesis.stroke_figures import Pen, inked_strokes
from digit_core.training.mnist import Labelled
from digit_core.training.number_sets import LabelledNumber

_FIGURE = 40  # height of inked strokes in pixels, as in strips


def digits_of(rows: Iterable[LabelledNumber], reader: Reader, rng: Generator) -> Labelled:
    """Return the digits of the rows, images (n, 28, 28) and labels (n,).

    A picture gives its digits where the detector finds as many as are in its text; strokes, where they are of one digit, are
    inked by any pen.
    """
    found = [(crops, row.digits) for row in rows for crops in _crops(row, reader, rng)]
    labels = np.array([int(digit) for _, digits in found for digit in digits], np.int64)
    return np.concatenate([np.zeros((0, SIDE, SIDE), np.uint8), *(crops for crops, _ in found)]), labels


def _crops(row: LabelledNumber, reader: Reader, rng: Generator) -> Iterator[Crops]:
    """Yield the crops of all digits of a row; nothing where they cannot be told apart."""
    if row.strokes is None:
        crops = find_strip(PageImage(row.pixels()), SegmentationParams(), reader).crops
        if len(crops) == len(row.digits) > 0:
            yield crops
    elif len(row.text) == 1 and row.digits:
        ink = inked_strokes(row.strokes, _FIGURE, Pen.any(rng), rng)
        if ink is not None:
            yield mnist_crop(ink)[np.newaxis]
