"""The errors as pictures, to be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.accuracy.counting import PageRead, StripRead
from tests.benchmarks.accuracy.strips import Strip

Picture = NDArray[np.uint8]
GREEN, ORANGE, RED, BLUE, BLACK = (60, 150, 40), (0, 130, 240), (40, 40, 220), (220, 120, 30), (40, 40, 40)
COLOURS = {"found": GREEN, "misread": ORANGE, "extra": RED, "left out": (150, 150, 150)}
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_CELL_WIDTH, _CELL_HEIGHT, _LINE, _COLUMNS = 300, 80, 18, 5


def strip_errors(strips: Sequence[Strip], reads: Mapping[str, Sequence[StripRead]], of: str, most: int) -> Picture:
    """The strips that the reader `of` got wrong, its surest errors first, each with what all readers read."""
    wrong = sorted((n for n, read in enumerate(reads[of]) if not read.exact), key=lambda n: -reads[of][n].confidence)
    cells = [_strip_cell(strips[n], {name: rows[n] for name, rows in reads.items()}) for n in wrong[:most]]
    blank = _white(_CELL_HEIGHT + _LINE * (len(reads) + 1) + 8, _CELL_WIDTH + 10)
    cells += [blank] * (-len(cells) % _COLUMNS or (0 if cells else _COLUMNS))
    rows = [np.hstack(cells[start : start + _COLUMNS]) for start in range(0, len(cells), _COLUMNS)]
    title = f"{of}: {len(wrong)} of {len(strips)} strips wrong; the {min(most, len(wrong))} it was surest of"
    return np.vstack([_words([title], rows[0].shape[1]), *rows])


def _strip_cell(strip: Strip, reads: Mapping[str, StripRead]) -> Picture:
    rows, columns = strip.pixels.shape
    scale = min(_CELL_WIDTH / columns, _CELL_HEIGHT / rows)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    cell = _white(_CELL_HEIGHT + _LINE * (len(reads) + 1) + 8, _CELL_WIDTH + 10)
    shown = cv2.resize(strip.pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    cell[: size[1], : size[0]] = shown[:, :, None]
    _write(cell, f"is {strip.digits}", (4, _CELL_HEIGHT + 14), BLACK)
    for line, (name, read) in enumerate(reads.items(), start=1):
        text = f"{name}: {read.digits or '-'}  {read.confidence:.3f}"
        _write(cell, text, (4, _CELL_HEIGHT + 14 + line * _LINE), GREEN if read.exact else RED)
    return cell


def page_errors(reads: Mapping[str, PageRead], only_sure: bool = False, width: int = 1100) -> Picture:
    """A page side by side as each reader read it; below, where the truth has no places, the numbers that were missed."""
    panels = [_panel(name, read, only_sure, width) for name, read in reads.items()]
    tallest = max(panel.shape[0] for panel in panels)
    return np.hstack([np.pad(p, ((0, tallest - p.shape[0]), (0, 12), (0, 0)), constant_values=255) for p in panels])


def _panel(name: str, read: PageRead, only_sure: bool, width: int) -> Picture:
    rows, columns = read.case.pixels.shape
    scale = width / columns
    page = cv2.resize(read.case.pixels, (width, round(rows * scale)), interpolation=cv2.INTER_AREA)
    canvas = np.repeat((255 - (255 - page.astype(np.float32)) * 0.6).astype(np.uint8)[:, :, None], 3, axis=2)
    for index, one in enumerate(read.readings):
        if only_sure and not one.sure:
            continue
        colour = COLOURS[read.verdict(index)]
        _frame(canvas, (one.box.x, one.box.y, one.box.w, one.box.h), scale, colour, 2 if one.sure else 1)
        at = round(one.box.x * scale), round(one.box.y * scale) - 3
        if read.verdict(index) != "found":
            _write(canvas, one.digits, at, colour)
    return np.vstack([_words(_legend(name, read, only_sure), width), canvas, _words(_missed(read, canvas, scale), width)])


def _missed(read: PageRead, canvas: Picture, scale: float) -> list[str]:
    """Frames the missed numbers whose place is known, in blue, and returns the others as lines of words."""
    words = []
    for index in read.missed():
        number = read.case.truth.numbers[index] if read.case.truth else None
        if number and number.box:
            _frame(canvas, (number.box.x - 3, number.box.y - 3, number.box.w + 6, number.box.h + 6), scale, BLUE, 2)
        elif number:
            words.append(f"{number.row}/{number.column} {number.digits}")
    lines = [", ".join(words[start : start + 6]) for start in range(0, len(words), 6)]
    return ["missed (row/column number):", *lines] if lines else []


def _legend(name: str, read: PageRead, only_sure: bool) -> list[str]:
    verdicts = [read.verdict(index) for index, one in enumerate(read.readings) if one.sure or not only_sure]
    counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in COLOURS if verdict in verdicts)
    shown = "sure readings only" if only_sure else "green found, orange misread, red no listed number, blue missed; bold: sure"
    return [f"{name} on {read.case.name}: {counts or 'nothing'}", shown]


def _frame(canvas: Picture, box: tuple[int, int, int, int], scale: float, colour: tuple[int, int, int], pen: int) -> None:
    x, y, w, h = (round(side * scale) for side in box)
    cv2.rectangle(canvas, (x, y), (x + w, y + h), colour, pen)


def _words(lines: Sequence[str], width: int) -> Picture:
    strip = _white(22 * len(lines) + (10 if lines else 0), width)
    for number, line in enumerate(lines):
        _write(strip, line, (6, 20 + 22 * number), BLACK)
    return strip


def _write(canvas: Picture, text: str, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    cv2.putText(canvas, text, at, _FONT, 0.48, colour, 1, cv2.LINE_AA)


def _white(height: int, width: int) -> Picture:
    return np.full((height, width, 3), 255, np.uint8)


def save(folder: Path, name: str, picture: Picture) -> None:
    done, data = cv2.imencode(".png", picture)
    assert done
    (folder / f"errors-{name}.png").write_bytes(data.tobytes())
