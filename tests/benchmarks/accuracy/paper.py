"""What is under and over the writing of the exam: paper, rules, and what a camera or scanner makes of it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]


def sheet(shape: tuple[int, ...], height: float, rng: Generator) -> Floats:
    """Light of empty paper, 0 to 1: its tone, clouds, fibres, a shadow, and now and then spots or the other side's ink."""
    paper = np.full(shape, rng.uniform(0.62, 0.98), np.float32)
    paper += _clouds(shape, 1.5 * height, rng) * rng.uniform(0, 0.05)
    paper += _clouds(shape, 0.05 * height, rng) * rng.uniform(0, 0.03)
    paper += np.linspace(-1, 1, shape[1], dtype=np.float32) * rng.uniform(-0.08, 0.08)
    if rng.random() < 0.15:
        _stain(paper, height, rng)
    if rng.random() < 0.15:
        _shine_through(paper, height, rng)
    return np.clip(paper, 0.3, 1).astype(np.float32)


def _clouds(shape: tuple[int, ...], size: float, rng: Generator) -> Floats:
    coarse = rng.normal(0, 1, (int(shape[0] / size) + 3, int(shape[1] / size) + 3)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def _stain(paper: Floats, height: float, rng: Generator) -> None:
    for _ in range(int(rng.integers(1, 5))):
        spot = np.zeros_like(paper)
        centre = int(rng.integers(paper.shape[1])), int(rng.integers(paper.shape[0]))
        cv2.circle(spot, centre, max(1, int(height * rng.uniform(0.03, 0.5))), 1.0, -1)
        paper -= cv2.GaussianBlur(spot, (0, 0), max(0.8, 0.04 * height)) * np.float32(rng.uniform(0.04, 0.18))


def _shine_through(paper: Floats, height: float, rng: Generator) -> None:
    """Faint strokes of the page behind."""
    ghost = np.zeros_like(paper)
    for _ in range(int(rng.integers(2, 6))):
        at = rng.integers((0, 0), (paper.shape[1], paper.shape[0]))
        axes = (max(1, int(height * rng.uniform(0.1, 0.35))), max(1, int(height * rng.uniform(0.2, 0.5))))
        start = float(rng.uniform(0, 360))
        centre = (int(at[0]), int(at[1]))
        cv2.ellipse(ghost, centre, axes, 20, start, start + float(rng.uniform(90, 270)), 1.0, max(1, int(0.08 * height)))
    paper -= cv2.GaussianBlur(ghost, (0, 0), 0.05 * height) * np.float32(rng.uniform(0.03, 0.1))


def crossed_by_rules(paper: Floats, base: int, height: float, rng: Generator) -> Floats:
    """The paper with the form's lines: under the number, at its sides, above it, or through it; solid, dotted, broken."""
    dark = float(rng.uniform(0.15, 0.55))
    pen = max(1, round(height * rng.uniform(0.02, 0.07)))
    rows, columns = paper.shape
    if rng.random() < 0.5:
        y = base + round(height * rng.normal(0.06, 0.08))
        _rule(paper, (0, y), (columns, y + round(rng.normal(0, 0.05) * height)), dark, pen, rng)
    if rng.random() < 0.25:
        y = base - round(height * rng.uniform(1.05, 1.4))
        _rule(paper, (0, y), (columns, y), dark, pen, rng)
    for side in (0, 1):
        if rng.random() < 0.22:
            x = round(height * rng.uniform(0.02, 0.14))
            x = columns - 1 - x if side else x
            _rule(paper, (x, 0), (x + round(rng.normal(0, 0.04) * height), rows), dark, pen, rng)
    if rng.random() < 0.04:
        y = base - round(height * rng.uniform(0.2, 0.8))
        _rule(paper, (0, y), (columns, y), dark * 0.7, pen, rng)
    return paper


def _rule(paper: Floats, start: tuple[int, int], end: tuple[int, int], dark: float, pen: int, rng: Generator) -> None:
    line = np.zeros_like(paper)
    cv2.line(line, start, end, 1.0, pen, cv2.LINE_AA)
    if rng.random() < 0.25:  # dotted, or worn off in places
        period = int(rng.integers(3, 12)) * pen
        along = np.arange(max(paper.shape)) % period < period * rng.uniform(0.3, 0.7)
        level = abs(end[0] - start[0]) > abs(end[1] - start[1])
        line *= along[: paper.shape[1]][None, :] if level else along[: paper.shape[0]][:, None]
    paper *= 1 - dark * line


def captured(paper: Floats, ink: Floats, height: float, rng: Generator, *, moved: bool = True) -> Grey:
    """The written paper as a file has it: the ink's own tone, a turn, blur, noise, a poorer scan, one bit, JPEG.

    Unless `moved`, every pixel stays in its place, so that boxes stay true.
    """
    tone = rng.uniform(0.35, 0.95)
    if rng.random() < 0.2:  # pencil: the paper's grain breaks the stroke
        ink = ink * np.clip(0.75 + 0.35 * _clouds(ink.shape, max(1.0, 0.03 * height), rng), 0, 1)
    else:  # a pen runs dry and wet along the line
        ink = ink * np.clip(0.9 + 0.15 * _clouds(ink.shape, 0.8 * height, rng), 0, 1)
    light = paper * (1 - tone * ink)
    if moved:
        light = _turned(light, rng.normal(0, 1.3))
    light = cv2.GaussianBlur(light, (0, 0), 0.3 + height * rng.uniform(0, 0.022))
    light = light + rng.normal(0, rng.uniform(0.002, 0.03), light.shape)
    grey = (255 * np.clip(light, 0, 1) ** rng.uniform(0.8, 1.25)).astype(np.uint8)
    return _stored(_poorer(grey, height, rng) if moved else grey, rng)


def _turned(light: Floats, degrees: float) -> Floats:
    rows, columns = light.shape
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(light, matrix, (columns, rows), borderMode=cv2.BORDER_REPLICATE), np.float32)


def _poorer(grey: Grey, height: float, rng: Generator) -> Grey:
    """Scanned at a lower resolution, digits 14 pixels high at least."""
    if rng.random() > 0.25:
        return grey
    scale = max(14 / height, rng.uniform(0.4, 0.9))
    size = max(8, round(grey.shape[1] * scale)), max(8, round(grey.shape[0] * scale))
    return grey if scale >= 1 else np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _stored(grey: Grey, rng: Generator) -> Grey:
    luck = rng.random()
    if luck < 0.1:
        _, grey = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    elif luck < 0.75:
        _, data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 92))])
        grey = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    return np.asarray(grey, np.uint8)
