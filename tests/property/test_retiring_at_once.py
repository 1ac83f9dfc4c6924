"""Several runs end and remove superseded batches at the same time, whichever of them the machine lets go on at each request."""

import random
import tempfile
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from digit_core.partition import Share
from digit_core.readings import PageRead
from digit_core.records import PageRef
from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage
from tests.support.results import READ_BY, publish

SHARES = [Share(), Share(), Share(1, 2), Share(2, 2)]
PATIENCE = 60.0
REQUESTS = ("list_folder", "list_names", "read_many", "write", "write_many", "delete", "exist", "clean")


class TurnTaking(threading.Thread):
    """A run that seals its batches and ends: it waits for its turn before each request to the storage."""

    def __init__(self, dest: str, share: Share, own: list[list[str]], number: int) -> None:
        super().__init__(daemon=True)
        self._turn, self._waits = threading.Semaphore(0), threading.Semaphore(0)
        self.ended = False
        self.error: Exception | None = None
        storage = Storage()
        for name in REQUESTS:
            setattr(storage, name, self._in_turn(getattr(storage, name)))
        self._results = Results(storage, dest, share)
        self._own, self._number = own, number
        self.start()
        self._waits.acquire(timeout=PATIENCE)

    def _in_turn(self, request):
        def waiting(*arguments):
            self._pause()
            found = request(*arguments)
            return found if found is None or isinstance(found, list | bool) else iter(list(found))

        return waiting

    def _pause(self) -> None:
        self._waits.release()
        assert self._turn.acquire(timeout=PATIENCE)

    def run(self) -> None:
        try:
            for names in self._own:
                self._pause()
                seal(self._results.dest, names, f"run-{self._number}", seq=self._number // 2 + 1)
            self._pause()
            self._results.retire()
        except Exception as error:
            self.error = error
        self.ended = True
        self._waits.release()

    def go_on(self) -> None:
        self._turn.release()
        assert self._waits.acquire(timeout=PATIENCE)


def seal(dest: str, names: list[str], run: str, seq: int) -> None:
    """A batch of these pages, as this run read them."""
    pages = [PageRead(PageRef(name, "v", "a" * 64), 100, 80, 300.0, 0.0, ()) for name in names]
    publish(Path(dest), *pages, seq=seq, read_by=replace(READ_BY, run_id=run, model_version=run))


def standing(dest: str) -> Counter:
    """The pages as who reads the plain files sees them, without the manifests."""
    tables = [pq.read_table(file, columns=["file"]) for file in Path(dest, "pages").glob("batch-*.parquet")]
    return Counter(name for table in tables for name in table["file"].to_pylist())


batches = st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1, max_size=6).map(sorted), min_size=1, max_size=3)
runs = st.lists(st.tuples(st.sampled_from(SHARES), batches), min_size=2, max_size=3)


@given(runs, st.integers(0, 2**32))
def test_runs_that_end_together_lose_no_page_and_leave_none_twice(runs, seed):
    with tempfile.TemporaryDirectory() as folder:
        dest = f"{folder}/out"
        pages = {name for _, run in runs for names in run for name in names}

        ending = [TurnTaking(dest, share, own, number) for number, (share, own) in enumerate(runs)]
        draw = random.Random(seed)
        while going := [one for one in ending if not one.ended]:
            draw.choice(going).go_on()

        assert [one.error for one in ending] == [None] * len(runs)
        assert sorted(Results(Storage(), dest).read("pages", ["file"])["file"].to_pylist()) == sorted(pages)
        assert standing(dest) == dict.fromkeys(pages, 1)
