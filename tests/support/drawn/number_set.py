"""Number sets with pictures of numbers by a drawn hand."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from digit_core.synthesis.pen import draw_number, make_writer


def drawn_picture(text: str) -> bytes:
    """A PNG of a number, dark on white, about 80 pixels high."""
    ink = draw_number(text, make_writer(3), 48, np.random.default_rng(1))[0]
    return cv2.imencode(".png", 255 - np.pad(ink, 16))[1].tobytes()


def write_drawn_set(path: Path, texts: list[str], dev: int = 1) -> Path:
    """A set in which the last `dev` numbers are of the split dev."""
    splits = ["train"] * (len(texts) - dev) + ["dev"] * dev
    pq.write_table(pa.table({"image": [drawn_picture(text) for text in texts], "text": texts, "split": splits}), path)
    return path
