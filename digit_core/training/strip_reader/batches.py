"""Training batches of strips: of similar width, padded with paper, each time on slightly different paper."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import CHARACTERS, STRIP_HEIGHT
from digit_core.synthesis.number_strips import Strip

UnitImages = NDArray[np.float32]

LONGEST = 32
"""Greatest number of characters of a strip."""

_SETTLING = 20
"""Greatest number of batches from which the normalisations of a network learn their statistics."""

_BUCKET = 32
"""Pixels: strips of one batch are padded to a multiple of this, as for reading."""


def by_width(strips: Sequence[Strip], batch: int, rng: np.random.Generator) -> list[NDArray[np.intp]]:
    """Return indices of strips in batches of similar width, in random order."""
    widths = np.array([strip.pixels.shape[1] for strip in strips]) * rng.uniform(0.9, 1.1, len(strips))
    order = np.argsort(widths, kind="stable")
    groups = [order[start : start + batch] for start in range(0, len(order), batch)]
    return [groups[i] for i in rng.permutation(len(groups))]


def batch_of(strips: Sequence[Strip]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Return pixels (n, 40, width), padded with paper on the right, and classes (n, longest) from 1, padded with 0."""
    width = -(-max(strip.pixels.shape[1] for strip in strips) // _BUCKET) * _BUCKET
    pixels = np.zeros((len(strips), STRIP_HEIGHT, width), np.uint8)
    classes = np.zeros((len(strips), LONGEST), np.int32)
    for row, strip in enumerate(strips):
        pixels[row, :, : strip.pixels.shape[1]] = strip.pixels
        classes[row, : len(strip.text)] = [CHARACTERS.index(character) + 1 for character in strip.text]
    return pixels, classes


def on_other_paper(pixels: NDArray[np.uint8], rng: np.random.Generator) -> UnitImages:
    """Return the strips in [0, 1], moved a little, lighter or darker, and on slightly rougher paper than before."""
    count = len(pixels)
    moved = np.zeros_like(pixels)
    for row, (down, right) in enumerate(zip(rng.integers(-2, 3, count), rng.integers(0, 5, count), strict=True)):
        moved[row, max(0, down) : STRIP_HEIGHT + min(0, down), right:] = pixels[
            row, max(0, -down) : STRIP_HEIGHT - max(0, down), : pixels.shape[2] - right
        ]
    gain = (rng.uniform(0.75, 1.2, (count, 1, 1)) / 255).astype(np.float32)
    rough = (rng.uniform(0, 0.035, (count, 1, 1)) * (rng.random((count, 1, 1)) < 0.5)).astype(np.float32)
    noise = rng.standard_normal(pixels.shape, np.float32)
    return np.asarray(np.clip(moved * gain + rough * noise, 0, 1), np.float32)


def in_unit(pixels: NDArray[np.uint8]) -> UnitImages:
    """Scale to network input: from 0, paper, to 1."""
    return np.asarray(pixels / np.float32(255), np.float32)


def some_batches(strips: Sequence[Strip], rng: np.random.Generator) -> list[UnitImages]:
    """Return batches (n, 40, width) in [0, 1] of similar width, from which normalisations learn their means and variances."""
    return [in_unit(batch_of([strips[i] for i in group])[0]) for group in by_width(strips, 48, rng)[:_SETTLING]]
