"""Which files of a source are looked at."""

from dataclasses import replace
from pathlib import Path

import pytest

from digit_core.errors import InputError
from digit_core.readings import ReadBy
from flows.planning import make_plan
from flows.settings import load_settings
from flows.sources import Listing
from tasks.adapters.registry.cache import ModelFile
from tasks.adapters.registry.networks import NetworkFiles
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage
from tasks.reader_spec import ReaderSpec
from tasks.run_plan import RunPlan


@pytest.fixture
def listing(tmp_path: Path) -> Listing:
    for name in ("a.png", "b.TIF", "no suffix", "odd.suffix", "notes.csv", "truth/a.csv", "README.md", ".hidden.png"):
        file = tmp_path / "scans" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    plan = RunPlan(
        source=str(tmp_path / "scans"),
        out=str(tmp_path / "out"),
        spool=tmp_path,
        spec=ReaderSpec(NetworkFiles(*[ModelFile("1", tmp_path, "")] * 3)),
        read_by=ReadBy("1", "1", "none", "p", "r"),
        seq=1,
        workers=1,
        page_seconds=1.0,
    )
    return Listing(Storage({}), Results(Storage({}), plan.out), plan)


def test_files_whose_name_says_that_they_are_no_scans_are_passed_over_and_counted(listing: Listing):
    names = [Path(one.uri).name for one in listing]

    assert sorted(names) == ["a.png", "b.TIF", "no suffix", "odd.suffix"]
    assert (listing.passed_over, listing.hidden) == (3, 1)


def test_a_file_that_is_named_itself_is_looked_at_whatever_its_name(listing: Listing):
    file = str(Path(listing.plan.source) / "notes.csv")

    assert [one.uri for one in replace(listing, plan=replace(listing.plan, source=file))] == [file]


@pytest.mark.parametrize(("source", "out"), [("a", "a"), ("a", "a/results"), ("a/pages", "a"), ("a/digits", "a")])
def test_results_never_come_to_lie_among_the_scans(tmp_path: Path, source: str, out: str):
    with pytest.raises(InputError, match="would lie inside"):
        make_plan(str(tmp_path / source), str(tmp_path / out), load_settings())
