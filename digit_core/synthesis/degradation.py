"""Degradation of a page by age and scanner: uneven light, stains, faded ink, show-through, specks and noise.

`wear` goes from 0 (as new: flat light, full ink, no noise) to 1 (hard to read, but possible for a person). Fields that change
slowly are made small and enlarged; noise is one tile repeated: both keep a page of nine megapixels fast.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digit_core.records import Grey
from digit_core.synthesis.glyph_paths import Floats

_COARSE = 16  # a slow field has one value per so many pixels
_TILE = 512
Tones = NDArray[np.uint8]
"""A colour for every grey, shape (256, 3), blue green red, each with the lightness of its grey."""


def worn(print_ink: Grey, pen_ink: Grey, wear: float, rng: Generator) -> Grey:
    """Render the page: paper darkened by two layers of ink (0 is none, 255 black), shape (height, width)."""
    shape = print_ink.shape
    pen_ink = _faded(pen_ink, wear, rng)
    ink = np.maximum(print_ink, pen_ink)
    page = _darkened(_paper(shape, wear, rng), ink)
    if wear > 0:
        page = _darkened(page, _from_behind(ink, wear, rng))
        _add_specks(page, wear, rng)
        page = np.asarray(cv2.GaussianBlur(page, (5, 5), 0.5 + 0.5 * wear), np.uint8)
        page = _noisy(page, wear, rng)
    return page


def blacken_outside(page: Grey, sheet: Floats, rng: Generator) -> None:
    """Fill everything outside the sheet (its four corners, (4, 2)) with the dark of the scanner's bed."""
    height, width = page.shape
    frame = np.array([[-9, -9], [width + 9, -9], [width + 9, height + 9], [-9, height + 9]], np.int32)
    cv2.fillPoly(page, [frame, np.rint(sheet).astype(np.int32)], int(rng.integers(12, 38)), cv2.LINE_8)


def tones_drawn_by(rng: Generator) -> Tones:
    """Draw a tint for paper and one for ink. The lightness stays, so that the page converted to grey is unchanged."""
    warmth = rng.uniform(4, 20)
    paper = _with_lightness_kept(-warmth, warmth * rng.uniform(0.2, 0.5))
    ink = _with_lightness_kept(*[(32.0, -14.0), (-18.0, 16.0), (4.0, 2.0)][int(rng.integers(3))])
    grey = np.arange(256.0)[:, None]
    to_paper = np.clip((grey - 80) / 110, 0, 1)
    to_ink = (1 - to_paper) * np.clip((grey - 35) / 30, 0, 1)  # darker than ink is the scanner's bed: grey
    return np.clip(np.rint(grey + to_paper * paper + to_ink * ink), 0, 255).astype(np.uint8)


def _with_lightness_kept(blue: float, red: float) -> Floats:
    return np.array([blue, -(0.114 * blue + 0.299 * red) / 0.587, red])


def _slow_field(shape: tuple[int, ...], rng: Generator, grain: int) -> Floats:
    """Return smooth noise of about -1 to 1 on the coarse grid; `grain` waves over the page's height."""
    seed = rng.standard_normal((grain + 3, max(2, round(grain * shape[1] / shape[0])) + 3))
    return np.asarray(cv2.resize(seed, _coarse_size(shape), interpolation=cv2.INTER_CUBIC), np.float64) / 1.5


def _coarse_size(shape: tuple[int, ...]) -> tuple[int, int]:
    return max(2, shape[1] // _COARSE), max(2, shape[0] // _COARSE)


def _enlarged(field: Floats, shape: tuple[int, ...]) -> Grey:
    small = np.clip(np.rint(field), 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.uint8)


def _paper(shape: tuple[int, ...], wear: float, rng: Generator) -> Grey:
    level = rng.uniform(225, 245) - 25 * wear * rng.random()
    light = 1 + wear * (0.06 * _slow_field(shape, rng, 2) + 0.025 * _slow_field(shape, rng, 14))
    light *= _light_across(shape, wear, rng)
    for _ in range(rng.poisson(4 * wear)):
        light *= 1 - wear * _stain(shape, rng)
    return _enlarged(level * light, shape)


def _light_across(shape: tuple[int, ...], wear: float, rng: Generator) -> Floats:
    """Return uneven light: a lamp to one side, and the shadow of the fold along one edge."""
    width, height = _coarse_size(shape)
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    lamp = 1 - wear * 0.12 * (x * rng.uniform(-1, 1) + y * rng.uniform(-1, 1))
    fold = 1 - wear * 0.35 * rng.random() * np.exp(-(1 + x * rng.choice([-1, 1])) / 0.06)
    return np.asarray(lamp * fold)


def _stain(shape: tuple[int, ...], rng: Generator) -> Floats:
    """Return how much a stain darkens, 0 to 0.3: a wavy blot, darker at its rim where it dried last."""
    width, height = _coarse_size(shape)
    y, x = np.mgrid[0:height, 0:width]
    radius = rng.uniform(0.03, 0.14) * height
    away = np.hypot(x - rng.uniform(0, width), (y - rng.uniform(0, height)) * rng.uniform(0.8, 1.25)) / radius
    away += 0.12 * _slow_field(shape, rng, 12)
    body = 1 / (1 + np.exp(np.clip((away - 1) * 14, -60, 60)))
    return np.asarray(rng.uniform(0.06, 0.18) * (0.55 * body + 0.7 * np.exp(-(((away - 0.97) / 0.09) ** 2))))


def _faded(ink: Grey, wear: float, rng: Generator) -> Grey:
    if wear == 0:
        return ink
    strength = 1 - wear * np.clip(0.15 + 0.3 * _slow_field(ink.shape, rng, 4), 0, 0.55)
    return np.asarray(cv2.multiply(ink, _enlarged(255 * strength, ink.shape), scale=1 / 255), np.uint8)


def _darkened(paper: Grey, ink: Grey) -> Grey:
    return np.asarray(cv2.multiply(paper, cv2.bitwise_not(ink), scale=1 / 255), np.uint8)


def _from_behind(ink: Grey, wear: float, rng: Generator) -> Grey:
    """Return the show-through of the other side: this page's own ink mirrored, shifted, blurred and faint."""
    height, width = ink.shape
    small = cv2.resize(ink, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(cv2.flip(small, 1), (0, 0), 1.0)
    small = np.roll(small, rng.integers(-60, 60, 2).tolist(), (0, 1))
    small = cv2.convertScaleAbs(small, alpha=float(wear * rng.uniform(0, 0.16)))
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _add_specks(page: Grey, wear: float, rng: Generator) -> None:
    height, width = page.shape
    count = int(rng.poisson(250 * wear))
    largest = 2.5 * height / 3508
    for x, y, size, dark in rng.random((count, 4)).tolist():
        radius = 0.3 + largest * size**3
        centre = int(x * width * 16), int(y * height * 16)
        cv2.circle(page, centre, max(8, int(radius * 16)), int(40 + 120 * dark), cv2.FILLED, cv2.LINE_AA, 4)


def _noisy(page: Grey, wear: float, rng: Generator) -> Grey:
    """Add grain of paper and sensor: coarse and fine noise, 1 to 7 grey levels."""
    fine = rng.standard_normal((_TILE, _TILE), np.float32)
    coarse = cv2.resize(rng.standard_normal((_TILE // 4, _TILE // 4), np.float32), (_TILE, _TILE), interpolation=cv2.INTER_LINEAR)
    tile = np.clip(128 + 24 * fine + 24 * np.asarray(coarse), 0, 255).astype(np.uint8)
    height, width = page.shape
    tiled = np.tile(tile, (height // _TILE + 1, width // _TILE + 1))[:height, :width]
    strength = (1.0 + 5.0 * wear) / 24
    return np.asarray(cv2.addWeighted(page, 1, np.ascontiguousarray(tiled), strength, -128 * strength), np.uint8)
