"""Results as a run would leave them, written directly."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from digit_core.errors import FailureReason
from digit_core.imaging.decode import decode_page
from digit_core.inference.reader import OnnxReader
from digit_core.params import DecodeLimits, ReviewPolicy, SegmentationParams
from digit_core.readings import PageRead, ReadBy, Reading, State
from digit_core.recognition.acceptance import judge
from digit_core.recognition.pipeline import find_digits
from digit_core.records import Box, Cell, PageFailure, PageFound, PageRef
from digit_core.results.manifest import Manifest, batch_key, count_rows
from digit_core.results.schema import batch_tables
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage

READ_BY = ReadBy("1", "1", "none", "params", "run")


def write(dest: Path, image: Path, bad: Path) -> None:
    """`image` as read, every digit surely a 7, and `bad` as truncated."""
    failure = PageFailure(PageRef(str(bad), "1", ""), FailureReason.TRUNCATED, "the file is cut short")
    outcomes = [read(image), failure]
    tables = batch_tables(outcomes, READ_BY)
    pages = tuple(outcome.ref for outcome in outcomes)
    key = batch_key(((ref.uri, ref.version, ref.index) for ref in pages), READ_BY)
    results = Results(Storage(), str(dest))
    files = results.write_tables(key, tables)
    results.seal(Manifest(key, 1, "2000-01-01T00:00:00+00:00", READ_BY, pages, count_rows(tables), files))


def read(image: Path) -> PageRead:
    data = image.read_bytes()
    ref = PageRef(str(image), "1", hashlib.sha256(data).hexdigest())
    page = decode_page(data, 0, DecodeLimits())
    found = find_digits(page, SegmentationParams(), OnnxReader())
    sure = tuple(replace(number, certainty=1.0) for number in found.numbers)
    digits = replace(found, numbers=sure, evidence=None)  # nobody but the sevens below has a say
    sevens = np.full((len(digits.crops), 11), 0.001, np.float32)
    sevens[:, 7] = 0.99
    return judge(PageFound(ref, page.width, page.height, page.dpi, digits), sevens, ReviewPolicy())


def scan(file: Path, pages: int = 1) -> PageRef:
    """A file of white pages of 400 x 300 pixels."""
    images = [Image.fromarray(np.full((300, 400), 255 - at, np.uint8)) for at in range(pages)]
    file.parent.mkdir(parents=True, exist_ok=True)
    images[0].save(file, **({"save_all": True, "append_images": images[1:]} if pages > 1 else {}))
    return PageRef(str(file), "1", hashlib.sha256(file.read_bytes()).hexdigest(), 0, pages)


def read_as(ref: PageRef, text: str, index: int = 0, cell: Cell | None = None) -> PageRead:
    """A page of such a file on which this number stands."""
    number = Reading(0, Box(10, 20, 60, 30), text, 0.97, State.ACCEPTED, (), cell=cell)
    return PageRead(PageRef(ref.uri, ref.version, ref.sha256, index, ref.count), 400, 300, 300.0, 0.0, (number,))


def publish(dest: Path, *outcomes: PageRead | PageFailure, seq: int = 1, read_by: ReadBy = READ_BY) -> None:
    """A batch of these pages; seq, read_by: of the run that read them."""
    tables = batch_tables(outcomes, read_by)
    refs = tuple(outcome.ref for outcome in outcomes)
    key = batch_key(((ref.uri, ref.version, ref.index) for ref in refs), read_by)
    results = Results(Storage(), str(dest))
    files = results.write_tables(key, tables)
    results.seal(Manifest(key, seq, "2000-01-01T00:00:00+00:00", read_by, refs, count_rows(tables), files))
