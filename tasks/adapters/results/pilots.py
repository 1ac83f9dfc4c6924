"""The pilots of a collection, beside its results: each file is one object, written completely or not at all, and none is changed.

DEST/pilot/sample-0001.parquet   the numbers of a sample of pages, and which of them people are asked about

DEST/pilot/settings-0001.json    what followed from their decisions; the newest one counts, unless it says that it is not used
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from digit_core.errors import StorageError
from digit_core.readings import ReadBy
from digit_core.review.pilot import SAMPLE, PilotSettings
from tasks.adapters.results.parquet import UNREADABLE, is_unharmed, with_own_checksum
from tasks.adapters.storage.storage import Storage, join, normalise

_FOLDER = "pilot"
_FACTS = b"digits.pilot"
_SAMPLES, _SETTINGS = re.compile(r"sample-(\d{4,9})\.parquet"), re.compile(r"settings-(\d{4,9})\.json")


@dataclass(frozen=True, slots=True, eq=False)
class PilotSample:
    """A sample: its table SAMPLE; pages: how many were read; source_pages: about how many the source has; asked_for: how many
    numbers were to be drawn; read_by: how it was read."""

    numbers: pa.Table
    pages: int
    source_pages: int
    asked_for: int
    read_by: ReadBy

    @property
    def asked(self) -> list[str]:
        """Return the ids of the numbers that people are asked about."""
        rows = zip(self.numbers["number_id"].to_pylist(), self.numbers["asked"].to_pylist(), strict=True)
        return [number for number, asked in rows if asked]


class Pilots:
    """The pilots in the folder or bucket `dest`. Raises the storage's errors."""

    def __init__(self, storage: Storage, dest: str) -> None:
        self._storage = storage
        self._folder = join(normalise(dest), _FOLDER)

    def add_sample(self, sample: PilotSample) -> None:
        """Write a sample; it is the newest one from here on."""
        facts = {"pages": sample.pages, "source_pages": sample.source_pages, "asked_for": sample.asked_for}
        metadata = {**(SAMPLE.metadata or {}), _FACTS: json.dumps({**facts, "read_by": asdict(sample.read_by)})}
        table = sample.numbers.cast(SAMPLE).replace_schema_metadata(metadata)
        name = f"sample-{self._newest(_SAMPLES) + 1:04d}.parquet"
        self._storage.write(join(self._folder, name), with_own_checksum(table))

    def sample(self) -> PilotSample | None:
        """Read the newest sample; None where there is none. Raises StorageError for a damaged one."""
        if not (number := self._newest(_SAMPLES)):
            return None
        uri = join(self._folder, f"sample-{number:04d}.parquet")
        data = self._storage.read(uri)
        try:
            if not is_unharmed(data):
                raise ValueError("its checksum is wrong")
            table = pq.read_table(pa.BufferReader(data))
            facts = json.loads(table.schema.metadata[_FACTS])
            return PilotSample(table.cast(SAMPLE), **_counts(facts), read_by=ReadBy(**facts["read_by"]))
        except UNREADABLE as error:
            raise StorageError(f"{uri} is damaged ({error}): delete it, and run `digits pilot` for another sample") from error

    def add_settings(self, settings: PilotSettings) -> None:
        """Write settings under their version; they count from here on."""
        self._storage.write(join(self._folder, f"settings-{settings.version:04d}.json"), settings.to_json().encode())

    def newest_settings(self) -> PilotSettings | None:
        """Read the newest settings, used or not; None where there are none. Raises InputError for damaged ones."""
        if not (number := self._newest(_SETTINGS)):
            return None
        uri = join(self._folder, f"settings-{number:04d}.json")
        return PilotSettings.from_json(self._storage.read(uri), uri)

    def settings(self) -> PilotSettings | None:
        """Read the settings that count; None where there are none, or the newest ones are not used any more."""
        newest = self.newest_settings()
        return newest if newest and newest.used else None

    def _newest(self, form: re.Pattern[str]) -> int:
        found = (form.fullmatch(entry.name) for entry in self._storage.list_folder(self._folder))
        return max((int(match[1]) for match in found if match), default=0)


def _counts(facts: Mapping[str, object]) -> dict[str, int]:
    return {name: int(str(facts[name])) for name in ("pages", "source_pages", "asked_for")}
