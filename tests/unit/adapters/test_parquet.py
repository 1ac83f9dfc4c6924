"""Reading a table leaves no thread behind: a process that ended while Arrow's threads idled was aborted now and then."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os
from digit_core.readings import ReadBy
from digit_core.results.schema import TABLES, batch_tables
from tasks.adapters.results.parquet import from_parquet, to_parquet

data = to_parquet("numbers", batch_tables([], ReadBy("1", "1", "none", "p", "r"))["numbers"])
before = len(os.listdir("/proc/self/task"))
from_parquet("numbers", "numbers.parquet", data, None)
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted as Linux has them")
def test_reading_a_table_starts_no_threads():
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "0"
