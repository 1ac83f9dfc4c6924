"""CSV files of numbers (RFC 4180): texts that no spreadsheet takes for a formula, and the datapackage.json that describes them.

Text is quoted, so that digits keep their leading zeros in readers that distinguish text from numbers.

A spreadsheet takes text that starts with = + - @ (also full width), a tab or a line end for a formula, even within quotes (OWASP,
"CSV Injection"). Such a text gets one ' before it, the spreadsheets' mark for text; so does a text that starts with ' itself, so
that removing one leading ' always restores the text (`unguard`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

_RISKY = tuple("'=+-@\t\r\n＝＋－＠")
GUARDED = "A leading ' protects text that a spreadsheet would run as a formula: remove one to get the text itself."


class Echo:
    """A file for csv.writer whose `write` returns the line instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def guard(text: str) -> str:
    """Protect text, so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_RISKY) else text


def unguard(text: str) -> str:
    """Restore the text that `guard` protected."""
    return text.removeprefix("'")


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file that was written: its bare name, the SHA-256 and the bytes of its content, and its rows without the header.

    Raises ValueError for a name with a folder.
    """

    name: str
    sha256: str
    size: int
    rows: int

    def __post_init__(self) -> None:
        if self.name in ("", ".", "..") or "/" in self.name or "\\" in self.name:
            raise ValueError(f"datapackage.json lies beside its CSV file: give a bare file name, not {self.name!r}")


def package_of(resources: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The descriptor of tables of numbers."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "handwritten-numbers",
        "title": "Handwritten numbers read from scanned pages",
        "description": "One row per number. Each links to its pixels: file, page, and box in pixels of the scan.",
        "resources": list(resources),
    }


def merged(package: dict[str, Any], before: Any, is_there: Callable[[str], bool]) -> dict[str, Any]:
    """The descriptor with what an earlier one of the same folder says of other files that are still there, and of itself.

    before: what its file held, whatever that is. Each table keeps a name of its own.
    """
    known = before if isinstance(before, dict) else {}
    listed = known.get("resources")
    new = {one["path"] for one in package["resources"]}
    others = [one for one in listed if _is_bare(one) and one["path"] not in new] if isinstance(listed, list) else []
    kept = [one for one in others if is_there(one["path"])]
    taken: set[str] = set()
    resources = [{**one, "name": _own_name(str(one.get("name", "table")), taken)} for one in [*kept, *package["resources"]]]
    return {**package, **{name: value for name, value in known.items() if name != "resources"}, "resources": resources}


def _is_bare(described: Any) -> bool:
    """Whether it describes a file right in the folder."""
    path = described.get("path") if isinstance(described, dict) else None
    return isinstance(path, str) and path not in ("", ".", "..") and not set(path) & set("/\\\0")


def _own_name(name: str, taken: set[str]) -> str:
    free, at = name, 1
    while free in taken:
        at += 1
        free = f"{name}-{at}"
    taken.add(free)
    return free


def resource(file: CsvFile, schema: dict[str, Any]) -> dict[str, Any]:
    """A CSV file as a Data Package describes it; schema: its columns."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/dataresource.json",
        "name": _slug(PurePosixPath(file.name).stem),
        "type": "table",
        "path": file.name,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": file.size,
        "hash": f"sha256:{file.sha256}",
        "rows": file.rows,
        "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True, "header": True},
        "schema": schema,
    }


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-") or "numbers"


def field(name: str, kind: str, description: str, **constraints: object) -> dict[str, Any]:
    """A column as Table Schema describes it; every row has it, unless `required` is false."""
    return {"name": name, "type": kind, "description": description, "constraints": {"required": True, **constraints}}
