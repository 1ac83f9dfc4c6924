"""Cells of a form that hold a word and no number, such as "tr" for a trace of rain: the second reader spells their ink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.prepare import PreparedPage
from digit_core.layouts.template import Holds, Layout, Mark
from digit_core.recognition.cell_state import ink_pieces
from digit_core.recognition.cells import FoundCell
from digit_core.recognition.transcription.second_opinion import Second, strip_of_scan
from digit_core.recognition.transcription.words import WordSeen, word_seen
from digit_core.records import CellState

_SURE = 0.97
"""Probability from which a cell holds this word, without a person."""

_LIKELY = 0.5
"""Probability from which a cell holds a word though both readers read the same number there."""

_CLEAR = 0.5
"""Confidence of a number about which the second reader was not asked, from which it is no word."""

_BESIDE = 0.2
"""Margin beside the ink, in its heights."""


def with_words(page: PreparedPage, cells: Sequence[FoundCell], layout: Layout, second: Second | None) -> list[FoundCell]:
    """Return the cells; those with letters in place of a number have the state WORD, and no number.

    A declared word is the cell's text if it is likely, and needs no person if it is sure; any other cell with letters does.
    """
    if second is None:
        return list(cells)
    height = _digit_height(cells)
    asked = [(i, _ink_box(page, cell, height)) for i, cell in enumerate(cells) if _may_be_word(cell, layout.holds_of(cell.place))]
    boxes = {i: box for i, box in asked if box is not None}
    columns = second.reader.spell([strip_of_scan(page, box[None], _BESIDE) for box in boxes.values()])
    found = list(cells)
    for (i, box), own in zip(boxes.items(), columns, strict=True):
        found[i] = _told(cells[i], word_seen(own, layout.holds_of(cells[i].place).spelt), box)
    return found


def _may_be_word(cell: FoundCell, holds: Holds) -> bool:
    """Whether the cell has ink that is no clear number; a number counts as clear where words are not allowed and both readers
    read the same."""
    if cell.number is None:
        return cell.state is CellState.ILLEGIBLE
    return bool(holds.words) or Mark.WORD in holds.marks or not _agreed(cell)


def _agreed(cell: FoundCell) -> bool:
    """Whether both readers read the same number, or ours was so sure that the other was not asked."""
    number = cell.number
    if number is None:
        return False
    if number.second is None:
        return number.confidence >= _CLEAR
    return number.second == "".join(filter(str.isdecimal, number.text))


def _told(cell: FoundCell, seen: WordSeen, ink: NDArray[np.float32]) -> FoundCell:
    """Return the cell with its word, if it holds one."""
    likely = seen.probability >= _LIKELY
    if not likely and (not seen.is_word or _agreed(cell)):
        return cell
    sure = seen.probability >= _SURE
    text = seen.text if likely else ""
    unsure = None if sure else ink
    return replace(cell, state=CellState.WORD, number=None, ink=unsure, shared=False, confidence=seen.probability, word=text)


def _ink_box(page: PreparedPage, cell: FoundCell, height: float) -> NDArray[np.float32] | None:
    """Return the box around the ink of a cell (left, top, right, bottom), without specks and tails; None without any."""
    pieces = ink_pieces(page.ink, cell.quad, height)
    if not len(pieces):
        return None
    return np.concatenate([pieces[:, :2].min(axis=0), pieces[:, 2:].max(axis=0)]).astype(np.float32)


def _digit_height(cells: Sequence[FoundCell]) -> float:
    """Return the height of the digits in the cells; half the height of a cell where there are none."""
    digits = [cell.number.boxes for cell in cells if cell.number is not None and len(cell.number.boxes)]
    if digits:
        boxes = np.concatenate(digits)
        return float(np.median(boxes[:, 3] - boxes[:, 1]))
    return float(np.median([np.ptp(cell.quad[:, 1]) for cell in cells])) / 2 if cells else 0.0
