"""Numbers of a page: characters are detected, grouped into numbers, and each number is read as a whole in its own strips.

Boxes here are pixels of the prepared page (level, rulings known), as rows left, top, right, bottom of float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from digit_core.imaging.line_detection import LineMaps
from digit_core.imaging.prepare import PreparedPage
from digit_core.inference.network_spec import CHARACTERS, DIGITS
from digit_core.inference.reader import Reader
from digit_core.layouts.tables.content import NumberSeen
from digit_core.notation import NumberKind, interpret
from digit_core.params import SegmentationParams
from digit_core.recognition.detections import LEAST_DIGIT, Characters
from digit_core.recognition.detector import look, look_at_strip
from digit_core.recognition.grouping import NumberPair, beside_strokes, group_strings, sharing_a_mark
from digit_core.recognition.ruling_filter import not_rulings
from digit_core.recognition.transcription.ctc import best_text
from digit_core.recognition.transcription.digit_places import without_marks
from digit_core.recognition.transcription.fractions import with_fractions, without_pieces
from digit_core.recognition.transcription.fusion import FoundNumber, Proposal, Seen, decided
from digit_core.recognition.transcription.fusion_weights import fusion_weights
from digit_core.recognition.transcription.number_strip import FIGURES, Window
from digit_core.recognition.transcription.partial import may_be_part
from digit_core.recognition.transcription.second_opinion import BESIDE_ON_PAGE, LEAST_SEEN, Second, strip_of_scan
from digit_core.recognition.transcription.slope import LEVEL, ink_beside, levelled, main_line, slope_of
from digit_core.records import Box, Grey

_CLEAR = 5.0
"""Log odds from which a number certainly stands there."""

_PART = 0.5
"""Greatest confidence in the marks of what may be a part of a date."""

_SHORT = 3
"""Greatest number of digits of a number that the second reader is asked about because it may be part of a longer one."""

_PLAIN = 0.8
"""Score from which a digit on another line of a strip is certain."""


def find_numbers(page: PreparedPage, maps: LineMaps, reader: Reader, params: SegmentationParams) -> list[FoundNumber]:
    """Find all numbers of a page, in no particular order."""
    return numbers_among(not_rulings(look(page, reader), page.darkness, maps), page, reader, params)


def written_on(page: PreparedPage, maps: LineMaps, reader: Reader) -> tuple[NumberSeen, ...]:
    """Find the clear numbers of a page, for the proposal of a layout."""
    found = find_numbers(page, maps, reader, SegmentationParams())
    return tuple(
        NumberSeen(_around(one.boxes), "".join(filter(str.isdigit, one.text)), float(one.printed))
        for one in found
        if one.seen > _CLEAR
    )


def _around(boxes: NDArray[np.float32]) -> tuple[float, float, float, float]:
    (left, top), (right, bottom) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def numbers_among(found: Characters, page: PreparedPage, reader: Reader, params: SegmentationParams) -> list[FoundNumber]:
    """Group these characters of the page into numbers, and read each in strips."""
    found = with_fractions(found)
    digits, marks = found.chosen(found.best < DIGITS), found.chosen(found.best >= DIGITS)
    strings = group_strings(_boxes(digits), _boxes(marks), page, params)
    numbers = read_groups(strings, digits, marks, page, reader)
    texts, boxes = [one.text for one in numbers], _boxes(digits)
    marked = sharing_a_mark(strings, texts, boxes, params)
    taken = {index for pair in marked for index in pair}
    dates = [pair for pair in beside_strokes(strings, texts, boxes) if taken.isdisjoint(pair)]
    wholes = read_groups([[*strings[a], *strings[b]] for a, b in [*marked, *dates]], digits, marks, page, reader)
    return without_pieces(_with_wholes(numbers, marked, dates, wholes))


def _with_wholes(
    numbers: Sequence[FoundNumber], marked: Sequence[NumberPair], dates: Sequence[NumberPair], wholes: Sequence[FoundNumber]
) -> list[FoundNumber]:
    """Put wholes, one for each of these pairs, in the place of their two parts. What may be a date is one only if it is read as a
    date; else its parts stay, in doubt."""
    read = zip([*marked, *dates], wholes, strict=True)
    kept = {pair: one for pair, one in read if pair in marked or interpret(one.text).kind is NumberKind.DATE}
    taken = {index for pair in kept for index in pair}
    doubtful = {index for pair in dates for index in pair} - taken
    parts = [
        replace(one, marks=min(one.marks, _PART)) if index in doubtful else one
        for index, one in enumerate(numbers)
        if index not in taken
    ]
    return [*parts, *kept.values()]


def read_groups(
    strings: Sequence[Sequence[int]], digits: Characters, marks: Characters, page: PreparedPage, reader: Reader
) -> list[FoundNumber]:
    """Read the numbers that these digits, given by their indices from left to right, stand in."""
    groups = [digits.chosen(np.array(string)) for string in strings]
    return read_strings(page.darkness, [(group, _marks_of(group, marks)) for group in groups], reader)


def find_number(page: PreparedPage, reader: Reader) -> tuple[PreparedPage, FoundNumber] | None:
    """Find the one number of a strip (its digits from left to right, whatever the gaps), and the strip with its line level; None
    where there is none."""
    everything = look_at_strip(page, reader)
    slope = slope_of(everything)
    if abs(slope) > LEVEL:
        page = levelled(page, slope)
        everything = look_at_strip(page, reader)
    everything = with_fractions(everything)
    found = main_line(everything)
    digits, marks = found.chosen(found.best < DIGITS), found.chosen(found.best >= DIGITS)
    if not len(digits):
        return None
    (number,) = read_strings(page.darkness, [(digits, marks)], reader, [ink_beside(page, digits)])
    if digits.scores.max() < LEAST_DIGIT and number.seen <= 0:  # hardly detected, and no digits for the strip reader either
        return None
    return page, replace(number, alone=not _has_second_number(everything, digits, page.darkness.shape[0]))


def _has_second_number(everything: Characters, digits: Characters, strip_height: int) -> bool:
    """Whether as many clear digits of the same height stand on other lines of the strip: then it is unknown which number is
    meant."""
    top, bottom = everything.boxes[:, 1], everything.boxes[:, 3]
    first, last = float(np.median(digits.boxes[:, 1])), float(np.median(digits.boxes[:, 3]))
    high = last - first
    elsewhere = (bottom < first + 0.3 * high) | (top > last - 0.3 * high)
    whole = (top > 1) & (bottom < strip_height - 1) & (bottom - top > 0.6 * high)
    others = elsewhere & whole & (everything.best < DIGITS) & (everything.scores > _PLAIN)
    return int(others.sum()) >= len(digits)


def _boxes(found: Characters) -> list[Box]:
    corners = np.rint(found.boxes).astype(int).tolist()
    return [Box(left, top, max(1, right - left), max(1, bottom - top)) for left, top, right, bottom in corners]


def _marks_of(digits: Characters, marks: Characters) -> Characters:
    """Return the points and dashes within a number or close to its ends, on its line."""
    left, top, right, bottom = (
        digits.boxes[:, 0].min(),
        digits.boxes[:, 1].min(),
        digits.boxes[:, 2].max(),
        digits.boxes[:, 3].max(),
    )
    height = bottom - top
    x, y = (marks.boxes[:, 0] + marks.boxes[:, 2]) / 2, (marks.boxes[:, 1] + marks.boxes[:, 3]) / 2
    near = (x > left - 0.6 * height) & (x < right + 0.6 * height) & (y > top - 0.1 * height) & (y < bottom + 0.2 * height)
    return marks.chosen(near)


def with_second(
    page: PreparedPage,
    numbers: Sequence[FoundNumber],
    second: Second | None,
    least_seen: float = LEAST_SEEN,
    beside: float = BESIDE_ON_PAGE,
    free: bool = False,
) -> list[FoundNumber]:
    """Decide the numbers again with the second reader where it is to be asked; those with little evidence stay unchanged.

    free: nothing bounds the numbers, so that a short one may be part of a longer one.
    """
    if second is None:
        return list(numbers)
    seen = [(i, one, one.proposal) for i, one in enumerate(numbers) if one.proposal is not None and one.seen > least_seen]
    sure = [fusion_weights().calibrated(one.confidence, len(one.boxes), None) for _, one, _ in seen]
    chosen = [seen[at] for at in second.when.asked(sure, lambda at: free and _may_be_part(page, seen[at][1]))]
    columns = second.reader.read([strip_of_scan(page, proposal.digits.boxes, beside) for _, _, proposal in chosen])
    again = decided([replace(proposal, second=own) for (_, _, proposal), own in zip(chosen, columns, strict=True)])
    anew = {i: one for (i, _, _), one in zip(chosen, again, strict=True)}
    return [anew.get(i, one) for i, one in enumerate(numbers)]


def _may_be_part(page: PreparedPage, number: FoundNumber) -> bool:
    return len(number.boxes) <= _SHORT and may_be_part(page.ink, number.boxes)


def _known_to(reader: Reader, marks: Characters) -> Characters:
    """Return the marks that the strip reader knows: it would read others as digits."""
    known = [CHARACTERS.index(one) for one in reader.strips.characters if one in CHARACTERS]
    return marks.chosen(np.isin(marks.best, known))


def read_strings(
    darkness: Grey,
    groups: Sequence[tuple[Characters, Characters]],
    reader: Reader,
    beside: Sequence[NDArray[np.float32]] = (),
) -> list[FoundNumber]:
    """Read strips around each group of digits (and its marks), and decide the numbers. beside: for each group the boxes of other
    ink that its strips have to show too."""
    if not groups:
        return []
    ends = [_known_to(reader, _marks_of(digits, marks)).boxes for digits, marks in groups]
    ends = [np.concatenate(both) for both in zip(ends, beside, strict=True)] if beside else ends
    windows = [
        [Window.around(digits.boxes, figure, reader.strips, own) for figure in FIGURES]
        for (digits, _), own in zip(groups, ends, strict=True)
    ]
    columns = iter(reader.read([window.cut(darkness) for row in windows for window in row]))
    seen = [tuple(Seen(window, next(columns)) for window in row) for row in windows]
    proposals = [
        Proposal(without_marks(digits, [best_text(one.columns) for one in strips]), marks, strips)
        for (digits, marks), strips in zip(groups, seen, strict=True)
    ]
    return decided(proposals)
