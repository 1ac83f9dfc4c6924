"""Marks among the digits of a number: points, signs, strokes, fractions, and their confidence.

Three sources are combined: the detector, which finds points and dashes on the page, the columns of the strips, which know all
characters, and the second reader's columns where it was asked. Their scores of a text form a logarithmic opinion pool; a point
or a dash that only one of them sees is never certain. It does not matter which of two texts of one value is written: 2,5 or
2.5, 12 or 12.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, product
from math import log, prod

import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import CHARACTERS, DIGITS, OTHER
from digit_core.inference.reader import Columns
from digit_core.notation import interpret
from digit_core.recognition.detections import Characters
from digit_core.recognition.transcription.ctc import Floats, best_text, log_likelihoods

_READ, _SECOND, _DETECTED = 0.4, 0.4, 1.3
"""Exponents of the scores of marks by our columns, by the second reader's, and by the detector. The first and the last were
fitted, with `_MISSED`, on 762 strips: synthetic ones of one seed, and the dev splits of French notaries, French manuscripts and
Swiss digits. The second reader weighs as much as our own."""

_MISSED = 0.7
"""Probability that the detector misses an existing point or dash."""

_ONE_ALONE = 0.5
"""Greatest confidence of a number with a mark that only one source sees, however faintly, and of one without it."""

_SURELY = 0.9
"""Probability from which a detected mark is weighed against strips that agree on a text without it."""

_HINT = 20.0
"""Factor for the probabilities of marks in the columns, to find those that may have been missed."""

_MOST = 64
"""Greatest number of texts scored for one number."""

_LOOKS = {**dict.fromkeys(".,:'°\"", "."), **dict.fromkeys("-+/½¼¾", "-")}
"""Marks for which the detector may take a mark, where it sees one: an older one knows only points, dashes and stacked figures."""

_KNOWN = ".,-"
"""Marks that an older detector knows, a comma as a point."""

_STACKED = "½¼¾"

_IMPROPER = re.compile(r"(\d{2,})/\d+")
_WIDE, _WIDER = 0.3, 1.8
"""Gap between a whole number and the fraction behind it, relative to a digit's height, and to the other gaps."""

_GAP, _GAP_MORE = 0.6, 0.35
"""Least gap between digits that parts a number, in heights of a digit, and by how much it is wider than all others."""

Slots = tuple[str, ...]
"""The marks before the first digit, between digits, and after the last one: one more than there are digits."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A number whose digits are known.

    The digits' boxes (n, 4) on the page from left to right, the detected marks beside them, the columns of the strips that were
    cut around it, the characters that the strip reader knows, and the columns of the second reader, None where it was not asked.
    """

    digits: str
    boxes: NDArray[np.float32]
    marks: Characters
    columns: tuple[Columns, ...]
    known: str = CHARACTERS
    second: Columns | None = None

    def voices(self, slots: Slots) -> list[tuple[Columns, str, float]]:
        """Return the columns that score a text, the text in the characters that they know, and their exponents."""
        text = _joined(self.digits, slots)
        told = "".join(one for one in text if one in self.known)
        ours = [(columns, told, _READ / len(self.columns)) for columns in self.columns]
        return ours if self.second is None else [*ours, (self.second, text.replace(OTHER, ""), _SECOND)]


@dataclass(frozen=True, slots=True)
class Written:
    """A number with its marks, and the probability that these are right, none missing and none too many."""

    text: str
    sureness: float


def written(asked: Sequence[Asked]) -> list[Written]:
    """Write each number with the marks that the page and its strips make likeliest."""
    witnesses = [_Witnesses(one) for one in asked]
    texts = [one.texts() for one in witnesses]
    likely = _log_likelihoods(asked, texts)
    return [one.chosen(own, values) for one, own, values in zip(witnesses, texts, likely, strict=True)]


def _log_likelihoods(asked: Sequence[Asked], texts: Sequence[Sequence[Slots]]) -> list[Floats]:
    """Return for each number, (its texts,), the weighted scores of every text against all its columns. With only one text nothing
    is scored."""
    several = [number for number, own in enumerate(texts) if len(own) > 1]
    rows = [row for number in several for slots in texts[number] for row in asked[number].voices(slots)]
    columns, told, weights = zip(*rows, strict=True) if rows else ((), (), ())
    scores = iter(log_likelihoods(columns, told) * np.array(weights))
    found = [np.zeros(len(own)) for own in texts]
    for number in several:
        voices = len(asked[number].voices(texts[number][0]))
        each = np.array(list(islice(scores, len(texts[number]) * voices)))
        found[number] = each.reshape(-1, voices).sum(axis=1)
    return found


class _Witnesses:
    """Evidence of detector, strips and second reader for the marks of one number."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        middles = (asked.boxes[:, 0] + asked.boxes[:, 2]) / 2
        self._detected: list[list[tuple[str, float]]] = [[] for _ in range(len(middles) + 1)]
        marks = asked.marks.left_to_right()
        for box, mark, score in zip(marks.boxes, marks.best, marks.scores, strict=True):
            slot = int(np.searchsorted(middles, (box[0] + box[2]) / 2))
            self._detected[slot].append((CHARACTERS[mark], min(max(float(score), 0.01), 0.99)))
        self._read = _all_slots([best_text(columns) for columns in asked.columns], len(middles))
        self._second = [] if asked.second is None else _all_slots([best_text(asked.second)], len(middles))
        others = [change(columns) for columns in asked.columns for change in (_hinting, _without_best_marks)]
        self._hinted = _all_slots([best_text(columns) for columns in others], len(middles))

    def texts(self) -> list[Slots]:
        """Return the texts worth scoring: the proposals of each source, mixed slot by slot."""
        bare: Slots = ("",) * len(self._detected)
        seen = tuple("".join(mark for mark, _ in slot) for slot in self._detected)
        sources = list(dict.fromkeys([bare, seen, *self._read, *self._second, *self._hinted]))
        options = [tuple(dict.fromkeys(slots)) for slots in zip(*sources, strict=True)]
        if prod(len(one) for one in options) <= _MOST:
            return list(product(*options))
        turned = [
            (*one[:slot], other, *one[slot + 1 :])
            for one in self._read or [seen]
            for slot, others in enumerate(options)
            for other in others
        ]
        return list(dict.fromkeys([*sources, *turned]))[:_MOST]

    def chosen(self, texts: Sequence[Slots], likely: Floats) -> Written:
        """Choose the text that the strips agree on, else the likeliest one, with the probability of its marks."""
        scores = likely + _DETECTED * np.array([self._detection(slots) for slots in texts])
        best = self._agreed_by_strips(texts)
        slots = texts[int(np.argmax(scores)) if best is None else best]
        shares = np.exp(scores - scores.max())
        sureness = float(shares[[self._are_alike(slots, other) for other in texts]].sum() / shares.sum())
        apart = _apart(slots, self._asked.boxes)
        if apart is not None or not self._is_confirmed(slots):
            sureness = min(sureness, _ONE_ALONE)
        slots = slots if apart is None else (*slots[:apart], " ", *slots[apart + 1 :])
        return Written(_parted(_joined(self._asked.digits, slots), self._asked.boxes), sureness)

    def _agreed_by_strips(self, texts: Sequence[Slots]) -> int | None:
        """Return the index of the text that all strips read alike, if the detector is sure of no other mark; else None."""
        if len(self._read) < 2 or len(set(self._read)) > 1 or self._read[0] not in texts:
            return None
        pairs = zip(self._read[0], self._detected, strict=True)
        missed = any(score >= _SURELY and not _shows(marks, mark) for marks, seen in pairs for mark, score in seen)
        return None if missed else texts.index(self._read[0])

    def _is_confirmed(self, slots: Slots) -> bool:
        """Whether no mark is missing that the detector sees, and two sources see the others: strips and detector (if it knows
        them), or the second reader and one of these."""
        if not all(_shows(marks, mark) for marks, seen in zip(slots, self._detected, strict=True) for mark, _ in seen):
            return False
        told = all(mark in "".join(one[slot] for one in self._read) for slot, marks in enumerate(slots) for mark in marks)
        seen = all(self._is_detected(slot, marks) for slot, marks in enumerate(slots))
        if not self._second:
            return told and seen
        agreed = seen or any(self._are_alike(slots, own) for own in self._read)
        return agreed and self._are_alike(slots, self._second[0])

    def _are_alike(self, one: Slots, other: Slots) -> bool:
        """Whether these marks are the same, or give the digits the same value."""
        return one == other or _same_value(_joined(self._asked.digits, one), _joined(self._asked.digits, other))

    def _is_detected(self, slot: int, marks: str) -> bool:
        """Whether the detector sees all of these marks that it knows."""
        looks = {_LOOKS.get(mark) for mark, _ in self._detected[slot]}
        return all(_LOOKS[mark] in looks for mark in marks if mark in _KNOWN)

    def _detection(self, slots: Slots) -> float:
        """Return the log likelihood of the detections if these marks stand there."""
        return sum(_seen_as(marks, detected) for marks, detected in zip(slots, self._detected, strict=True))


def _same_value(one: str, other: str) -> bool:
    mine, theirs = interpret(one), interpret(other)
    return mine.value is not None and (mine.kind, mine.value) == (theirs.kind, theirs.value)


def _seen_as(marks: str, detected: Sequence[tuple[str, float]]) -> float:
    seen = {_LOOKS.get(mark, "") for mark, _ in detected}
    shown = sum(log(score if _shows(marks, mark) else 1 - score) for mark, score in detected)
    return shown + sum(log(_MISSED) for mark in marks if mark in _KNOWN and _LOOKS[mark] not in seen)


def _shows(marks: str, detected: str) -> bool:
    """Whether a detected mark is one of these: itself, or what the detector takes one of them for."""
    looks = {_LOOKS.get(mark) for mark in marks}
    return detected in marks or (detected not in _STACKED and _LOOKS.get(detected, detected) in looks)


def _hinting(columns: Columns) -> Columns:
    """Return columns in which weakly seen marks become the likeliest."""
    hinting = columns.copy()
    hinting[:, DIGITS + 1 :] *= _HINT
    return hinting


def _without_best_marks(columns: Columns) -> Columns:
    """Return columns in which every mark is replaced by its alternative, or by none."""
    rivals = columns.copy()
    best = columns.argmax(axis=1)
    marks = np.flatnonzero(best > DIGITS)
    rivals[marks, best[marks]] = 0
    return rivals


def _all_slots(texts: Sequence[str], digits: int) -> list[Slots]:
    """Return the marks of each text by slot; texts with another number of digits are left out."""
    split = [tuple(re.split("[0-9]", text)) for text in texts]
    return [slots for slots in split if len(slots) == digits + 1]


def _joined(digits: str, slots: Slots) -> str:
    return slots[0] + "".join(digit + marks for digit, marks in zip(digits, slots[1:], strict=True))


def _apart(slots: Slots, boxes: NDArray[np.float32]) -> int | None:
    """Return the slot without marks where a gap clearly wider than all others parts the digits; None where there is none.

    Two numbers may stand there, francs and centimes, or a mark that nobody saw.
    """
    if len(boxes) < 2:
        return None
    gaps = (boxes[1:, 0] - boxes[:-1, 2]) / float(np.median(boxes[:, 3] - boxes[:, 1]))
    at = int(np.argmax(gaps))
    others = float(np.delete(gaps, at).max(initial=0.0))
    return at + 1 if not slots[at + 1] and gaps[at] > max(_GAP, others + _GAP_MORE) else None


def _parted(text: str, boxes: NDArray[np.float32]) -> str:
    """Insert a space between a whole number and the fraction behind it, where the gap between their digits shows one."""
    improper = _IMPROPER.fullmatch(text)
    if not improper:
        return text
    count = len(improper[1])
    gaps = boxes[1:count, 0] - boxes[: count - 1, 2]
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    at = int(np.argmax(gaps))
    others = np.delete(gaps, at)
    clear = gaps[at] > _WIDE * height and (not len(others) or gaps[at] > _WIDER * max(float(others.max()), 0.0))
    return f"{text[: at + 1]} {text[at + 1 :]}" if clear else text
