"""Pictures for people: a page with its readings, and sheets of crops. All colours are BGR, as in OpenCV."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from digit_core.imaging.rotation import upright, upright_box
from digit_core.readings import State
from digit_core.records import Box, Grey
from digit_core.results.cell_text import with_point

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
_LEAST_LABEL = 14  # pixels that the digits of a label are high at least
_LARGEST_LABEL = 40
_GAP_TO_FRAME = 8
_NEIGHBOURHOOD, _DARKER = 51, 15  # ink is darker by so much than the mean of the pixels around it
_COLOURS_OF_A_PNG = 64
_JPEG_QUALITY = 80
_CELL, _CAPTION, _GAP = 96, 15, 8


def overlay(pixels: Grey, numbers: pa.Table, digits: pa.Table, quarters: int = 0) -> Picture:
    """A page in its own size with frames around its numbers and digits, and beside each number what was read, of an unsure one
    with its confidence; a legend under the page.

    `numbers` and `digits` hold the rows of this page only. A label stands where neither writing nor another label is, as near to
    its number and as large as there is room; nothing that is drawn makes any of the writing lighter. A page narrower than the
    legend gets white beside it. One that lies turned on its scan by so many quarters (digit_core.imaging.rotation) is shown
    upright, that its labels can be read with it.
    """
    if pixels.ndim != 2 or pixels.dtype != np.uint8:
        raise ValueError(f"a page is a grey image of shape (height, width) and uint8, not {pixels.shape} {pixels.dtype}")
    number_rows, digit_rows = (_upright_rows(table.to_pylist(), quarters, pixels) for table in (numbers, digits))
    pixels = upright(pixels, quarters)
    marks = np.full((*pixels.shape, 3), _WHITE, np.uint8)
    for row in number_rows:
        _frame(marks, row, grow=3, thickness=2)
    for row in digit_rows:
        _frame(marks, row, grow=0, thickness=1)
    taken = _ink(pixels)
    with_digits = {row["number_id"] for row in digit_rows if row["digit"]}
    for row in number_rows:
        if text := _label(row, with_digits):
            _place(marks, taken, row, text)
    return _above(np.minimum(_faded(pixels), marks), _legend(digit_rows, marks.shape[1]))


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


def picture_file(image: Picture, ending: str) -> bytes:
    """A BGR picture as the bytes of a JPEG file where the file's ending says so, else of a PNG file of 64 colours: that takes a
    sixth of the room, and a page has hardly more. Raises ValueError for a picture without pixels.
    """
    if image.size == 0:
        raise ValueError(f"an image of shape {image.shape} has no pixels to write")
    if ending.lower() in (".jpg", ".jpeg"):
        return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1])
    colours = Image.fromarray(np.ascontiguousarray(image[:, :, ::-1])).quantize(
        _COLOURS_OF_A_PNG, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    data = io.BytesIO()
    colours.save(data, "PNG")
    return data.getvalue()


def _upright_rows(rows: list[dict[str, Any]], quarters: int, lying: Grey) -> list[dict[str, Any]]:
    """Map the rows' boxes to the page turned upright."""
    height, width = lying.shape
    places = (upright_box(Box(row["x"], row["y"], row["w"], row["h"]), quarters, width, height) for row in rows)
    return [{**row, "x": box.x, "y": box.y, "w": box.w, "h": box.h} for row, box in zip(rows, places, strict=True)]


def _faded(pixels: Grey) -> Picture:
    """Ink at two thirds of its strength, so that the labels stand out."""
    pale = (255 - (255 - pixels.astype(np.uint16)) * 2 // 3).astype(np.uint8)
    return cv2.cvtColor(pale, cv2.COLOR_GRAY2BGR).astype(np.uint8)


def _ink(pixels: Grey) -> NDArray[np.uint8]:
    """Where something is written, printed or ruled: 1, elsewhere 0."""
    return cv2.adaptiveThreshold(pixels, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, _NEIGHBOURHOOD, _DARKER).astype(
        np.uint8
    )


def _frame(canvas: Picture, row: Mapping[str, Any], grow: int, thickness: int) -> None:
    # Kept near the canvas: OpenCV's coordinates are 32-bit, and what lies far outside is not seen anyway.
    far = np.array([canvas.shape[1], canvas.shape[0]]) + 16
    start = np.clip(np.array([row["x"], row["y"]]) - grow, -16, far)
    end = np.clip(np.array([row["x"] + row["w"], row["y"] + row["h"]]) + grow - 1, -16, far)
    top_left, bottom_right = (int(start[0]), int(start[1])), (int(end[0]), int(end[1]))
    cv2.rectangle(canvas, top_left, bottom_right, COLOURS.get(row["state"], _INK), thickness)


def _label(number: Mapping[str, Any], with_digits: Collection[str]) -> str:
    """What was read of a number, and how sure an unsure one is; "" where there is no digit in it."""
    if number["number_id"] not in with_digits:
        return ""
    read = with_point(number)
    return f"{read} {min(99, int(100 * number['confidence']))}%" if number["state"] == State.REVIEW else read


def _place(marks: Picture, taken: NDArray[np.uint8], number: Mapping[str, Any], text: str) -> None:
    """Draw a label in the first place without ink and other labels: large before small, above before below, right and left. Where
    there is none, in that of the small ones with the least.
    """
    best: tuple[int, NDArray[np.uint8], int, int] | None = None
    largest = int(np.clip(0.4 * number["h"], _LEAST_LABEL, _LARGEST_LABEL))
    for height in sorted({largest, (largest + _LEAST_LABEL) // 2, _LEAST_LABEL}, reverse=True):
        mask = _letters(text, height)
        for x, y in _places(number, *mask.shape):
            if 0 <= x <= marks.shape[1] - mask.shape[1] and 0 <= y <= marks.shape[0] - mask.shape[0]:
                ink = int(taken[y : y + mask.shape[0], x : x + mask.shape[1]].sum())
                if best is None or ink < best[0] or (ink and height == _LEAST_LABEL and ink <= best[0]):
                    best = ink, mask, x, y
                if not ink:
                    break
        if best and not best[0]:
            break
    if best:
        _, mask, x, y = best
        _draw(marks, mask, x, y, COLOURS.get(number["state"], _INK))
        taken[y : y + mask.shape[0], x : x + mask.shape[1]] = 1


def _places(number: Mapping[str, Any], height: int, width: int) -> tuple[tuple[int, int], ...]:
    """Upper left corners for a label of this size around a number's frame."""
    x, y, w, h = (int(number[side]) for side in "xywh")
    middle, half = x + (w - width) // 2, y + (h - height) // 2
    above, below = y - height - _GAP_TO_FRAME, y + h + _GAP_TO_FRAME
    right, left = x + w + _GAP_TO_FRAME, x - width - _GAP_TO_FRAME
    columns, rows = (middle, x, x + w - width), (half, y, y + h - height)
    beside = [(right, row) for row in rows] + [(left, row) for row in rows]
    return (*((column, above) for column in columns), *((column, below) for column in columns), *beside)


def _draw(marks: Picture, mask: NDArray[np.uint8], x: int, y: int, colour: Sequence[int]) -> None:
    """Letters without a rim, which would cover what is beneath."""
    part = marks[y : y + mask.shape[0], x : x + mask.shape[1]]
    share = mask[:, :, np.newaxis] / 255.0
    part[:] = np.minimum(part, (_WHITE * (1 - share) + np.array(colour) * share).round()).astype(np.uint8)


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
