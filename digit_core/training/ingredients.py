"""Material for strips: MNIST and the number sets, sorted by what can be made of their rows, and a stock for each shard.

- A picture or the strokes of one digit becomes a figure of its writer's glyphs; many numbers are written with it.
- The strokes of a longer number are inked as they were written, with any pen.
- The picture of a longer number is cut out and varied.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digit_core.imaging.prepare import PreparedPage
from digit_core.imaging.prepare_strip import prepare_strip
from digit_core.inference.reader import Reader
from digit_core.params import SegmentationParams
from digit_core.recognition.numbers import find_number
from digit_core.synthesis.glyph_bank import GlyphSet, make_glyph_bank, trimmed
from digit_core.synthesis.non_digits import Ink
from digit_core.synthesis.number_strips import Line, Stock
from digit_core.synthesis.papers import make_patterns
from digit_core.synthesis.real_strips import CutOut, cut_out
from digit_core.synthesis.stroke_figures import Pen, inked_strokes
from digit_core.training.mnist import Labelled
from digit_core.training.number_sets import TRAIN, LabelledNumber, NumberSet, Strokes

_OF_A_TEXT = 60
"""Greatest number of cut-outs of one text, so that a set with one price over and over does not teach that price."""

_SHARES = {"mnist": 0.30, "pens": 0.13, "strokes": 0.36, "pictures": 0.21}
_LINES = 0.05
_FIGURE = 40
_SAMPLES = 5
_WRITERS = 40
_PATTERNS = 40


@dataclass(frozen=True, slots=True, eq=False)
class DigitWriter:
    """One writer: for each digit the rows written by them."""

    rows: tuple[tuple[LabelledNumber, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Ingredients:
    """Material: MNIST's digits; writers whose single digits are known by strokes or by pictures; numbers by strokes; cut-outs."""

    mnist: Labelled
    stroke_writers: tuple[DigitWriter, ...]
    picture_writers: tuple[DigitWriter, ...]
    lines: tuple[tuple[Strokes, str], ...]
    cut_outs: tuple[CutOut, ...]


def sorted_out(sets: Sequence[NumberSet], mnist: Labelled, cut_outs: Sequence[CutOut]) -> Ingredients:
    """Sort the training rows by what is made of them."""
    rows, of_digits = [(one.name, row) for one in sets for row in one.of(TRAIN)], _of_digits(sets)
    single = [(name, row) for name, row in rows if row.text in set("0123456789")]
    return Ingredients(
        mnist,
        _writers((name, row) for name, row in single if row.strokes is not None),
        _writers((name, row) for name, row in single if row.strokes is None and name in of_digits),
        tuple((row.strokes, row.text) for _, row in rows if row.strokes is not None and len(row.text) > 1),
        tuple(cut_outs),
    )


def numbers_to_cut(sets: Sequence[NumberSet], rng: Generator) -> list[LabelledNumber]:
    """Choose the rows whose pictures become cut-outs: from each set that is not one of single digits, at most 60 per text."""
    of_digits = _of_digits(sets)
    rows = [row for one in sets if one.name not in of_digits for row in one.of(TRAIN) if row.picture is not None]
    seen: Counter[str] = Counter()
    chosen = []
    for index in rng.permutation(len(rows)):
        row = rows[index]
        seen[row.text] += 1
        if seen[row.text] <= _OF_A_TEXT:
            chosen.append(row)
    return chosen


def _of_digits(sets: Sequence[NumberSet]) -> set[str]:
    """Return the names of the sets of (nearly only) single digits."""
    shares = {one.name: np.mean([len(row.text) == 1 for row in one.of(TRAIN)] or [False]) for one in sets}
    return {name for name, share in shares.items() if share > 0.95}


def _writers(rows: Iterable[tuple[str, LabelledNumber]]) -> tuple[DigitWriter, ...]:
    """Return those who wrote at least half of the ten digits."""
    by_writer: dict[tuple[str, str], list[list[LabelledNumber]]] = defaultdict(lambda: [[] for _ in range(10)])
    for name, row in rows:
        by_writer[name, row.writer][int(row.text)].append(row)
    return tuple(DigitWriter(tuple(map(tuple, digits))) for digits in by_writer.values() if sum(map(bool, digits)) >= 5)


def make_stock(ingredients: Ingredients, rng: Generator, digits: int, pens: int) -> Stock:
    """Make a stock of redrawn figures of all kinds of handwriting, whole numbers by other pens, and papers."""
    hands = make_glyph_bank(*ingredients.mnist, rng, digits=digits, pens=pens)
    groups = {"mnist": (hands.mixed,), "pens": hands.pens}
    for name, writers in (("strokes", ingredients.stroke_writers), ("pictures", ingredients.picture_writers)):
        chosen = [writers[i] for i in rng.permutation(len(writers))[:_WRITERS]]
        groups[name] = tuple(_hand(writer, hands.mixed, rng) for writer in chosen)
    shares = tuple((_SHARES[name], group) for name, group in groups.items() if group)
    lines = tuple(_lines(ingredients, rng))
    return Stock(shares, make_patterns(rng, _PATTERNS), lines, _LINES if lines else 0.0)


def _hand(writer: DigitWriter, other: GlyphSet, rng: Generator) -> GlyphSet:
    """Make some figures of each digit with one pen; digits that the writer lacks are another's."""
    pen = Pen.any(rng)
    hand = []
    for digit, rows in enumerate(writer.rows):
        chosen = [rows[i] for i in rng.permutation(len(rows))[:_SAMPLES]]
        figures = [figure for row in chosen if (figure := _figure(row, pen, rng)) is not None]
        hand.append(tuple(figures) or other[digit])
    return tuple(hand)


def _figure(row: LabelledNumber, pen: Pen, rng: Generator) -> Ink | None:
    if row.strokes is not None:
        return inked_strokes(row.strokes, _FIGURE, pen, rng)
    return figure_of_picture(row)


def figure_of_picture(row: LabelledNumber) -> Ink | None:
    """Return the ink of a picture of one digit, cut tight, about 40 pixels high; None where there is none."""
    page = prepare_strip(row.pixels(), SegmentationParams())
    mask = _main_ink(page)
    if not mask.any():
        return None
    level = float(np.percentile(page.darkness[mask > 0], 75))
    paper = float(np.median(page.darkness))
    ink = np.clip((page.darkness.astype(np.float32) - paper) * (255 / max(level - paper, 20.0)), 0, 255).astype(np.uint8)
    ink[cv2.dilate(mask, np.ones((5, 5), np.uint8)) == 0] = 0
    figure = trimmed(ink)
    if figure is None or min(figure.shape) < 2:
        return None
    size = max(2, round(figure.shape[1] * _FIGURE / figure.shape[0])), _FIGURE
    return None if size[0] > 4 * _FIGURE else np.asarray(cv2.resize(figure, size, interpolation=cv2.INTER_AREA), np.uint8)


def _main_ink(page: PreparedPage) -> NDArray[np.uint8]:
    """Return the ink without specks: pieces of less than a fifteenth of the largest."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(page.ink, connectivity=8)
    if count < 2:
        return np.zeros_like(page.ink)
    area = stats[:, cv2.CC_STAT_AREA].copy()
    area[0] = 0
    return np.where(np.isin(labels, np.flatnonzero(area * 15 >= area.max())), 255, 0).astype(np.uint8)


def _lines(ingredients: Ingredients, rng: Generator, count: int = 160) -> Iterable[Line]:
    for index in rng.permutation(len(ingredients.lines))[:count]:
        strokes, text = ingredients.lines[index]
        ink = inked_strokes(strokes, _FIGURE, Pen.any(rng), rng)
        if ink is not None and min(ink.shape) > 2 and len(text) <= 14:
            yield Line(ink, text)


def cut_from(row: LabelledNumber, reader: Reader) -> CutOut | None:
    """Cut a number out where it is found, or where most ink is if not all its digits are found; None for an empty picture."""
    page = prepare_strip(row.pixels(), SegmentationParams())
    found = find_number(page, reader)
    if found and len(found[1].boxes) == len(row.digits):
        page, boxes = found[0], found[1].boxes.astype(np.float64)
        left, top, right, bottom = boxes[:, 0].min(), boxes[:, 1].min(), boxes[:, 2].max(), boxes[:, 3].max()
        figure = float(np.median(boxes[:, 3] - boxes[:, 1]))
    else:
        extent = _ink_extent(page)
        if extent is None:
            return None
        left, top, right, bottom, figure = extent
    before, behind = (0.5 * figure * (not digit) for digit in (row.text[0].isdigit(), row.text[-1].isdigit()))
    return cut_out(page.darkness, (left - before, top, right + behind, bottom), max(figure, 4.0), row.text)


def _ink_extent(page: PreparedPage) -> tuple[float, float, float, float, float] | None:
    """Return the sides and the height of the ink on the line of the largest piece, without pieces at the picture's edge."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(page.ink, connectivity=8)
    height, width = page.ink.shape
    boxes = stats[1:].astype(np.float64)
    right, bottom = boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]
    inside = (boxes[:, 0] > 1) & (boxes[:, 1] > 1) & (right < width - 1) & (bottom < height - 1)
    inside &= (boxes[:, 4] > 8) & (boxes[:, 3] > 0.08 * height)
    if not inside.any():
        return None
    boxes, right, bottom = boxes[inside], right[inside], bottom[inside]
    largest = int(np.argmax(boxes[:, 4]))
    middle = boxes[:, 1] + boxes[:, 3] / 2
    beside = (middle > boxes[largest, 1] - 0.3 * boxes[largest, 3]) & (middle < bottom[largest] + 0.3 * boxes[largest, 3])
    figure = float(np.percentile(boxes[beside, 3], 75))
    return (
        float(boxes[beside, 0].min()),
        float(boxes[beside, 1].min()),
        float(right[beside].max()),
        float(bottom[beside].max()),
        figure,
    )


def keep_cut_outs(path: Path, cut_outs: Sequence[CutOut]) -> None:
    """Write cut-outs as one file, which appears completely or not at all."""
    part = path.with_suffix(".part.npz")
    np.savez(
        part,
        pixels=np.concatenate([one.darkness.ravel() for one in cut_outs] or [np.zeros(0, np.uint8)]),
        shapes=np.array([one.darkness.shape for one in cut_outs], np.int32).reshape(-1, 2),
        boxes=np.array([one.box for one in cut_outs], np.float32).reshape(-1, 4),
        figures=np.array([one.figure for one in cut_outs], np.float32),
        texts=np.array([one.text for one in cut_outs], np.str_),
    )
    part.replace(path)


def kept_cut_outs(path: Path) -> tuple[CutOut, ...]:
    """Load what `keep_cut_outs` wrote."""
    with np.load(path, allow_pickle=False) as kept:
        pixels, shapes, boxes, figures, texts = (kept[name] for name in ("pixels", "shapes", "boxes", "figures", "texts"))
    ends = np.cumsum(shapes[:, 0] * shapes[:, 1])
    parts = np.split(pixels, ends[:-1]) if len(ends) else []
    return tuple(
        CutOut(part.reshape(shape), tuple(map(float, box)), float(figure), str(text))  # type: ignore[arg-type]
        for part, shape, box, figure, text in zip(parts, shapes, boxes, figures, texts, strict=True)
    )
