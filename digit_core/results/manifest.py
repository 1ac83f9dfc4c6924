"""Manifests: the contents of a sealed batch. Rows count as soon as their manifest exists, and not before."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from digit_core.errors import InputError
from digit_core.readings import INTO_REVIEW, OUT_OF_REVIEW, READ_FIRST, ReadBy
from digit_core.records import PageRef
from digit_core.results.drift import Distribution
from digit_core.results.schema import LAYOUT_MAY_LIE_OFF, LAYOUT_NOT_FOUND, TABLES

BY_SUMS = {"summed": "agrees", "out_of_review": OUT_OF_REVIEW, "into_review": INTO_REVIEW, "reread": READ_FIRST}
"""Counts of numbers, and the phrases in the column `checks` by which they are counted."""

FORMAT = 1
"""Version of the manifest format; a greater one was written by a newer release."""

KEY = re.compile(r"[0-9a-f]{20}")
"""Form of a batch's key; its files have the name `batch-` and the key."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_END = re.compile(rb', "manifest_sha256": "([0-9a-f]{64})"\}\Z')
_GREATEST = 2**53  # integers up to here are exact in every program that reads JSON


_values = attrgetter(*(one.name for one in fields(PageRef)))  # dataclasses.astuple takes some hundred times as long


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table of a batch: its path relative to the results' folder, and the SHA-256 of its bytes ("" in earlier manifests)."""

    path: str
    sha256: str = ""


def table_path(table: str, key: str) -> str:
    """Return the path of a batch's table, relative to the results' folder."""
    return f"{table}/batch-{key}.parquet"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A complete batch of pages: all its rows are in `files`, all its review items are in the queue.

    `seq` orders runs: a later run's rows replace those of an earlier one for the same page. `created` is ISO 8601 in UTC. `files`
    has the file of each table; `counts` is the result of `count_rows`, `shape` the distribution of its digits. `options` are the
    run options that decide what is read, as JSON. `began` is the moment at which its run began to read, "" in earlier manifests.
    """

    key: str
    seq: int
    created: str
    read_by: ReadBy
    pages: tuple[PageRef, ...]
    counts: Mapping[str, int]
    files: Mapping[str, TableFile]
    shape: Distribution = field(default_factory=Distribution)
    options: Mapping[str, Any] = field(default_factory=dict)
    began: str = ""

    def __post_init__(self) -> None:
        if not self.pages:
            raise ValueError(f"batch {self.key} has no page; a manifest needs at least one")

    @property
    def order(self) -> tuple[int, str, int, str]:
        """Return a sort key, greater is newer; runs that started in parallel have one `seq`, and then the run's name decides.

        Of one run's batches a smaller one is newer: it is a greater one written anew, without pages that were superseded. So
        whoever sees both keeps what stays.
        """
        return self.seq, self.read_by.run_id, -len(self.pages), self.key

    def to_json(self) -> str:
        """Format as one line of JSON; pages as lists, in the order of PageRef's fields, since they are many."""
        pages = [_values(page) for page in self.pages]
        head = {"format": FORMAT, "key": self.key, "seq": self.seq, "created": self.created, "began": self.began}
        head |= asdict(self.read_by)
        files = {name: file.path for name, file in self.files.items()}
        hashes = {name: file.sha256 for name, file in self.files.items() if file.sha256}
        body = {"counts": dict(self.counts), "shape": self.shape.to_json(), "files": files, "sha256": hashes, "pages": pages}
        text = json.dumps({**head, "options": dict(self.options), **body}, ensure_ascii=False)
        return f'{text[:-1]}, "manifest_sha256": "{hashlib.sha256(text.encode()).hexdigest()}"}}'

    @staticmethod
    def from_json(text: str | bytes, name: str) -> Manifest:
        """Parse a manifest. Raises InputError, naming the file as `name`, if it is invalid, damaged, or of a newer release.

        Everything in it is checked: file names have the form of `table_path`, texts and numbers their types.
        """
        data = text.encode() if isinstance(text, str) else text
        try:
            body = _unharmed(data)
            return _from_values(json.loads(body, parse_constant=_no_number), name, body is not data)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(
                f"{name} is not a manifest of digits ({error!r}): restore it, or delete it to read its pages again"
            ) from error


def _unharmed(data: bytes) -> bytes:
    """Verify and remove the manifest's own checksum; earlier manifests have none and are returned unchanged."""
    end = _END.search(data)
    if end is None:
        return data
    body = data[: end.start()] + b"}"
    if hashlib.sha256(body).hexdigest().encode() != end[1]:
        raise ValueError("its checksum is wrong")
    return body


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not a number")


def _from_values(values: dict[str, Any], name: str, checked: bool) -> Manifest:
    if _whole(values["format"]) > FORMAT:
        raise InputError(f"{name} was written by a newer digits (format {values['format']}, known is {FORMAT}): upgrade digits")
    if "sha256" in values and not checked:
        raise ValueError("its own checksum is missing")
    stamp = {one.name: _text(values[one.name]) for one in fields(ReadBy) if one.name in values}  # an older one has fewer
    key = _text(values["key"], KEY)
    return Manifest(
        key=key,
        seq=_whole(values["seq"]),
        created=_moment(values["created"]),
        read_by=ReadBy(**stamp),
        pages=tuple(_page(*page) for page in values["pages"]),
        counts={_text(name): _whole(count) for name, count in values["counts"].items()},
        files=_files(key, values["files"], values.get("sha256", {})),
        shape=Distribution.from_json(values.get("shape", {})),
        options=_options(values.get("options", {})),
        began=_moment(values["began"]) if values.get("began") else "",
    )


def _page(uri: str, version: str, sha256: str, index: int, count: int) -> PageRef:
    return PageRef(_text(uri), _text(version), _text(sha256, _SHA256) if sha256 else "", _whole(index), _whole(count))


def _files(key: str, paths: Mapping[str, str], hashes: Mapping[str, str]) -> dict[str, TableFile]:
    if paths != {name: table_path(name, key) for name in TABLES}:
        raise ValueError("its files do not have the names of its batch")
    return {name: TableFile(path, _text(hashes[name], _SHA256) if hashes else "") for name, path in paths.items()}


def _options(values: Any) -> dict[str, Any]:
    if not isinstance(values, dict) or not all(isinstance(value, str | int | float) for value in values.values()):
        raise ValueError("its options are invalid")
    return values


def _text(value: Any, form: re.Pattern[str] | None = None) -> str:
    if not isinstance(value, str) or (form is not None and not form.fullmatch(value)):
        raise ValueError(f"{str(value)[:40]!r} is not of the right form")
    value.encode()  # half of a surrogate pair, which JSON allows, cannot be stored
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _GREATEST:
        raise ValueError(f"{str(value)[:40]} is not a count")
    return value


def _moment(value: Any) -> str:
    if datetime.fromisoformat(_text(value)).tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return str(value)


def batch_key(pages: Iterable[tuple[str, str, int]], read_by: ReadBy) -> str:
    """Return 20 hexadecimal characters made from (uri, version, index) of the pages in any order, and the versions that read
    them.

    The run is not part of it: the same pages read the same way go to the same files, so that a retry replaces the first try.
    """
    text = json.dumps([read_by.reading, sorted(pages)])
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def count_rows(tables: Mapping[str, pa.Table]) -> dict[str, int]:
    """Count a batch: pages, quarantined ones, those that no layout fits or on which one may lie off, numbers, digits, digits in
    review, and effects of the forms' sums on numbers."""
    pages, checks = tables["pages"], tables["numbers"]["checks"]
    return {
        "pages": pages.num_rows,
        "quarantined": pc.sum(pc.equal(pages["state"], "quarantined")).as_py() or 0,
        "no_layout": pc.sum(pc.equal(pages["reason"], LAYOUT_NOT_FOUND)).as_py() or 0,
        "layout_off": pc.sum(pc.equal(pages["reason"], LAYOUT_MAY_LIE_OFF)).as_py() or 0,
        "numbers": pc.sum(pages["number_count"]).as_py() or 0,
        "digits": pc.sum(pages["digit_count"]).as_py() or 0,
        "to_review": pc.sum(pages["review_count"]).as_py() or 0,
        **{name: pc.sum(pc.match_substring(checks, words)).as_py() or 0 for name, words in BY_SUMS.items()},
    }
