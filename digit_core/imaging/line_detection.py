"""Detection of rulings, whatever their darkness, as masks and as line segments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.prepare import Mask
from digit_core.records import Grey

SIDE = 1200
"""Pixels of the longer side of the maps."""

_RUN = 0.027
"""Least length of a ruling as a share of the longer side: the sides of a box for one number have it."""

_DOTS, _THICK = 5, 6
"""Map pixels: greatest distance of dots that form a line; greatest thickness of a ruling."""

_SPACED, _FLAT = 17, 4
"""Map pixels: greatest distance of the dots and dashes of a wide-spaced ruling, and their thickness; writing is higher."""

_TWO_DOTS = 6
"""Map pixels: greatest height of two dots where a level and an upright ruling meet."""

_CHARACTER = 0.025
"""Size of a character at most, as a share of the longer side; a box for one number is larger."""

_LINE = 0.9
"""Share of its side that one row, and one column, of a crossing of two dashes covers."""

_LONGER = 3
"""Factor by which a wide-spaced ruling must be longer than a solid one to be told from a row of specks."""

_FAINTEST = 14
"""Least darkness, out of 255, of a ruling against the paper on either side."""

_BLOB = 14
"""Map pixels: thickness from which runs are a stamp, a stain or dense print, which would tie rulings together."""

_BRIDGED, _SHORTEST = 0.02, 0.035
"""Shares of the longer side: gaps that are closed in a segment (writing and folds interrupt rulings), and its least length."""

Segments = NDArray[np.float64]
"""Shape (n, 4): x1, y1, x2, y2 of n segments; from left to right, or from top to bottom."""

_Line = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Lines:
    """Printed rulings of a page or a layout: segments (x1, y1, x2, y2)."""

    __pydantic_config__: ClassVar[Mapping[str, object]] = {
        "extra": "forbid",
        "coerce_numbers_to_str": True,
        "allow_inf_nan": False,
    }  # strict, like the other parts of a layout

    horizontal: tuple[tuple[float, float, float, float], ...] = ()
    vertical: tuple[tuple[float, float, float, float], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class LineMaps:
    """Masks of a page's rulings, and its darkness, all at `scale` map pixels per page pixel.

    across, down: 255 where a horizontal or a vertical ruling passes.
    """

    across: Mask
    down: Mask
    darkness: Grey
    scale: float

    @property
    def side(self) -> int:
        """Return the pixels of the longer side."""
        return int(max(self.across.shape))


def line_maps(darkness: Grey) -> LineMaps:
    """Detect the rulings of a level page: 0 paper, 255 black."""
    scale = min(1.0, SIDE / max(darkness.shape))
    height, width = (max(1, round(length * scale)) for length in darkness.shape)
    small = np.asarray(cv2.resize(darkness, (width, height), interpolation=cv2.INTER_AREA), np.uint8) if scale < 1 else darkness
    turned = _runs(np.ascontiguousarray(small.T), _close)
    return LineMaps(_runs(small, _close), np.ascontiguousarray(turned.T), small, scale)


def with_broken_rulings(maps: LineMaps) -> LineMaps:
    """Detect the rulings again, also those of dots and dashes far apart, and without lines that characters would form."""
    lines = _without_characters(maps.darkness)
    across, turned = (_thin(_runs(one, _far)) for one in (lines, np.ascontiguousarray(lines.T)))
    return replace(maps, across=across, down=np.ascontiguousarray(turned.T))


def _without_characters(small: Grey) -> Grey:
    """Blank ink that stands alone and is as small as a character, in neither direction as thin as a dot or a dash.

    Characters below each other, such as the digits of a dense column, would join to a ruling.
    """
    ink = cv2.threshold(small, _FAINTEST, 255, cv2.THRESH_BINARY)[1]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    sides = np.asarray(stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]], np.intp)
    alone = (sides.min(axis=1) > _FLAT) & (sides.max(axis=1) < _CHARACTER * max(small.shape))
    alone &= ~_crosses(np.asarray(labels, np.intp), sides)
    alone[0] = False
    return np.asarray(np.where(alone[labels], 0, small), np.uint8)


def _crosses(labels: NDArray[np.intp], sides: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell which pieces of ink (n, with their widths and heights) are a level and an upright dash that meet."""
    y, x = np.nonzero(labels)
    owner = labels[y, x]
    count, (height, width) = len(sides), labels.shape
    level = np.bincount(owner * height + y, minlength=count * height).reshape(count, height).max(axis=1)
    upright = np.bincount(owner * width + x, minlength=count * width).reshape(count, width).max(axis=1)
    return np.asarray((level >= _LINE * sides[:, 0]) & (upright >= _LINE * sides[:, 1]))


def _runs(small: Grey, joined: Callable[[Grey, int], Grey]) -> Mask:
    """Find thin, straight horizontal runs; one that is tilted by a pixel here and there stays whole, as it is widened across."""
    thick = np.ones((_THICK, 1), np.uint8)
    # for an even kernel the second anchor mirrors the first; otherwise a thick bar moves by a pixel, and its edge remains as a
    # line
    bars = cv2.dilate(cv2.erode(small, thick), thick, anchor=(0, _THICK - 1 - _THICK // 2))
    thin = np.asarray(cv2.subtract(small, bars), np.uint8)
    length = max(8, round(_RUN * max(small.shape)))
    return np.asarray(cv2.threshold(joined(thin, length), _FAINTEST, 255, cv2.THRESH_BINARY)[1], np.uint8)


def _close(thin: Grey, length: int) -> Grey:
    """Join marks that lie close together."""
    return _joined(thin, _DOTS, length)


def _far(thin: Grey, length: int) -> Grey:
    """Join these, and flat marks that lie farther apart to long rulings."""
    return np.asarray(cv2.max(_close(thin, length), _joined(_flat(thin), _SPACED, _LONGER * length)), np.uint8)


def _thin(runs: Mask) -> Mask:
    """Drop what is thicker than any ruling."""
    blobs = cv2.morphologyEx(runs, cv2.MORPH_OPEN, np.ones((_BLOB, 1), np.uint8))
    return np.asarray(cv2.subtract(runs, cv2.dilate(blobs, np.ones((1, 3), np.uint8))), np.uint8)


def _joined(thin: Grey, gap: int, length: int) -> Grey:
    """Join marks up to `gap` apart, and keep the runs of at least `length`."""
    joined = cv2.morphologyEx(cv2.dilate(thin, np.ones((3, 1), np.uint8)), cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    return np.asarray(cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((1, length), np.uint8)), np.uint8)


def _flat(thin: Grey) -> Grey:
    """Keep the marks that are not higher than a dot of a ruling."""
    ink = cv2.threshold(thin, _FAINTEST, 255, cv2.THRESH_BINARY)[1]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    width, height = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    flat = (height <= _FLAT) | ((width <= _FLAT) & (height <= _TWO_DOTS))
    flat[0] = False
    return np.asarray(np.where(flat[labels], thin, 0), np.uint8)


def page_lines(maps: LineMaps) -> Lines:
    """Return the rulings as segments in pixels of the page, longest first."""
    across = segments_of(maps.across) / maps.scale
    down = segments_of(np.ascontiguousarray(maps.down.T))[:, [1, 0, 3, 2]] / maps.scale
    return Lines(_rounded(across), _rounded(down))


def _rounded(segments: Segments) -> tuple[_Line, ...]:
    rows = np.round(segments, 1).tolist()
    return tuple((x1, y1, x2, y2) for x1, y1, x2, y2 in rows)


def segments_of(runs: Mask) -> Segments:
    """Return the segments of horizontal rulings, in pixels of the map, longest first."""
    side = max(runs.shape)
    joined = cv2.morphologyEx(runs, cv2.MORPH_CLOSE, np.ones((1, max(3, round(_BRIDGED * side))), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    lengths = stats[:, cv2.CC_STAT_WIDTH]
    kept = [i for i in range(1, count) if lengths[i] >= _SHORTEST * side]
    rows = [_segment(np.asarray(labels), stats[i, :4].tolist(), i) for i in sorted(kept, key=lambda i: -int(lengths[i]))]
    return np.array(rows, np.float64).reshape(-1, 4)


def _segment(labels: NDArray[np.integer], box: list[int], label: int) -> _Line:
    """Return the line through the middle of a component, from its left to its right end."""
    x, y, w, h = box
    rows, columns = np.nonzero(labels[y : y + h, x : x + w] == label)
    away = columns - columns.mean()
    slope = float(away @ rows / max(float(away @ away), 1e-9))
    height = float(rows.mean() - slope * columns.mean())
    return x, y + height + 0.5, x + w, y + height + slope * w + 0.5


def drawn(segments: Segments, shape: tuple[int, ...], thickness: int = 1) -> Mask:
    """Draw segments into a mask (height, width): 255 on a line."""
    canvas = np.zeros(shape[:2], np.uint8)
    ends = np.rint(segments).astype(np.int32).reshape(-1, 2, 2)
    cv2.polylines(canvas, list(ends), isClosed=False, color=255, thickness=thickness)
    return canvas
