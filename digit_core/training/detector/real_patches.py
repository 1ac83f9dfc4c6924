"""Patches from real pages and strips with known places of all digits, varied in size, paper and light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digit_core.recognition.detector import strengthened
from digit_core.records import Grey
from digit_core.synthesis.non_digits import Ink
from digit_core.synthesis.papers import FloatImage, cleaned, jpeg
from digit_core.synthesis.patches import Patch, with_border
from digit_core.synthesis.training_images import CharacterPlace
from digit_core.training.detector.labelled_pictures import FIGURE, LabelledPicture

_SEEN = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """Affine map from the picture to the patch: matrix (2, 3)."""

    matrix: NDArray[np.float64]
    height: int
    width: int


def cut_patch(picture: LabelledPicture, patterns: tuple[FloatImage, ...], rng: Generator, height: int, width: int) -> Patch:
    """Cut a part of a page, near a number or anywhere, at some size, slightly sheared and rotated."""
    view = _view(_aim(picture, rng), float(np.exp(rng.uniform(np.log(15), np.log(36)))) / FIGURE, height, width, rng)
    pixels, places, open_ = _seen_through(picture, view)
    patch = Patch(_varied(pixels, places, patterns, rng), places, open_)
    return with_border(patch, rng) if rng.random() < 0.06 else patch


def tile_strips(
    pictures: Sequence[LabelledPicture], patterns: tuple[FloatImage, ...], rng: Generator, height: int, width: int
) -> Patch:
    """Tile several strips, each with its edges, as when strips are detected one by one."""
    pixels = np.zeros((height, width), np.uint8)
    places: list[CharacterPlace] = []
    open_ = np.zeros((height // 4, width // 4), bool)
    top = 0
    while top < height - 24:
        left, lowest = 0, 0
        while left < width - 24:
            one = pictures[int(rng.integers(len(pictures)))]
            scale = float(np.exp(rng.uniform(np.log(16), np.log(34)))) / FIGURE
            scale = min(scale, 1.3 * height / one.pixels.shape[0])
            h, w = (4 * max(2, round(side * scale / 4)) for side in one.pixels.shape)
            view = _view((one.pixels.shape[1] / 2, one.pixels.shape[0] / 2), scale, h, w, rng)
            part, own, unknown = _seen_through(one, view)
            part = _varied(part, own, patterns, rng)
            h, w = min(h, height - top), min(w, width - left)
            pixels[top : top + h, left : left + w] = part[:h, :w]
            open_[top // 4 : (top + h) // 4, left // 4 : (left + w) // 4] = unknown[: h // 4, : w // 4]
            places += [moved for place in own if (moved := _clipped(place, left, top, h, w)) is not None]
            left, lowest = left + w + 4 * int(rng.integers(1, 8)), max(lowest, h)
        top += lowest + 4 * int(rng.integers(1, 4))
    return Patch(pixels, tuple(places), open_)


def real_words(pictures: Sequence[LabelledPicture]) -> list[Ink]:
    """Cut lines without digits into pieces of at most five times their height, as ink to write elsewhere."""
    return [piece for picture in pictures for box in picture.words for piece in _pieces(picture.pixels, box)]


def _pieces(pixels: Grey, box: tuple[int, int, int, int]) -> list[Ink]:
    left, top, right, bottom = (max(0, v) for v in box)
    line = pixels[top:bottom, left:right]
    if line.size == 0 or min(line.shape) < 10 or line.shape[0] > 5 * FIGURE:
        return []
    paper = float(np.percentile(line, 60))
    ink = np.clip((line.astype(np.float32) - paper - 12) * 1.15, 0, 255).astype(np.uint8)
    long = 5 * ink.shape[0]
    parts = [ink[:, x : x + long] for x in range(0, ink.shape[1], long)]
    return [part for part in parts if part.shape[1] > 0.7 * part.shape[0] and part.max() > 100]


def _aim(picture: LabelledPicture, rng: Generator) -> tuple[float, float]:
    """Choose the middle of a number, of words, or any point."""
    height, width = picture.pixels.shape
    luck = rng.random()
    if luck < 0.55 and picture.places:
        place = picture.places[int(rng.integers(len(picture.places)))]
        return place.left + rng.normal(0, 60), place.top + rng.normal(0, 30)
    if luck < 0.9 and picture.words:
        left, top, right, bottom = picture.words[int(rng.integers(len(picture.words)))]
        return rng.uniform(left, max(right, left + 1)), (top + bottom) / 2
    return rng.uniform(0, width), rng.uniform(0, height)


def _view(middle: tuple[float, float], scale: float, height: int, width: int, rng: Generator) -> _View:
    shear, turn, stretch = rng.normal(0, 0.08), rng.normal(0, 0.015), float(np.exp(rng.normal(0, 0.08)))
    linear = scale * np.array([[stretch, -shear], [turn, 1.0]])
    shift = np.array([width / 2, height / 2]) - linear @ np.array(middle)
    return _View(np.hstack([linear, shift[:, None]]), height, width)


def _seen_through(picture: LabelledPicture, view: _View) -> tuple[Grey, tuple[CharacterPlace, ...], NDArray[np.bool_]]:
    size = view.width, view.height
    method = cv2.INTER_AREA if abs(np.linalg.det(view.matrix[:, :2])) < 0.6 else cv2.INTER_LINEAR
    pixels = np.asarray(cv2.warpAffine(picture.pixels, view.matrix, size, flags=method), np.uint8)
    cells = view.matrix.copy()
    cells[:, 2] /= 4
    small = cv2.warpAffine(picture.open.astype(np.uint8), cells, (view.width // 4, view.height // 4), flags=cv2.INTER_LINEAR)
    places = tuple(one for place in picture.places if (one := _through(place, view)) is not None)
    return pixels, places, np.asarray(small > 0)


def _through(place: CharacterPlace, view: _View) -> CharacterPlace | None:
    """Map the place to the patch, as an upright box; None where it is outside."""
    x, y = (place.left + place.right) / 2, (place.top + place.bottom) / 2
    middle = view.matrix @ np.array([x, y, 1.0])
    linear = np.abs(view.matrix[:, :2])
    w, h = linear @ np.array([place.right - place.left, 0.0])[:2], linear @ np.array([0.0, place.bottom - place.top])
    half = (w + np.array([0.5, 1.0]) * h) / 2
    left, top, right, bottom = middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1]
    moved = CharacterPlace(place.character, left, top, right, bottom, place.printed)
    return _clipped(moved, 0, 0, view.height, view.width)


def _clipped(place: CharacterPlace, left: int, top: int, height: int, width: int) -> CharacterPlace | None:
    """Move by (left, top); `asked` only if enough of it lies in the part of that size; None where it is outside."""
    w, h = place.right - place.left, place.bottom - place.top
    seen_w, seen_h = min(place.right, width) - max(place.left, 0), min(place.bottom, height) - max(place.top, 0)
    if seen_w <= 0 or seen_h <= 0:
        return None
    asked = place.asked and seen_w * seen_h >= _SEEN * w * h
    return CharacterPlace(
        place.character, place.left + left, place.top + top, place.right + left, place.bottom + top, place.printed, asked
    )


def _faintest(dark: FloatImage, places: Sequence[CharacterPlace]) -> float:
    """Return the darkness of the faintest character: patterns and the level of a bilevel scan must stay below it."""
    parts = [dark[max(0, int(p.top)) : int(p.bottom) + 1, max(0, int(p.left)) : int(p.right) + 1] for p in places if p.asked]
    whole = float(np.percentile(dark[::2, ::2], 99))
    return max(1.0, min([whole, *(float(np.percentile(part, 95)) for part in parts if part.size)]))


def _varied(pixels: Grey, places: Sequence[CharacterPlace], patterns: tuple[FloatImage, ...], rng: Generator) -> Grey:
    """Vary light, pen and paper."""
    dark = pixels.astype(np.float32)
    luck = rng.random()
    if luck < 0.1:
        dark = _f32(cv2.dilate(dark, np.ones((2, 2), np.uint8)))
    elif luck < 0.18:
        dark = _f32(cv2.erode(dark, np.ones((2, 2), np.uint8)))
    elif luck < 0.4:
        dark = _f32(cv2.GaussianBlur(dark, (0, 0), rng.uniform(0.4, 1.0)))
    dark = dark * np.float32(rng.uniform(0.5, 1.15))
    contrast = _faintest(dark, places)
    luck = rng.random()
    if luck < 0.15 and patterns:
        tile = patterns[int(rng.integers(len(patterns)))]
        pattern = (
            cv2.resize(tile, (pixels.shape[1], pixels.shape[0]))
            if pixels.shape[1] > tile.shape[1] or pixels.shape[0] > tile.shape[0]
            else tile[: pixels.shape[0], : pixels.shape[1]]
        )
        dark = dark + np.float32(contrast * rng.uniform(0.05, 0.28)) * pattern
    elif luck < 0.25:
        dark = np.where(dark > contrast * rng.uniform(0.35, 0.6), np.float32(255), np.float32(0))
    if rng.random() < 0.15:
        dark = cleaned(dark, rng)
    if rng.random() < 0.4:
        dark = dark + rng.standard_normal(dark.shape, np.float32) * np.float32(rng.uniform(0.5, 9))
    varied = np.clip(dark, 0, 255).astype(np.uint8)
    return strengthened(jpeg(varied, rng) if rng.random() < 0.15 else varied)


def _f32(pixels: object) -> FloatImage:
    return np.asarray(pixels, np.float32)
