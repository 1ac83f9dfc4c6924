"""The pilots of a collection as files beside its results."""

import pyarrow as pa
import pytest

from digit_core.errors import InputError, StorageError
from digit_core.readings import ReadBy
from digit_core.results.schema import NUMBERS
from digit_core.review.pilot import SAMPLE, PilotSettings
from tasks.adapters.results.pilots import Pilots, PilotSample
from tasks.adapters.storage.storage import Storage

READ_BY = ReadBy("1", "12", "none", "digest", "run")
SETTINGS = PilotSettings(1, "2026-11-01T00:00:00+00:00", 0.9, 1.2, 0.05, 0.95, 0.7, 1, 80, READ_BY)


@pytest.fixture
def pilots(tmp_path):
    return Pilots(Storage(), str(tmp_path / "results"))


def sample(asked_for: int = 2) -> PilotSample:
    rows = [{"number_id": f"n{i}", "digits": str(i), "asked": i < asked_for} for i in range(5)]
    return PilotSample(pa.Table.from_pylist(rows, SAMPLE), 3, 300, asked_for, READ_BY)


def test_a_collection_without_pilot_has_neither_sample_nor_settings(pilots):
    assert (pilots.sample(), pilots.settings(), pilots.newest_settings()) == (None, None, None)


def test_a_sample_comes_back_with_its_facts_and_the_newest_one_counts(pilots):
    pilots.add_sample(sample(2))
    pilots.add_sample(sample(4))

    found = pilots.sample()

    assert (found.pages, found.source_pages, found.asked_for, found.read_by) == (3, 300, 4, READ_BY)
    assert found.asked == ["n0", "n1", "n2", "n3"]
    assert found.numbers.drop_columns(["asked"]).schema.names == NUMBERS.names


def test_the_newest_settings_count_until_one_says_that_the_pilot_is_not_used(pilots):
    pilots.add_settings(SETTINGS)
    later = PilotSettings(2, SETTINGS.created, 0.8, 1.0, 0.1, 0.95, 0.8, 0, 80, READ_BY)
    pilots.add_settings(later)
    assert pilots.settings() == later

    pilots.add_settings(PilotSettings(3, SETTINGS.created, 0.8, 1.0, 0.1, 0.95, 0.8, 0, 80, READ_BY, used=False))

    assert pilots.settings() is None
    assert pilots.newest_settings().version == 3


def test_a_damaged_sample_is_refused_with_what_to_do(pilots, tmp_path):
    pilots.add_sample(sample())
    file = tmp_path / "results" / "pilot" / "sample-0001.parquet"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)

    with pytest.raises(StorageError, match=r"sample-0001\.parquet is damaged .* delete it, and run `digits pilot`"):
        pilots.sample()


def test_damaged_settings_are_refused_by_name(pilots, tmp_path):
    pilots.add_settings(SETTINGS)
    (tmp_path / "results" / "pilot" / "settings-0001.json").write_text("{")

    with pytest.raises(InputError, match=r"settings-0001\.json is not a pilot's settings"):
        pilots.settings()


def test_other_files_in_the_folder_are_not_taken_for_pilots(pilots, tmp_path):
    pilots.add_settings(SETTINGS)
    (tmp_path / "results" / "pilot" / "settings-9999.json.bak").write_text("x")
    (tmp_path / "results" / "pilot" / "notes.txt").write_text("x")

    assert pilots.settings() == SETTINGS
