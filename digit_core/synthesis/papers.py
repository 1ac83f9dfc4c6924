"""Paper under ink: grain, shade, security patterns, printed texture, and their degradation by a scan.

Darkness is float32 or uint8 of shape (height, width), 0 paper, 255 black.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digit_core.synthesis.non_digits import Ink

FloatImage = NDArray[np.float32]

_TILE = (96, 640)


def make_patterns(rng: Generator, count: int) -> tuple[FloatImage, ...]:
    """Make textures of (96, 640), each mostly from 0 to 1, from which papers are cut."""
    makers = (_waves, _waves, _guilloche, _guilloche, _grid, _fibres, _clouds, _clouds)
    return tuple(_even(makers[int(rng.integers(len(makers)))](rng)) for _ in range(count))


def worn(ink: Ink, faintest: float, patterns: tuple[FloatImage, ...], rng: Generator, strong: float = 0.33) -> Ink:
    """Render ink (uint8, 255 full) on paper as a scan shows it; `strong`: share of papers with a texture of 10 to 30 % contrast.

    faintest: the strength of the faintest number, which must not be lost in the paper nor fall under the level of a bilevel scan.
    """
    height, width = ink.shape
    strength = 255 * float(rng.uniform(0.22, 1.0) if rng.random() < 0.5 else rng.uniform(0.6, 1.0))
    contrast = strength * faintest
    dark = _f32(ink) * np.float32(strength / 255)
    if rng.random() < 0.45:
        dark = _f32(cv2.GaussianBlur(dark, (0, 0), rng.uniform(0.3, 1.2)))
    if rng.random() < 0.15:
        dark = _low(dark, float(rng.uniform(0.45, 0.8)))
    textured = rng.random() < strong and bool(patterns)
    dark = dark + _plain(height, width, contrast, rng)
    if textured:
        dark = dark + np.float32(contrast * rng.uniform(0.1, 0.32)) * _cut(patterns, height, width, rng)
    luck = rng.random()
    if luck < 0.15 and not textured:
        dark = _bilevel(dark, contrast * float(rng.uniform(0.35, 0.6)), rng)
    elif luck < (0.6 if textured else 0.25):
        dark = cleaned(dark, rng)
    if luck > 0.7:
        dark = dark + rng.standard_normal((height, width), np.float32) * np.float32(min(0.1 * contrast, rng.uniform(1, 9)))
    pixels = np.clip(dark, 0, 255).astype(np.uint8)
    return jpeg(pixels, rng) if rng.random() < 0.3 else pixels


def cleaned(dark: FloatImage, rng: Generator) -> FloatImage:
    """Even out textured paper as preparation does: smooth, and remove what is no darker than most of the paper."""
    smooth = _f32(cv2.GaussianBlur(dark, (0, 0), rng.uniform(0.3, 1.5)))
    paper = float(np.percentile(smooth[::2, ::2], rng.uniform(50, 88)))
    return np.asarray(np.maximum(smooth - np.float32(paper), 0), np.float32)


def jpeg(pixels: Ink, rng: Generator) -> Ink:
    """Compress and decompress with losses."""
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 85))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def _low(dark: FloatImage, less: float) -> FloatImage:
    height, width = dark.shape
    small = cv2.resize(dark, (max(8, round(width * less)), max(8, round(height * less))), interpolation=cv2.INTER_AREA)
    return _f32(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))


def _bilevel(dark: FloatImage, edge: float, rng: Generator) -> FloatImage:
    cut = np.where(dark > edge, np.float32(255), np.float32(0))
    return _f32(cv2.GaussianBlur(cut, (0, 0), rng.uniform(0.4, 0.8))) if rng.random() < 0.5 else _f32(cut)


def _plain(height: int, width: int, contrast: float, rng: Generator) -> FloatImage:
    """Draw a level, slow shade and grain."""
    shade = rng.normal(0, rng.uniform(0, 8), (3, 5)).astype(np.float32)
    field = cv2.resize(shade, (width, height), interpolation=cv2.INTER_CUBIC) + np.float32(rng.uniform(0, 14))
    grain = min(0.14 * contrast, float(rng.choice([1.0, 4.0, 10.0, 18.0], p=[0.3, 0.4, 0.2, 0.1])))
    return np.asarray(field + rng.standard_normal((height, width), np.float32) * np.float32(grain), np.float32)


def _cut(patterns: tuple[FloatImage, ...], height: int, width: int, rng: Generator) -> FloatImage:
    """Cut a piece of a pattern, at some scale, either way up."""
    tile = patterns[int(rng.integers(len(patterns)))]
    scale = float(rng.uniform(0.5, 1.6))
    h, w = min(_TILE[0], max(4, round(height / scale))), min(_TILE[1], max(4, round(width / scale)))
    y, x = int(rng.integers(_TILE[0] - h + 1)), int(rng.integers(_TILE[1] - w + 1))
    part = tile[y : y + h, x : x + w]
    part = part[:, ::-1] if rng.random() < 0.5 else part
    return _f32(cv2.resize(np.ascontiguousarray(part), (width, height), interpolation=cv2.INTER_LINEAR))


def _even(tile: FloatImage) -> FloatImage:
    low, high = np.percentile(tile, (3, 97))
    return np.asarray(np.clip((tile - low) / max(float(high - low), 1e-6), -0.2, 1.2), np.float32)


def _field() -> tuple[FloatImage, FloatImage]:
    y, x = np.mgrid[0 : _TILE[0], 0 : _TILE[1]].astype(np.float32)
    return y, x


def _waves(rng: Generator) -> FloatImage:
    y, x = _field()
    a, b, c, d = rng.uniform(0.2, 1.6, 4)
    one = np.sin(a * x + b * y * rng.choice([-1, 1]) + rng.uniform(0, 5) * np.sin(rng.uniform(0.02, 0.15) * y))
    other = np.sin(c * y - d * x + rng.uniform(0, 5) * np.sin(rng.uniform(0.02, 0.12) * x))
    return _f32(one + rng.choice([0.0, 1.0]) * other)


def _guilloche(rng: Generator) -> FloatImage:
    """Draw bundles of fine curves."""
    canvas = np.zeros(_TILE, np.uint8)
    x = np.arange(-8, _TILE[1] + 8, 4)
    pitch, thick = rng.uniform(4, 14), int(rng.choice([1, 1, 2]))
    for family in range(int(rng.integers(1, 3))):
        long, high = rng.uniform(20, 160), rng.uniform(3, 30)
        tilt, shift = rng.normal(0, 0.5), rng.uniform(0, 2) * family
        for start in np.arange(-150, _TILE[0] + 150, pitch):
            y = start + high * np.sin(2 * np.pi * x / long + shift + start * 0.01) + tilt * (x - _TILE[1] / 2)
            line = np.rint(np.stack([x, y], axis=1) * 8).astype(np.int32)
            cv2.polylines(canvas, [line], False, 255, thick, cv2.LINE_AA, 3)
    return _f32(canvas)


def _grid(rng: Generator) -> FloatImage:
    """Draw dots or small crosses at even distances, as in a printed screen."""
    y, x = _field()
    pitch, angle = rng.uniform(3, 9), rng.uniform(0, 1.5)
    u, v = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
    return _f32(np.maximum(np.cos(2 * np.pi * u / pitch), 0) * np.maximum(np.cos(2 * np.pi * v / pitch), 0))


def _fibres(rng: Generator) -> FloatImage:
    canvas = np.zeros(_TILE, np.uint8)
    for _ in range(int(rng.integers(80, 400))):
        start = rng.uniform((0, 0), (_TILE[1], _TILE[0]))
        end = start + rng.normal(0, 12, 2)
        cv2.line(canvas, start.astype(int).tolist(), end.astype(int).tolist(), int(rng.integers(80, 255)), 1, cv2.LINE_AA)
    return _f32(canvas)


def _clouds(rng: Generator) -> FloatImage:
    """Draw noise of one size, as in dirt and coarse paper."""
    noise = rng.standard_normal(_TILE, np.float32)
    fine, coarse = sorted(rng.uniform(0.6, 8, 2))
    return _f32(cv2.GaussianBlur(noise, (0, 0), fine)) - _f32(cv2.GaussianBlur(noise, (0, 0), coarse + 0.5))


def _f32(pixels: Any) -> FloatImage:
    return np.asarray(pixels, np.float32)
