"""Tables that a run with a wrong clock takes for abandoned, while their own run is about to seal them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import tasks.publish
from digit_core.errors import FailureReason
from digit_core.readings import ReadBy
from digit_core.records import PageFailure, PageRef
from digit_core.results.manifest import Manifest, batch_key, count_rows
from digit_core.results.schema import TABLES, batch_tables
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage, join
from tasks.jobs import Classified

READ_BY = ReadBy("1", "1", "none", "params", "run")
PAGE = PageRef("a", "v1", "")
ROWS = batch_tables([PageFailure(PAGE, FailureReason.MISSING, "deleted")], READ_BY)


class SweptMeanwhile(Results):
    """Another run sweeps the tables right before or right after the manifest is written."""

    when = ""

    def seal(self, manifest: Manifest) -> None:
        super().seal(manifest)
        if self.when == "after the manifest":
            self.sweep(manifest)

    def sweep(self, manifest: Manifest) -> None:
        Storage().delete([join(self.dest, file.path) for file in manifest.files.values()])


@pytest.mark.parametrize("when", ["before the manifest", "after the manifest"])
def test_a_batch_whose_tables_are_swept_as_it_is_sealed_has_them_again(
    when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = SweptMeanwhile(Storage(), str(tmp_path))
    monkeypatch.setattr(tasks.publish, "run_context", lambda plan: SimpleNamespace(results=results))
    key = batch_key([("a", "v1", 0)], READ_BY)
    manifest = Manifest(key, 1, "2000-01-01T00:00:00+00:00", READ_BY, (PAGE,), count_rows(ROWS), results.write_tables(key, ROWS))
    results.when = when
    if when == "before the manifest":
        results.sweep(manifest)
    plan: Any = None

    tasks.publish.seal.fn(plan, manifest, Classified(ROWS), ())

    assert [results.read(name).num_rows for name in TABLES] == [1, 0, 0]
