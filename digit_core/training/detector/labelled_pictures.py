"""Pictures with known places of all digits: pages by their transcribed lines, strips by their text.

A picture is darkness (uint8, 0 paper, 255 black), scaled so that the median height of its figures is FIGURE pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.errors import InputError
from digit_core.evaluation.transcriptions import TranscribedLine, read_transcription
from digit_core.imaging.decode import decode_page
from digit_core.imaging.prepare import prepare
from digit_core.imaging.prepare_strip import prepare_strip
from digit_core.inference.network_spec import STRIDE
from digit_core.inference.reader import Detector
from digit_core.params import DecodeLimits, SegmentationParams
from digit_core.recognition.detector import strengthened
from digit_core.records import Grey
from digit_core.synthesis.training_images import CharacterPlace
from digit_core.training.detector.self_labels import LabelledPlaces, SeenPicture, area_of, marks_of, places_of, unexplained
from digit_core.training.number_sets import LabelledNumber
from digit_core.training.transcribed_numbers import transcribed_scans

FIGURE = 26.0
"""Median height in pixels of the figures of a labelled picture."""

DIGITS = "0123456789"

_LINE, _STRIP = 0.45, 0.45
"""First estimate of the figures' height as a share of a line's outline, and of a strip."""

_WORDY = 0.5
"""Least probability of every digit among words, where only the order of the letters tells its place."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPicture:
    """A picture with labels: pixels (h, w); places of its characters; open (h/4, w/4): cells with unknown content; words: boxes
    left, top, right, bottom of lines (or parts) without a digit."""

    pixels: Grey
    places: tuple[CharacterPlace, ...]
    open: NDArray[np.bool_]
    words: tuple[tuple[int, int, int, int], ...] = ()


def labelled_pages(folder: Path, detector: Detector) -> list[LabelledPicture]:
    """Label the scans of a folder that have an ALTO file of their name beside them, ordered by name.

    Raises InputError when there is none, or one cannot be read.
    """
    found = [_page(scan, read_transcription(alto), detector) for scan, alto in transcribed_scans(folder)]
    if not found:
        raise InputError(f"{folder} holds no scan with an ALTO file (name.xml) beside it: name a folder of transcribed pages")
    return found


def _page(scan: Path, lines: Sequence[TranscribedLine], detector: Detector) -> LabelledPicture:
    image = decode_page(scan.read_bytes(), 0, DecodeLimits()).pixels
    darkness = prepare(image, SegmentationParams(max_skew=0)).darkness
    numbers = [line for line in lines if line.is_number]
    heights = [np.ptp(line.outline[:, 1]) for line in numbers or lines]
    scale = FIGURE / (_LINE * float(np.median(heights))) if heights else 1.0
    small, seen = _looked_at(darkness, scale, detector)
    figures = [
        place.bottom - place.top
        for line in numbers
        for place in _of_number(line, small, seen, scale)[0]
        if place.character in DIGITS
    ]
    scale *= FIGURE / float(np.median(figures)) if figures else 1.0
    small, seen = _looked_at(darkness, scale, detector)
    return _labelled(small, seen, lines, scale)


def _looked_at(darkness: Grey, scale: float, detector: Detector) -> tuple[Grey, SeenPicture]:
    height, width = (max(16, round(side * scale)) for side in darkness.shape)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = strengthened(np.asarray(cv2.resize(darkness, (width, height), interpolation=method), np.uint8))
    return small, SeenPicture.of(detector.find(small), detector.detector)


def _labelled(small: Grey, seen: SeenPicture, lines: Sequence[TranscribedLine], scale: float) -> LabelledPicture:
    """Label lines of numbers with their digits, and words; the rest is open where the detector sees digits."""
    known = np.zeros(seen.shape, bool)
    open_ = np.zeros(seen.shape, bool)
    places: list[CharacterPlace] = []
    words = []
    for line in lines:
        area = area_of(line.outline * scale, seen.shape)
        known |= area > 0
        if not line.digits:
            words.append(_box(line.outline * scale))
            continue
        own, unknown = _of_number(line, small, seen, scale) if line.is_number else _of_words(line, seen, scale)
        places += own
        open_ |= unknown
    open_ |= unexplained(seen, tuple(places), (~known).astype(np.uint8))
    return LabelledPicture(small, tuple(places), open_, tuple(words))


def _of_number(
    line: TranscribedLine, small: Grey, seen: SeenPicture, scale: float
) -> tuple[tuple[CharacterPlace, ...], NDArray[np.bool_]]:
    area = area_of(line.outline * scale, seen.shape)
    places = places_of(seen, line.digits, area)
    if places is None:
        return (), area > 0
    marks, unknown = marks_of(seen, line.text, places, small)
    return (*places, *marks), unexplained(seen, places, area) | unknown


def _of_words(line: TranscribedLine, seen: SeenPicture, scale: float) -> LabelledPlaces:
    """Label digits among words: about where they must stand, and only if all that stand together are seen together."""
    area = area_of(line.outline * scale, seen.shape)
    left, right = (line.outline[:, 0] * scale / STRIDE).min(), (line.outline[:, 0] * scale / STRIDE).max()
    columns = np.arange(area.shape[1])
    places: list[CharacterPlace] = []
    open_ = np.zeros(area.shape, bool)
    for start, run in _runs(line.text):
        middles = left + (start + np.arange(len(run)) + 0.5) / len(line.text) * (right - left)
        reach = 0.05 * (right - left) + FIGURE / STRIDE
        near = area * (np.abs(columns - middles.mean()) < 2.5 * reach + np.ptp(middles) / 2)
        expected = -0.5 * np.square((columns - middles[:, None]) / reach)
        own = places_of(seen, run, near.astype(np.uint8), expected) if len(run) > 1 else None
        if own is None or not _together(own, seen):
            open_ |= near > 0
        else:
            places += own
            open_ |= unexplained(seen, own, near.astype(np.uint8))
    return tuple(places), open_


def _runs(text: str) -> Iterable[tuple[int, str]]:
    for is_digit, group in groupby(enumerate(text), key=lambda pair: pair[1] in DIGITS):
        pairs = list(group)
        if is_digit:
            yield pairs[0][0], "".join(character for _, character in pairs)


def _together(places: Sequence[CharacterPlace], seen: SeenPicture) -> bool:
    """Whether digits are clearly seen, close to each other and of similar heights."""
    heights = np.array([place.bottom - place.top for place in places])
    gaps = np.array([b.left - a.right for a, b in pairwise(places)])
    sure = [_digit_at(seen, (p.left + p.right) / 2, (p.top + p.bottom) / 2) > _WORDY for p in places]
    return bool(all(sure) and heights.max() < 2 * heights.min() and (gaps < 0.7 * heights.mean()).all())


def _digit_at(seen: SeenPicture, x: float, y: float) -> float:
    row, column = min(int(y / STRIDE), seen.shape[0] - 1), min(int(x / STRIDE), seen.shape[1] - 1)
    return float(np.exp(seen.log[row, column, :10]).sum())


def _box(outline: NDArray[np.float32]) -> tuple[int, int, int, int]:
    (left, top), (right, bottom) = outline.min(axis=0), outline.max(axis=0)
    return int(left), int(top), int(np.ceil(right)), int(np.ceil(bottom))


def labelled_strips(rows: Iterable[LabelledNumber], detector: Detector) -> list[LabelledPicture]:
    """Label the pictures of numbers whose digits are all seen; the others are left out."""
    return [found for row in rows if (found := _strip(row, detector)) is not None]


def _strip(row: LabelledNumber, detector: Detector) -> LabelledPicture | None:
    """Label a strip in two passes: at the scale that its height suggests, and at the size of its figures."""
    if not row.digits:
        return None
    darkness = prepare_strip(row.pixels(), SegmentationParams()).darkness
    scale = FIGURE / (_STRIP * darkness.shape[0])
    for last in (False, True):
        small, seen = _looked_at(darkness, min(scale, 4000 / darkness.shape[1]), detector)
        inside = np.ones(seen.shape, np.uint8)
        places = places_of(seen, row.digits, inside)
        if places is None:
            return None
        if last:
            marks, unknown = marks_of(seen, row.text, places, small)
            return LabelledPicture(small, (*places, *marks), unexplained(seen, places, inside) | unknown)
        scale = min(scale, 4000 / darkness.shape[1]) * FIGURE / float(np.median([p.bottom - p.top for p in places]))
    return None
