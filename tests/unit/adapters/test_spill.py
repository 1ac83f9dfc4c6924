"""What is too much for memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from digit_core.errors import StorageError
from tasks.adapters.results.spill import Fingerprints, Shelf, chunks, explained, private_database

FILLED = """
import os, signal
from contextlib import suppress
from tasks.adapters.results.spill import Shelf
shelf = Shelf("x" * 1000 for _ in range(20_000))
size = 0
for handle in range(100):
    with suppress(OSError):
        size += os.fstat(handle).st_size
print(size, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
FULL = """
from digit_core.errors import StorageError
from tasks.adapters.results import spill
private_database = spill.private_database
def small():
    database = private_database()
    database.execute("PRAGMA max_page_count = 2000")
    return database
spill.private_database = small
try:
    spill.Shelf("x" * 1000 for _ in range(20_000))
except StorageError as error:
    print(error)
"""


def test_a_shelf_gives_things_back_in_their_order_as_often_as_one_likes():
    shelf = Shelf(f"number {number}" for number in range(5))

    assert list(shelf) == list(shelf) == [f"number {number}" for number in range(5)]
    assert len(shelf) == 5


def test_two_readers_of_a_shelf_do_not_disturb_each_other():
    shelf = Shelf("abc")

    assert list(zip(shelf, shelf, strict=True)) == [("a", "a"), ("b", "b"), ("c", "c")]


def test_fingerprints_are_a_set_of_numbers_with_a_sign():
    prints = Fingerprints(iter([5, -(2**63), 2**63 - 1, 5]))

    assert len(prints) == 3
    assert set(prints) == {5, -(2**63), 2**63 - 1}
    assert 5 in prints
    assert 6 not in prints


def test_chunks_keep_the_order():
    assert list(chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]


def test_what_does_not_fit_in_memory_lies_in_a_file_that_goes_with_the_process_even_when_it_is_killed(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path), "SQLITE_TMPDIR": ""}

    done = subprocess.run([sys.executable, "-c", FILLED], env=environment, capture_output=True, text=True, check=False)

    assert int(done.stdout) > 10_000_000, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="which files are open can be seen on Linux alone")
def test_a_full_disk_is_told_with_its_folder_and_what_to_do(tmp_path):
    environment = {**os.environ, "SQLITE_TMPDIR": str(tmp_path)}

    done = subprocess.run([sys.executable, "-c", FULL], env=environment, capture_output=True, text=True, check=False)

    assert done.stdout.startswith(f"no space left in {tmp_path} for temporary files, about"), done.stderr
    assert "set TMPDIR to a folder that has it" in done.stdout


def test_an_error_of_another_kind_is_told_with_its_words():
    with pytest.raises(StorageError, match=r"cannot be used .no such table: elsewhere.* for temporary files"), explained():
        private_database().execute("SELECT * FROM elsewhere")
