"""The ink of each digit of a number by itself; digits that touch are cut apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.components import Glyph, Labels
from digit_core.params import SegmentationParams
from digit_core.records import Box, Grey


@dataclass(frozen=True, slots=True)
class InkString:
    """Digits of one number from left to right: boxes and, for each, its ink as darkness with all else blanked."""

    boxes: tuple[Box, ...]
    inks: tuple[Grey, ...]


def cut_string(string: Sequence[Glyph], labels: Labels, darkness: Grey, params: SegmentationParams) -> InkString:
    """The ink of each digit; glyphs that are too wide for one digit are cut where they are thinnest."""
    boxes: list[Box] = []
    inks: list[Grey] = []
    usual = usual_width(string)
    for glyph in string:
        ink = glyph_ink(glyph, labels, darkness)
        for box, part in split_touching(glyph.box, ink, usual, params):
            boxes.append(box)
            inks.append(part)
    return InkString(tuple(boxes), tuple(inks))


def usual_width(string: Sequence[Glyph]) -> float:
    """Width of a digit in this string: the median of those that can only be one, else 0.62 of the height."""
    height = median(glyph.box.h for glyph in string)
    single = [glyph.box.w for glyph in string if 0.35 * height < glyph.box.w < 0.95 * height]
    return median(single) if len(single) >= 2 else 0.62 * height


def glyph_ink(glyph: Glyph, labels: Labels, darkness: Grey) -> Grey:
    """Darkness inside the glyph's box, 0 where the ink is another's."""
    box = glyph.box
    area = np.s_[box.y : box.bottom, box.x : box.right]
    own = labels[area] == glyph.labels[0] if len(glyph.labels) == 1 else np.isin(labels[area], glyph.labels)
    return darkness[area] * own


def split_touching(box: Box, ink: Grey, usual: float, params: SegmentationParams) -> list[tuple[Box, Grey]]:
    """One piece if it can be one digit, else as many as fit its width, cut through the least ink near even spacing."""
    if box.w < params.touching_aspect * box.h or box.w < 1.45 * usual:
        return [(box, ink)]
    parts = max(2, round(box.w / max(usual * 1.08, 1.0)))
    edges = [0, *_cuts(ink, parts), box.w]
    pieces = [_trim(box, ink, left, right) for left, right in pairwise(edges)]
    return [piece for piece in pieces if piece is not None and piece[0].h >= params.min_height]


def _cuts(ink: Grey, parts: int) -> list[int]:
    """Columns where the outline has a waist, near even spacing. Two round digits touch wall to wall: there is much ink in
    that column, but it spans few rows."""
    profile = 0.75 * _spanned_rows(ink) + 0.25 * np.mean(ink > 0, axis=0)
    step = len(profile) / parts
    places = np.arange(len(profile))
    cuts = []
    for k in range(1, parts):
        off = np.abs(places - k * step) / step
        cuts.append(int(np.argmin(profile + 0.8 * np.square(off) + 9.0 * (off > 0.4))))
    return sorted(cuts)


def _spanned_rows(ink: Grey) -> NDArray[np.float64]:
    """For each column, the share of the rows from its first ink to its last."""
    on = ink > 0
    first = np.argmax(on, axis=0)
    last = len(on) - 1 - np.argmax(on[::-1], axis=0)
    return np.where(on.any(axis=0), (last - first + 1) / len(on), 0.0)


def _trim(box: Box, ink: Grey, left: int, right: int) -> tuple[Box, Grey] | None:
    part = ink[:, left:right]
    x, y, w, h = cv2.boundingRect(part)
    if w == 0 or h == 0:
        return None
    return replace(box, x=box.x + left + x, y=box.y + y, w=w, h=h), part[y : y + h, x : x + w]
