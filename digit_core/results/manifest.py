"""Manifests: what a sealed batch holds. Rows count from the moment their manifest stands, and never before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from operator import attrgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from digit_core.errors import InputError
from digit_core.readings import INTO_REVIEW, OUT_OF_REVIEW, READ_FIRST, ReadBy
from digit_core.records import PageRef
from digit_core.results.drift import Distribution
from digit_core.results.schema import LAYOUT_NOT_FOUND

BY_SUMS = {"summed": "agrees", "out_of_review": OUT_OF_REVIEW, "into_review": INTO_REVIEW, "reread": READ_FIRST}
"""Counts of numbers, and the words in the column `checks` that they are counted by."""

FORMAT = 1
"""Version of the manifest's own form; a greater one was written by a newer release."""


_values = attrgetter(*(one.name for one in fields(PageRef)))  # dataclasses.astuple takes some hundred times as long


@dataclass(frozen=True, slots=True)
class Manifest:
    """A batch of pages that is whole: all its rows are in `files`, all its questions are in the review queue.

    `seq` orders runs: a later run's rows replace those of an earlier one for the same page. `created` is ISO 8601 in UTC.
    `files` has the path of each table relative to the results' folder; `counts` is what `count_rows` gave,
    `shape` how its digits are spread.
    """

    key: str
    seq: int
    created: str
    read_by: ReadBy
    pages: tuple[PageRef, ...]
    counts: Mapping[str, int]
    files: Mapping[str, str]
    shape: Distribution = field(default_factory=Distribution)

    def __post_init__(self) -> None:
        if not self.pages:
            raise ValueError(f"batch {self.key} holds no page; a manifest needs one at least")

    @property
    def order(self) -> tuple[int, str, str]:
        """Greater is newer; runs that started side by side have one `seq`, and then the run's name decides."""
        return self.seq, self.read_by.run_id, self.key

    def to_json(self) -> str:
        """One line of JSON; pages as lists, in the order of PageRef's fields, since they are many."""
        pages = [_values(page) for page in self.pages]
        head = {"format": FORMAT, "key": self.key, "seq": self.seq, "created": self.created, **asdict(self.read_by)}
        body = {"counts": dict(self.counts), "shape": self.shape.to_json(), "files": dict(self.files), "pages": pages}
        return json.dumps({**head, **body}, ensure_ascii=False)

    @staticmethod
    def from_json(text: str | bytes, name: str) -> Manifest:
        """Raises InputError, naming the file as `name`, for what is no manifest or was written by a newer release."""
        try:
            return _from_values(json.loads(text), name)
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{name} is no manifest of digits ({error!r}): restore it, or delete it to read its pages again"
            ) from error


def _from_values(values: dict[str, Any], name: str) -> Manifest:
    if values["format"] > FORMAT:
        raise InputError(f"{name} was written by a newer digits (format {values['format']}, known is {FORMAT}): upgrade digits")
    stamp = ("model_version", "algorithm_version", "layout_version", "params", "run_id")
    return Manifest(
        key=values["key"],
        seq=values["seq"],
        created=values["created"],
        read_by=ReadBy(**{field: values[field] for field in stamp}),
        pages=tuple(PageRef(*page) for page in values["pages"]),
        counts=values["counts"],
        files=values["files"],
        shape=Distribution.from_json(values.get("shape", {})),
    )


def batch_key(pages: Iterable[tuple[str, str, int]], read_by: ReadBy) -> str:
    """20 hexadecimal characters made from (uri, version, index) of the pages in any order, and from who reads them how.

    The run does not enter: the same pages read the same way go to the same files, so that a second try replaces the first.
    """
    reading = [read_by.model_version, read_by.algorithm_version, read_by.layout_version, read_by.params]
    text = json.dumps([reading, sorted(pages)])
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def count_rows(tables: Mapping[str, pa.Table]) -> dict[str, int]:
    """What a batch amounts to: pages, quarantined ones and those that no layout fits, numbers, digits, and digits that go to
    review; and what the sums of forms did to numbers.
    """
    pages, checks = tables["pages"], tables["numbers"]["checks"]
    return {
        "pages": pages.num_rows,
        "quarantined": pc.sum(pc.equal(pages["state"], "quarantined")).as_py() or 0,
        "no_layout": pc.sum(pc.equal(pages["reason"], LAYOUT_NOT_FOUND)).as_py() or 0,
        "numbers": pc.sum(pages["numbers"]).as_py() or 0,
        "digits": pc.sum(pages["digits"]).as_py() or 0,
        "to_review": pc.sum(pages["to_review"]).as_py() or 0,
        **{name: pc.sum(pc.match_substring(checks, words)).as_py() or 0 for name, words in BY_SUMS.items()},
    }
