"""Sets of reviewed digits as Parquet files with their own hash: pixels as the model saw them, and labels."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from digit_core.errors import InputError
from digit_core.training.mnist import Labelled, digest

PIXELS = 28 * 28
_HASH, _DECISIONS = b"digits.sha256", b"digits.decisions"

SCHEMA = pa.schema(
    [
        ("item_id", pa.string()),
        ("collection", pa.string()),
        ("model_version", pa.string()),  # that queued the digit
        ("label", pa.int8()),  # 0 to 9, or 10: not a digit
        ("pixels", pa.binary(PIXELS)),
        ("reviewer", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """A set of reviewed digits. `decisions`: how many decisions the queue had when it was made. `name` is its file's."""

    digits: Labelled
    sha256: str
    decisions: int
    name: str = ""

    @property
    def size(self) -> int:
        return len(self.digits[1])


def to_parquet(rows: pa.Table, decisions: int) -> tuple[bytes, str]:
    """Return the file's bytes, and the SHA-256 of its digits. Rows have the schema SCHEMA."""
    sha256 = digest(_labelled(rows))
    sink = io.BytesIO()
    metadata = {_HASH: sha256.encode(), _DECISIONS: str(decisions).encode()}
    pq.write_table(rows.cast(SCHEMA).replace_schema_metadata(metadata), sink, compression="zstd")
    return sink.getvalue(), sha256


def from_parquet(data: bytes, name: str) -> TrainingSet:
    """Read a training set. Raises InputError if it is none, or was changed since it was written."""
    try:
        rows = pq.read_table(pa.BufferReader(data))
        metadata: Mapping[bytes, bytes] = rows.schema.metadata or {}
        digits = _labelled(rows.select(SCHEMA.names).cast(SCHEMA))
        told, decisions = metadata[_HASH].decode(), int(metadata[_DECISIONS])
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise InputError(f"{name} is no set of reviewed digits ({error}); `digits feedback` writes them") from error
    if not np.isin(digits[1], np.arange(11)).all():
        raise InputError(f"{name} has labels other than 0 to 10: write it anew with `digits feedback`")
    if digest(digits) != told:
        raise InputError(f"{name} was changed or damaged: its digits have another hash than it names; delete it")
    return TrainingSet(digits, told, decisions, name)


def _labelled(rows: pa.Table) -> Labelled:
    pixels = rows["pixels"].to_pylist()
    if any(one is None or len(one) != PIXELS for one in pixels):
        raise ValueError(f"a digit has {PIXELS} pixels")
    images = np.frombuffer(b"".join(pixels), np.uint8).reshape(-1, 28, 28)
    return images, rows["label"].to_numpy().astype(np.int64)
