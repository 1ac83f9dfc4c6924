"""A destination that was damaged or tampered with: nothing outside it is touched, no wrong value passes, and a line says why."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from deployments.cli import app
from digit_core.errors import DigitsError, InputError, StorageError
from digit_core.readings import DigitReading, PageRead, ReadBy, Reading, State
from digit_core.records import Box, PageRef
from digit_core.results.manifest import Manifest, batch_key, count_rows
from digit_core.results.schema import TABLES, batch_tables
from tasks.adapters.results.dataset import Results
from tasks.adapters.results.parquet import from_parquet, to_parquet
from tasks.adapters.results.verification import verified
from tasks.adapters.storage.storage import Storage

READ_BY = ReadBy("1", "1", "none", "p", "run-1")
FLIPS = 400


def page(name: str) -> PageRead:
    parts = tuple(
        DigitReading(Box(place * 10 + 1, 5, 8, 12), ((digit, 0.9), (1, 0.06), (2, 0.04)), State.ACCEPTED)
        for place, digit in enumerate((4, 7))
    )
    number = Reading(0, Box.around(part.box for part in parts), "47", 0.81, State.ACCEPTED, parts)
    return PageRead(PageRef(name, "v1", "ab" * 32), 100, 80, 300.0, 0.5, (number,))


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """One sealed batch."""
    results = Results(Storage(), str(tmp_path / "dest"))
    tables = batch_tables([page("a")], READ_BY)
    key = batch_key([("a", "v1", 0)], READ_BY)
    files = results.write_tables(key, tables)
    results.seal(Manifest(key, 1, "2026-11-21T08:00:00+00:00", READ_BY, (page("a").ref,), count_rows(tables), files))
    return results


def manifest_file(results: Results) -> Path:
    (path,) = Path(results.dest, "manifests").iterdir()
    return path


def sign(values: dict[str, Any]) -> str:
    """What somebody who knows how manifests are written would put there."""
    text = json.dumps({name: value for name, value in values.items() if name != "manifest_sha256"})
    return f'{text[:-1]}, "manifest_sha256": "{hashlib.sha256(text.encode()).hexdigest()}"}}'


def deep(levels: int) -> Any:
    return json.loads("[" * levels + "]" * levels)


TAMPERED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a path outside": lambda values: values["files"].update(digits="../victim.txt"),
    "an absolute path": lambda values: values["files"].update(digits="/etc/passwd"),
    "a path of another batch": lambda values: values["files"].update(digits=f"digits/batch-{'0' * 20}.parquet"),
    "another table's file": lambda values: values["files"].update(digits=values["files"]["pages"]),
    "a table too many": lambda values: values["files"].update(victim="../victim.txt"),
    "a missing table": lambda values: values["files"].pop("digits"),
    "no tables": lambda values: values.update(files=None),
    "a missing hash": lambda values: values["sha256"].pop("digits"),
    "a hash that is none": lambda values: values["sha256"].update(digits="x" * 64),
    "a key with a path": lambda values: values.update(key="../../../../../victim"),
    "a key of another form": lambda values: values.update(key="K" * 20),
    "no key": lambda values: values.pop("key"),
    "a huge number": lambda values: values.update(seq=10**30),
    "a negative number": lambda values: values.update(seq=-1),
    "a number that is none": lambda values: values.update(seq=float("nan")),
    "a truth for a number": lambda values: values.update(seq=True),
    "null for a text": lambda values: values.update(model_version=None),
    "half a letter": lambda values: values.update(model_version="\ud800"),
    "no pages": lambda values: values.update(pages=[]),
    "a page that is none": lambda values: values["pages"].append(None),
    "a page of too much": lambda values: values["pages"][0].append(1),
    "a page index that is text": lambda values: values["pages"][0].__setitem__(3, "0"),
    "a hash of a page that is none": lambda values: values["pages"][0].__setitem__(2, "../x"),
    "counts that are a list": lambda values: values.update(counts=[1]),
    "a count that is text": lambda values: values["counts"].update(pages="1"),
    "a shape of texts": lambda values: values["shape"].update(digits=["1"] * 10),
    "a moment that is none": lambda values: values.update(created="yesterday"),
    "a moment without a time zone": lambda values: values.update(created="2026-11-21T08:00:00"),
    "a format that is text": lambda values: values.update(format="1"),
    "nothing but depth": lambda values: values.update(counts=deep(900)),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_a_tampered_manifest_is_refused_in_a_line_that_names_it(how: str, results: Results, tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("dear")
    path = manifest_file(results)
    values = json.loads(path.read_text())
    TAMPERED[how](values)
    path.write_text(sign(values))

    for attempt in (results.retire, lambda: results.read("digits"), results.next_seq, lambda: list(results.manifests())):
        with pytest.raises(InputError, match=path.name):
            attempt()

    assert victim.read_text() == "dear"


NO_MANIFESTS = ("[" * 100_000, "{" * 5000, '{"format": ' + "1" * 5000 + "}", "", "null", "[]", "{}", '"x"', "\0")


@pytest.mark.parametrize("text", NO_MANIFESTS)
def test_what_is_no_manifest_is_refused_in_a_line_that_names_it(text: str, results: Results) -> None:
    path = manifest_file(results)
    path.write_text(text)

    with pytest.raises(InputError, match=path.name):
        results.read("digits")


def test_a_copy_of_a_manifest_under_another_name_is_named(results: Results) -> None:
    path = manifest_file(results)
    path.with_name("batch-copy.json").write_bytes(path.read_bytes())

    with pytest.raises(InputError, match=r"batch-copy\.json .* it is a copy, delete it"):
        results.read("digits")


def test_a_file_that_only_looks_like_a_table_is_not_tidied_away(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Path(results.dest, "digits", "batch-of my own.parquet")
    mine.write_bytes(b"dear")
    monkeypatch.setattr("tasks.adapters.results.dataset.ABANDONED_AFTER", -10.0)

    results.retire()

    assert mine.read_bytes() == b"dear"


@pytest.mark.parametrize("what", ["table", "manifest"])
def test_no_flipped_bit_passes(what: str, results: Results) -> None:
    path = manifest_file(results) if what == "manifest" else next(Path(results.dest, "digits").iterdir())
    sound = path.read_bytes()
    random_bit = random.Random(16)
    for _ in range(FLIPS):
        at, bit = random_bit.randrange(len(sound)), random_bit.randrange(8)
        path.write_bytes(sound[:at] + bytes([sound[at] ^ (1 << bit)]) + sound[at + 1 :])

        with pytest.raises(DigitsError, match=path.name):
            Results(Storage(), results.dest).read("digits")


def test_a_table_that_a_second_try_of_its_batch_has_replaced_is_read(results: Results) -> None:
    """Between its tables and its manifest."""
    later = replace(READ_BY, run_id="run-2")
    results.write_tables(batch_key([("a", "v1", 0)], READ_BY), batch_tables([page("a")], later))

    assert results.read("digits")["run_id"].unique().to_pylist() == ["run-2"]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("confidence", float("nan"), "column confidence: a value that is not a finite number"),
        ("confidence", float("inf"), "column confidence: a value that is not a finite number"),
        ("confidence", -0.5, "column confidence: a share outside of 0 to 1"),
        ("state", "believed", "column state: 'believed' is none of accepted, "),
    ],
)
def test_values_that_cannot_be_are_neither_written_nor_read(column: str, value: Any, words: str) -> None:
    table = batch_tables([page("a")], READ_BY)["digits"]
    number = table.schema.get_field_index(column)
    wrong = table.set_column(number, table.schema.field(column), pa.array([value] * len(table), table.schema.field(column).type))
    sink = pa.BufferOutputStream()
    pq.write_table(wrong, sink)

    with pytest.raises(ValueError, match=words):
        to_parquet("digits", wrong)
    with pytest.raises(StorageError, match=words):
        from_parquet("digits", "a.parquet", sink.getvalue().to_pybytes(), None)


@pytest.mark.parametrize(("name", "column"), [(name, field.name) for name, schema in TABLES.items() for field in schema])
def test_a_column_of_another_type_is_refused(name: str, column: str) -> None:
    table = batch_tables([page("a")], READ_BY)[name]
    number = table.schema.get_field_index(column)
    other = pa.int64() if pa.types.is_string(table.schema.field(column).type) else pa.string()
    wrong = table.set_column(number, column, pa.nulls(len(table), other)).replace_schema_metadata(table.schema.metadata)
    sink = pa.BufferOutputStream()
    pq.write_table(wrong, sink)

    with pytest.raises(StorageError, match=f"column {column}: "):
        from_parquet(name, "a.parquet", sink.getvalue().to_pybytes(), None)


def test_a_sound_destination_is_verified(results: Results) -> None:
    (batch,) = verified(Storage(), results.dest)

    assert batch.problems == ()
    assert batch.pages == (page("a").ref,)


def test_what_is_damaged_is_named_with_its_pages(results: Results) -> None:
    (table,) = Path(results.dest, "numbers").iterdir()
    table.write_bytes(table.read_bytes()[:-1])

    (batch,) = verified(Storage(), results.dest)

    assert [problem.uri for problem in batch.problems] == [str(table)]
    assert [one.uri for one in batch.pages] == ["a"]


def test_a_table_that_is_missing_and_a_manifest_that_is_none_are_problems(results: Results) -> None:
    (table,) = Path(results.dest, "numbers").iterdir()
    table.unlink()
    Path(results.dest, "manifests", f"batch-{'1' * 20}.json").write_text("{")

    problems = [problem.what for batch in verified(Storage(), results.dest) for problem in batch.problems]

    assert sorted(what.partition("(")[0].strip() for what in problems) == ["is missing", "is not a manifest of digits"]


def test_the_command_says_what_to_read_again_and_forgets_it_when_asked(results: Results) -> None:
    (table,) = Path(results.dest, "numbers").iterdir()
    table.write_bytes(b"PAR1")

    found = CliRunner().invoke(app, ["verify", results.dest])
    forgotten = CliRunner().invoke(app, ["verify", results.dest, "--forget"])
    after = CliRunner().invoke(app, ["verify", results.dest])

    assert (found.exit_code, forgotten.exit_code, after.exit_code) == (3, 0, 0)
    assert table.name in found.output
    assert "1 page of 1 batch has to be read again" in found.output
    assert results.read("digits").num_rows == 0


def as_nobody(function: Callable[[], None]) -> str:
    """What the function raises in a process of a user who owns nothing; a root user may write everywhere."""
    receiver, sender = multiprocessing.Pipe(duplex=False)

    def work() -> None:
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        try:
            function()
        except InputError as error:
            sender.send(str(error))
        else:
            sender.send("")

    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join(60)
    return str(receiver.recv()) if receiver.poll(0) else "it ended otherwise"


@pytest.mark.parametrize("folder", ["manifests", "pages", "numbers", "digits", ""])
def test_a_folder_of_the_destination_that_may_not_be_written_is_found_out_beforehand(folder: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)  # below pytest's own folder nobody else may look
        dest = Path(place, "dest")
        for name in ("manifests", "pages", "numbers", "digits"):
            (dest / name).mkdir(parents=True)
            (dest / name).chmod(0o777)
        if folder:
            (dest / folder).chmod(0o555)
        else:
            shutil.rmtree(dest)
            Path(place).chmod(0o555)

        said = as_nobody(Results(Storage(), str(dest)).check_writable)

        Path(place).chmod(0o755)
        assert re.fullmatch(rf"no permission for {place}/dest.*: Permission denied", said), said


def test_a_destination_that_cannot_be_written_is_found_out_beforehand(results: Results, tmp_path: Path) -> None:
    before = sorted(Path(results.dest).rglob("*"))
    results.check_writable()
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(InputError, match="cannot be opened: a file stands where a folder should be"):
        Results(Storage(), str(tmp_path / "file" / "dest")).check_writable()
    assert sorted(Path(results.dest).rglob("*")) == before
