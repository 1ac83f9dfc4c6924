"""Numbers that people settled, as a number set: the material to train the next strip reader and detector with.

A row is a piece of the scan around the number, and its text as people left it. Numbers of one page are of one split, so that
nothing was learned from the pages that the dev rows measure on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from digit_core.errors import InputError
from digit_core.exports.page_content import NumberOnPage, PageContent
from digit_core.exports.searchable_pdf import PagePicture
from digit_core.readings import State
from digit_core.records import Box, Grey

LabelledRow = dict[str, object]
"""Columns of a number set: text, image (a PNG), writer and split."""

_SCHEMA = pa.schema([("text", pa.string()), ("image", pa.binary()), ("writer", pa.string()), ("split", pa.string())])
_BESIDE, _ABOVE = 0.6, 0.3
"""Margins of a picture, in heights of the number."""

_DEV = 5
"""One page in so many is for measuring."""


def is_settled(number: NumberOnPage) -> bool:
    """Whether people decided what the number is: they confirmed or corrected it."""
    return number.state in {State.CONFIRMED, State.CORRECTED} and bool(number.digits)


def writer_of(page: PageContent) -> str:
    """Return the name of the page in the column `writer`."""
    return f"{page.sha256[:16]}-{page.number}"


def held_back(writers: Iterable[str]) -> frozenset[str]:
    """Choose the pages whose numbers only measure: about one in five, and one at least of two or more.

    A page keeps its side while others are added, but for the first few: so nothing measures that was learned from before.
    """
    lots = {writer: int(hashlib.sha256(writer.encode()).hexdigest(), 16) for writer in writers}
    if len(lots) < 2:
        return frozenset()
    chosen = {writer for writer, lot in lots.items() if lot % _DEV == 0}
    learned = lots.keys() - chosen or {max(lots, key=lambda writer: lots[writer])}
    return frozenset(chosen - learned or {min(lots, key=lambda writer: lots[writer])})


def settled_numbers(page: PageContent, picture: PagePicture, held: Collection[str] = ()) -> list[LabelledRow]:
    """Return a row for each settled number of a page. held: pages whose numbers only measure.

    Raises InputError for a picture that cannot be decoded.
    """
    pixels = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        raise InputError(f"the picture of {page.uri} cannot be decoded: read it again with `digits digitise`")
    writer = writer_of(page)
    split = "dev" if writer in held else "train"
    grey = np.asarray(pixels, np.uint8)
    return [
        {"text": one.text, "image": _png(grey, one.box), "writer": writer, "split": split}
        for one in page.numbers
        if is_settled(one)
    ]


def _png(page: Grey, box: Box) -> bytes:
    beside, above = round(_BESIDE * box.h), round(_ABOVE * box.h)
    part = page[max(0, box.y - above) : box.bottom + above, max(0, box.x - beside) : box.right + beside]
    return cv2.imencode(".png", part)[1].tobytes()


def write_number_set(file: Path, pages: Iterable[Sequence[LabelledRow]], source: str) -> int:
    """Write the rows of the pages as a number set, page by page; return how many there are. source: for the model card."""
    count = 0
    with pq.ParquetWriter(file, _SCHEMA.with_metadata({"source": source, "licence": ""})) as writer:
        for rows in pages:
            if rows:
                writer.write_table(pa.Table.from_pylist(list(rows), writer.schema))
                count += len(rows)
    return count
