"""Number sets of both forms: a Parquet file, or a folder of scans with their transcription (ALTO or PAGE-XML) beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from digit_core.errors import InputError, PageError
from digit_core.evaluation.transcriptions import read_transcription
from digit_core.imaging.decode import decode_page
from digit_core.params import DecodeLimits
from digit_core.records import Grey
from digit_core.training.number_sets import DEV, TRAIN, LabelledNumber, NumberSet, in_alphabet, read_number_set

_SCANS = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp"}
_ABOVE = 0.1
"""Margin around the outline of a line, in its heights."""

_DEV = 5
"""One page in so many is for measuring."""


def read_set(path: Path, learn: bool = False) -> NumberSet:
    """Read a number set: a Parquet file, or a folder of transcribed scans, whose lines that are numbers are its rows.

    learn: it must have rows to train on. Of a folder one page in five is of the split dev. Raises InputError that says what is
    wrong and where.
    """
    return _of_folder(path, learn) if path.is_dir() else read_number_set(path, learn)


def set_digest(path: Path) -> str:
    """Return the SHA-256 of a set's file, or of all files of its folder with their names."""
    if not path.is_dir():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    whole = hashlib.sha256()
    for scan, transcription in transcribed_scans(path):
        for file in (scan, transcription):
            whole.update(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def _of_folder(folder: Path, learn: bool) -> NumberSet:
    pairs = transcribed_scans(folder)
    if not pairs:
        raise InputError(
            f"{folder} holds no scan with a transcription (name.xml) beside it: name a Parquet file or such a folder"
        )
    rows: dict[str, list[LabelledNumber]] = {TRAIN: [], DEV: []}
    for place, (scan, transcription) in enumerate(pairs):
        rows[DEV if place % _DEV == _DEV - 1 else TRAIN].extend(_numbers(scan, transcription))
    if not any(rows.values()) or (learn and not rows[TRAIN]):
        raise InputError(f"no line of the transcriptions in {folder} is a number by itself: there is nothing to train on")
    return NumberSet(folder.name, "", str(folder.name), set_digest(folder), {split: tuple(own) for split, own in rows.items()})


def transcribed_scans(folder: Path) -> list[tuple[Path, Path]]:
    """Return the scans of a folder with the transcription (name.xml) beside each, by name; empty where there is none."""
    scans = sorted(file for file in folder.iterdir() if file.suffix.lower() in _SCANS)
    return [(scan, scan.with_suffix(".xml")) for scan in scans if scan.with_suffix(".xml").is_file()]


def _numbers(scan: Path, transcription: Path) -> Iterator[LabelledNumber]:
    """Yield a row for each line that is a number: its text, and the piece of the scan within its outline."""
    lines = [line for line in read_transcription(transcription) if line.is_number]
    try:
        pixels = decode_page(scan.read_bytes(), 0, DecodeLimits()).pixels if lines else None
    except (OSError, PageError) as error:
        raise InputError(f"the scan {scan} cannot be read: {error}") from error
    for line in lines:
        if pixels is not None and (piece := _cut(pixels, line.outline)) is not None:
            yield LabelledNumber(in_alphabet(line.text), scan.stem, cv2.imencode(".png", piece)[1].tobytes(), None)


def _cut(pixels: Grey, outline: NDArray[np.float32]) -> Grey | None:
    """Return the upright box around an outline with a small margin; None where it lies off the scan."""
    (left, top), (right, bottom) = outline.min(axis=0), outline.max(axis=0)
    margin = _ABOVE * (bottom - top)
    x0, y0 = max(0, int(left - margin)), max(0, int(top - margin))
    piece = pixels[y0 : int(bottom + margin) + 1, x0 : int(right + margin) + 1]
    return piece if min(piece.shape) > 2 else None
