"""Self-labelling: the place of each digit of a known text, from a detector's output: training from transcriptions alone.

The text says which digits there are, and in which order; the detector says where each is likeliest to stand. A place is used only
if all digits are seen. Self-training as in Scudder, "Probability of error of some adaptive pattern-recognition machines" (IEEE
Transactions on Information Theory 1965), the classes being known.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import STRIDE, UNIT, NetworkForm
from digit_core.numerics import log_sum_exp, sigmoid
from digit_core.records import Grey
from digit_core.synthesis.training_images import CharacterPlace
from digit_core.training.detector.ink_marks import point_between

Places = tuple[CharacterPlace, ...]
LabelledPlaces = tuple[Places, NDArray[np.bool_]]
"""Places, and a mask (h/4, w/4) of the cells with unknown content."""

_APART = 2
"""Least distance in cells of the middles of two neighbouring digits: 8 pixels, where figures are 25 high."""

_LEAST, _LEAST_MEAN = 0.02, 0.2
"""Least probability of every digit of a text, and least geometric mean of all, for the places to be used."""

_POINTS = ".,"
"""Marks that are also found by their ink, and that detectors confuse."""

_PLAINLY = 0.5
"""Least probability of a mark of the text for its place to be used."""

_SEEN = 0.3
"""Probability from which a digit outside of the text is left open: it is trained neither as a digit nor as nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenPicture:
    """Output of a detector on a picture: log probabilities (h/4, w/4, characters + 1), boxes (h/4, w/4, 4) left, top, right and
    bottom in its pixels, probability of print (h/4, w/4), and the characters of the classes."""

    log: NDArray[np.float32]
    boxes: NDArray[np.float32]
    printed: NDArray[np.float32]
    characters: str

    @classmethod
    def of(cls, cells: NDArray[np.float32], form: NetworkForm) -> SeenPicture:
        """Convert the cells of a detector of that form."""
        nothing = len(form.characters)
        scores = cells[..., : nothing + 1]
        log = scores - log_sum_exp(scores)[..., None]
        y, x = (np.mgrid[: cells.shape[0], : cells.shape[1]] + 0.5) * STRIDE
        sides = UNIT * np.exp(np.clip(cells[..., nothing + 1 : nothing + 5], -4, 4))
        boxes = np.stack([x - sides[..., 0], y - sides[..., 1], x + sides[..., 2], y + sides[..., 3]], axis=-1)
        printed = sigmoid(cells[..., nothing + 5])
        return cls(log.astype(np.float32), boxes.astype(np.float32), printed.astype(np.float32), form.characters)

    @property
    def shape(self) -> tuple[int, int]:
        """Return rows and columns of cells."""
        return self.log.shape[0], self.log.shape[1]

    @property
    def digits(self) -> NDArray[np.float32]:
        """Return the probability that a digit has its middle in each cell, (h/4, w/4)."""
        return np.asarray(np.exp(self.log[..., :10]).sum(axis=-1), np.float32)


def places_of(
    seen: SeenPicture, digits: str, inside: NDArray[np.uint8], expected: NDArray[np.float64] | None = None
) -> tuple[CharacterPlace, ...] | None:
    """Find a place for each of the digits, from left to right within `inside` (h/4, w/4; 0 is outside); None if they are not
    seen.

    expected: (len(digits), w/4) log probability of each digit in a column of cells, if anything is known of it.
    """
    rows, columns = np.nonzero(inside)
    if not len(rows) or not digits:
        return None
    area = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    log = np.where(inside[area][..., None] > 0, seen.log[area], -30.0)[..., :10]
    top = log.max(axis=0)
    score = np.stack([top[:, int(digit)] for digit in digits]).astype(np.float64)
    path = _path(score if expected is None else score + expected[:, area[1]])
    if path is None:
        return None
    likely = score[np.arange(len(digits)), path]
    if likely.min() < np.log(_LEAST) or likely.mean() < np.log(_LEAST_MEAN):
        return None
    return tuple(
        _place(seen, digit, int(log[:, column, int(digit)].argmax()) + area[0].start, int(column) + area[1].start)
        for digit, column in zip(digits, path, strict=True)
    )


def _path(score: NDArray[np.float64]) -> NDArray[np.intp] | None:
    """Return the likeliest columns (n,) for n digits, given score (n, columns), each `_APART` behind the previous (Viterbi
    1967)."""
    count, width = score.shape
    if width < (count - 1) * _APART + 1:
        return None
    best, back = score[0], np.zeros((count, width), np.intp)
    for i in range(1, count):
        reach = np.full(width, -np.inf)
        reach[_APART:] = np.maximum.accumulate(best)[:-_APART]
        first = np.zeros(width, np.intp)
        new = np.concatenate([[True], best[1:] > np.maximum.accumulate(best)[:-1]])
        first[_APART:] = np.maximum.accumulate(np.where(new, np.arange(width), 0))[:-_APART]
        back[i], best = first, reach + score[i]
    column = int(best.argmax())
    path = [column]
    for i in range(count - 1, 0, -1):
        path.append(int(back[i, path[-1]]))
    return np.array(path[::-1], np.intp)


def _place(seen: SeenPicture, digit: str, row: int, column: int) -> CharacterPlace:
    left, top, right, bottom = seen.boxes[row, column].tolist()
    return CharacterPlace(digit, left, top, right, bottom, bool(seen.printed[row, column] > 0.5))


def marks_of(
    seen: SeenPicture, text: str, places: tuple[CharacterPlace, ...], pixels: Grey
) -> tuple[tuple[CharacterPlace, ...], NDArray[np.bool_]]:
    """Return places of the marks (points, dashes) of a text with known digit places, where they are clearly seen; and a mask
    (h/4, w/4) of the cells that contain an unseen one."""
    found: list[CharacterPlace] = []
    open_ = np.zeros(seen.shape, bool)
    after = 0
    for character in text:
        if character in "0123456789":
            after += 1
        elif not character.isspace():
            part = _beside(places, after, seen.shape)
            place = _mark_in(seen, character, part) or _point_by_ink(character, places, after, pixels)
            if place is None:
                open_[part] = True
            else:
                found.append(place)
    return tuple(found), open_


def _beside(places: tuple[CharacterPlace, ...], after: int, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Return the cells between the digit before and the one that follows, from above them to below."""
    near = places[max(0, after - 1) : after + 1]
    top, bottom = min(p.top for p in near), max(p.bottom for p in near)
    height = bottom - top
    left = (places[after - 1].left + places[after - 1].right) / 2 if after else places[0].left - height
    right = (places[after].left + places[after].right) / 2 if after < len(places) else places[-1].right + height
    rows, columns = (top - 0.1 * height, bottom + 0.3 * height), (left, right)
    low, high = ([max(0, round(v / STRIDE)) for v in pair] for pair in (rows, columns))
    return slice(low[0], min(low[1], shape[0])), slice(high[0], min(high[1], shape[1]))


def _mark_in(seen: SeenPicture, character: str, part: tuple[slice, slice]) -> CharacterPlace | None:
    """Find a clearly seen mark of that kind in the part."""
    alike = _POINTS if character in _POINTS else character
    kinds = [seen.characters.index(one) for one in alike if one in seen.characters]
    log = seen.log[part][..., kinds].max(axis=-1) if kinds else np.empty((0, 0))
    if not log.size or log.max() < np.log(_PLAINLY):
        return None
    row, column = np.unravel_index(int(log.argmax()), log.shape)
    return _place(seen, character, int(row) + part[0].start, int(column) + part[1].start)


def _point_by_ink(character: str, places: tuple[CharacterPlace, ...], after: int, pixels: Grey) -> CharacterPlace | None:
    if character not in _POINTS:
        return None
    before, behind = places[after - 1] if after else None, places[after] if after < len(places) else None
    boxes = [None if one is None else (one.left, one.top, one.right, one.bottom) for one in (before, behind)]
    box = point_between(pixels, boxes[0], boxes[1])
    return None if box is None else CharacterPlace(character, *box, (before or places[0]).printed)


def unexplained(seen: SeenPicture, places: tuple[CharacterPlace, ...], inside: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return a mask (h/4, w/4) of cells within `inside` where a digit is seen that is none of the places."""
    open_ = np.zeros(inside.shape, bool)
    rows, columns = np.nonzero(inside)
    if not len(rows):
        return open_
    # on a page with hundreds of lines, each uses its own part
    y, x = max(0, rows.min() - 1), max(0, columns.min() - 1)
    part = slice(y, rows.max() + 2), slice(x, columns.max() + 2)
    maybe = (np.exp(seen.log[part][..., :10]).sum(axis=-1) > _SEEN) & (inside[part] > 0)
    around = cv2.dilate(maybe.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    for place in places:
        top, left = (max(0, int(at / STRIDE) - first) for at, first in ((place.top, y), (place.left, x)))
        around[top : max(0, int(place.bottom / STRIDE) + 1 - y), left : max(0, int(place.right / STRIDE) + 1 - x)] = False
    open_[part] = around
    return open_


def area_of(outline: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a mask (h/4, w/4) of the cells within an outline (n, 2), given in pixels of the picture."""
    area = np.zeros(shape, np.uint8)
    cv2.fillPoly(area, [np.rint(outline / STRIDE - 0.5).astype(np.int32)], 1)
    return area
