"""Pictures for people: a page with its readings, and sheets of crops. All colours are BGR, as in OpenCV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from digit_core.imaging.rotation import upright, upright_box
from digit_core.readings import State
from digit_core.records import Box, Grey

Picture = NDArray[np.uint8]
"""A BGR image, shape (height, width, 3)."""

# green and orange of equal lightness are hard to distinguish for some people; these two differ in lightness too
COLOURS: Mapping[str, tuple[int, int, int]] = {
    State.ACCEPTED: (70, 110, 0),
    State.REVIEW: (0, 120, 240),
    State.REJECTED: (150, 150, 150),
    State.CONFIRMED: (140, 90, 0),
    State.CORRECTED: (200, 60, 0),
    State.UNREADABLE: (90, 90, 90),
}
_MEANING = {State.ACCEPTED: "accepted", State.REVIEW: "for review", State.REJECTED: "not a digit"}
_BY_PEOPLE = {State.CONFIRMED: "confirmed", State.CORRECTED: "corrected", State.UNREADABLE: "unreadable"}
_INK, _WHITE = (40, 40, 40), 255
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_EASY_TO_READ = 40  # height in pixels from which a digit's label is legible
_MOST_PIXELS = 100_000_000
_CELL, _CAPTION, _GAP = 96, 15, 8


def overlay(pixels: Grey, numbers: pa.Table, digits: pa.Table, quarters: int = 0) -> Picture:
    """Draw a page's boxes, the digits read above them, and below those in review their confidence; a legend under the page.

    `numbers` and `digits` hold the rows of this page only. Where digits are small the page is enlarged by a whole factor, so that
    labels can be read; the page's origin stays top left. A page narrower than the legend gets white beside it. A page that is
    rotated on its scan by so many quarters (digit_core.imaging.rotation) is shown upright.
    """
    if pixels.ndim != 2 or pixels.dtype != np.uint8:
        raise ValueError(f"a page is a grey image of shape (height, width) and uint8, not {pixels.shape} {pixels.dtype}")
    number_rows, digit_rows = (_upright_rows(table.to_pylist(), quarters, pixels) for table in (numbers, digits))
    pixels = upright(pixels, quarters)
    factor = _factor(pixels, [row["h"] for row in digit_rows])
    canvas = _faded(pixels, factor)
    for row in number_rows:
        _frame(canvas, row, factor, grow=2 * factor + 1, thickness=factor + 1)
    lines = {row["number_id"]: row for row in number_rows}
    for row in digit_rows:
        _frame(canvas, row, factor, grow=0, thickness=1)
        _label(canvas, row, lines.get(row["number_id"], row), factor)
    return _above(canvas, _legend(digit_rows, canvas.shape[1]))


def contact_sheet(crops: Sequence[Grey], captions: Sequence[str], columns: int = 10, title: str = "") -> Picture:
    """Draw crops of any size in a grid, row by row, each with its caption below. Raises ValueError if their numbers differ."""
    if columns < 1 or len(crops) != len(captions):
        raise ValueError(
            f"need 1 column or more and one caption a crop: {columns=}, {len(crops)} crops, {len(captions)} captions"
        )
    cells = [_cell(crop, caption) for crop, caption in zip(crops, captions, strict=True)]
    empty = np.full((_CELL + _CAPTION + _GAP, _CELL + _GAP, 3), _WHITE, np.uint8)
    cells += [empty] * (-len(cells) % columns)
    rows = [np.hstack(cells[start : start + columns]) for start in range(0, len(cells), columns)]
    body = np.vstack(rows) if rows else _heading("nothing to show", empty.shape[1])
    return _above(_heading(title, body.shape[1]), body)


def to_png(image: NDArray[np.uint8]) -> bytes:
    """Encode a grey or BGR image as PNG. Raises ValueError for an image without pixels."""
    if image.size == 0:
        raise ValueError(f"an image of shape {image.shape} has no pixels to write")
    _, data = cv2.imencode(".png", image)
    return data.tobytes()


def _upright_rows(rows: list[dict[str, Any]], quarters: int, lying: Grey) -> list[dict[str, Any]]:
    """Map the rows' boxes to the page turned upright."""
    height, width = lying.shape
    places = (upright_box(Box(row["x"], row["y"], row["w"], row["h"]), quarters, width, height) for row in rows)
    return [{**row, "x": box.x, "y": box.y, "w": box.w, "h": box.h} for row, box in zip(rows, places, strict=True)]


def _factor(pixels: Grey, heights: Sequence[int]) -> int:
    """Return the enlargement of the page: 1 to 4, as small digits need, within the memory limit."""
    wanted = int(np.clip(np.ceil(_EASY_TO_READ / max(1.0, float(np.median(heights)))), 1, 4)) if heights else 1
    affordable = int((_MOST_PIXELS / max(1, pixels.size)) ** 0.5)
    return max(1, min(wanted, affordable))


def _faded(pixels: Grey, factor: int) -> Picture:
    """Reduce the ink to two thirds of its strength, so that the labels stand out."""
    pale = (255 - (255 - pixels.astype(np.uint16)) * 2 // 3).astype(np.uint8)
    large = cv2.resize(pale, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC) if factor > 1 else pale
    return cv2.cvtColor(large, cv2.COLOR_GRAY2BGR).astype(np.uint8)


def _frame(canvas: Picture, row: Mapping[str, Any], factor: int, grow: int, thickness: int) -> None:
    # kept near the canvas: OpenCV's coordinates are 32-bit, and what lies far outside is invisible anyway
    far = np.array([canvas.shape[1], canvas.shape[0]]) + 16
    start = np.clip(np.array([row["x"], row["y"]]) * factor - grow, -16, far)
    end = np.clip(np.array([row["x"] + row["w"], row["y"] + row["h"]]) * factor + grow - 1, -16, far)
    top_left, bottom_right = (int(start[0]), int(start[1])), (int(end[0]), int(end[1]))
    cv2.rectangle(canvas, top_left, bottom_right, COLOURS.get(row["state"], _INK), thickness)


def _label(canvas: Picture, digit: Mapping[str, Any], number: Mapping[str, Any], factor: int) -> None:
    """Draw the digit above its number, its confidence below; inside the page's edge if there is no room."""
    colour = COLOURS.get(digit["state"], _INK)
    centre = round((digit["x"] + digit["w"] / 2) * factor)
    height = int(np.clip(0.6 * number["h"] * factor, 10, 90))
    pad = 4 * factor + 3
    if digit["digit"]:
        top = max(0, number["y"] * factor - pad - height)
        _stamp(canvas, digit["digit"], height, centre, top, colour)
    if digit["state"] == State.REVIEW:
        small = max(9, round(0.35 * height))
        bottom = min((number["y"] + number["h"]) * factor + pad, canvas.shape[0] - small)
        _stamp(canvas, f"{min(99, int(100 * digit['confidence']))}%", small, centre, bottom, colour)


@lru_cache(maxsize=4096)
def _letters(text: str, height: int) -> NDArray[np.uint8]:
    """Draw text as a mask, 0 to 255: digits are `height` pixels high, with `height // 3` above and below for accents and
    tails."""
    top, bottom, mask = _big_letters("0")
    tall = bottom - top
    _, _, mask = _big_letters(text)
    ink = np.flatnonzero(mask.any(axis=0))
    if not len(ink):
        return np.zeros((height + 2 * (height // 3), 1), np.uint8)
    margin = round(tall * (height // 3) / height)
    tight = mask[top - margin : bottom + margin, ink[0] : ink[-1] + 1]
    size = (max(1, round(tight.shape[1] * height / tall)), height + 2 * (height // 3))
    return cv2.resize(tight, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _big_letters(text: str) -> tuple[int, int, NDArray[np.uint8]]:
    """Draw text large; return the first row and the row after the last that have ink: OpenCV's own size is approximate."""
    scale, weight = 4.0, 8
    (width, height), _ = cv2.getTextSize(text, _FONT, scale, weight)
    mask = np.zeros((3 * height + 60, width + 160), np.uint8)
    cv2.putText(mask, text, (40, 2 * height), _FONT, scale, 255, weight, cv2.LINE_AA)
    rows = np.flatnonzero(mask.any(axis=1))
    return (int(rows[0]), int(rows[-1]) + 1, mask) if len(rows) else (0, 0, mask)


def _stamp(canvas: Picture, text: str, height: int, centre: int, top: int, colour: Sequence[int]) -> None:
    """Paint text with a white rim, in place, digits from row `top` down; what lies beyond the canvas is cut off."""
    rim = max(1, height // 10)
    mask = np.pad(_letters(text, height), rim)
    halo = cv2.dilate(mask, np.ones((2 * rim + 1, 2 * rim + 1), np.uint8))
    x, y = centre - mask.shape[1] // 2, top - height // 3 - rim
    rows = slice(max(0, y), max(0, min(canvas.shape[0], y + mask.shape[0])))
    cols = slice(max(0, x), max(0, min(canvas.shape[1], x + mask.shape[1])))
    if rows.start >= rows.stop or cols.start >= cols.stop:
        return
    inside = (slice(rows.start - y, rows.stop - y), slice(cols.start - x, cols.stop - x))
    for weight, paint in ((halo[inside], (_WHITE,) * 3), (mask[inside], colour)):
        share = weight[:, :, np.newaxis] / 255.0
        canvas[rows, cols] = (canvas[rows, cols] * (1 - share) + np.array(paint) * share).round().astype(np.uint8)


def _legend(digits: Iterable[Mapping[str, Any]], page_width: int) -> Picture:
    """Draw a strip with a coloured square and a count for each state."""
    states = [row["state"] for row in digits]
    height = int(np.clip(page_width / 100, 12, 40))
    meaning = {**_MEANING, **{state: text for state, text in _BY_PEOPLE.items() if state in states}}
    entries = [(COLOURS[state], f"{states.count(state)} {text}") for state, text in meaning.items()]
    lengths = [_letters(text, height).shape[1] for _, text in entries]
    width = sum(lengths) + 3 * height * len(entries) + 2 * height
    strip = np.full((3 * height, max(width, page_width), 3), _WHITE, np.uint8)
    at = height
    for (colour, text), length in zip(entries, lengths, strict=True):
        strip[height : 2 * height, at : at + height] = colour
        _stamp(strip, text, height, at + 3 * height // 2 + length // 2, height, _INK)
        at += 3 * height + length
    return strip


def _above(one: Picture, other: Picture) -> Picture:
    """Stack two pictures, the narrower widened with white on its right."""
    width = max(one.shape[1], other.shape[1])
    wide = [np.pad(part, ((0, 0), (0, width - part.shape[1]), (0, 0)), constant_values=_WHITE) for part in (one, other)]
    return np.vstack(wide)


def _heading(text: str, width: int) -> Picture:
    length, height = _letters(text, 18).shape[1], 18 if text else 0
    strip = np.full((height + 2 * _GAP, max(width, length + 2 * _GAP), 3), _WHITE, np.uint8)
    _stamp(strip, text, 18, _GAP + length // 2, _GAP, _INK)
    return strip


def _cell(crop: Grey, caption: str) -> Picture:
    cell = np.full((_CELL + _CAPTION + _GAP, _CELL + _GAP, 3), _WHITE, np.uint8)
    if crop.size:
        scale = _CELL / max(crop.shape)
        size = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
        fitted = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)
        left = (_CELL + _GAP - size[0]) // 2
        cell[: size[1], left : left + size[0]] = fitted[:, :, np.newaxis]
    length = max(1, _letters(caption, 11).shape[1])
    _stamp(cell, caption, max(6, min(11, 11 * _CELL // length)), (_CELL + _GAP) // 2, _CELL + 3, _INK)
    return cell
