"""Labelled pictures in one file, so that thousands of them are labelled once per training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digit_core.synthesis.training_images import CharacterPlace
from digit_core.training.detector.labelled_pictures import LabelledPicture


def keep_pictures(path: Path, pictures: Sequence[LabelledPicture]) -> None:
    """Write pictures as one file, which appears completely or not at all."""
    part = path.with_suffix(".part.npz")
    places = [(i, p) for i, one in enumerate(pictures) for p in one.places]
    np.savez(
        part,
        pixels=np.concatenate([one.pixels.ravel() for one in pictures] or [np.zeros(0, np.uint8)]),
        shapes=np.array([one.pixels.shape for one in pictures], np.int32).reshape(-1, 2),
        open=np.concatenate([one.open.ravel() for one in pictures] or [np.zeros(0, bool)]),
        open_shapes=np.array([one.open.shape for one in pictures], np.int32).reshape(-1, 2),
        owners=np.array([i for i, _ in places], np.int32),
        characters=np.array([p.character for _, p in places], np.str_),
        boxes=np.array([(p.left, p.top, p.right, p.bottom) for _, p in places], np.float32).reshape(-1, 4),
        printed=np.array([p.printed for _, p in places], bool),
        words=np.array([box for one in pictures for box in one.words], np.int32).reshape(-1, 4),
        word_owners=np.array([i for i, one in enumerate(pictures) for _ in one.words], np.int32),
    )
    part.replace(path)


def kept_pictures(path: Path) -> list[LabelledPicture]:
    """Load what `keep_pictures` wrote."""
    with np.load(path, allow_pickle=False) as kept:
        data = {name: kept[name] for name in kept.files}
    places: list[list[CharacterPlace]] = [[] for _ in data["shapes"]]
    for owner, character, box, printed in zip(data["owners"], data["characters"], data["boxes"], data["printed"], strict=True):
        left, top, right, bottom = map(float, box)
        places[owner].append(CharacterPlace(str(character), left, top, right, bottom, bool(printed)))
    words: list[list[tuple[int, int, int, int]]] = [[] for _ in data["shapes"]]
    for owner, (left, top, right, bottom) in zip(data["word_owners"], data["words"].tolist(), strict=True):
        words[owner].append((left, top, right, bottom))
    pixels, opens = _parts(data["pixels"], data["shapes"]), _parts(data["open"], data["open_shapes"])
    return [LabelledPicture(p, tuple(own), o, tuple(w)) for p, own, o, w in zip(pixels, places, opens, words, strict=True)]


def _parts(flat: NDArray[Any], shapes: NDArray[np.int32]) -> list[NDArray[Any]]:
    ends = np.cumsum(shapes[:, 0].astype(np.int64) * shapes[:, 1])
    parts = np.split(flat, ends[:-1]) if len(ends) else []
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
