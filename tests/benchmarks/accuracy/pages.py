"""The pages that are read: transcribed scans, scans of printed tables, and the exam's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digit_core.evaluation.ground_truth import read_truth
from digit_core.imaging.decode import decode_page
from digit_core.params import DecodeLimits
from tests.benchmarks.accuracy.counting import PageCase
from tests.benchmarks.accuracy.forms import form_case, ledger_case
from tests.benchmarks.accuracy.strips import Figures

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".jp2")


def transcribed(folder: Path) -> list[PageCase]:
    """The pages of FOLDER that have a truth in FOLDER/truth. Raises InputError if that has no files or a bad one."""
    images = {file.stem: file for file in pictures_in(folder)}
    return [
        PageCase(truth.name, _pixels(images[truth.name]), truth) for truth in read_truth(folder / "truth") if truth.name in images
    ]


def printed_only(folder: Path) -> list[PageCase]:
    """The pages of FOLDER/printed_only: nothing on them is written by hand."""
    return [PageCase(file.stem, _pixels(file), None) for file in pictures_in(folder / "printed_only")]


def synthetic(seed: int, ledgers: int, forms: int, figures: Figures) -> list[PageCase]:
    return [ledger_case(seed, n) for n in range(ledgers)] + [form_case(seed, n, figures) for n in range(forms)]


def pictures_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*") if file.suffix.lower() in PICTURES)


def _pixels(file: Path) -> NDArray[np.uint8]:
    return decode_page(file.read_bytes(), 0, DecodeLimits()).pixels
