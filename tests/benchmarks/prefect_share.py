"""What Prefect itself costs a run: the same pages by the flow and by its stages without Prefect, in processor time.

`python -m tests.benchmarks.prefect_share --pages 1000` needs PREFECT_API_URL and the id of that server's process
(--server), whose processor time counts too. Processor time, since it hardly depends on what else the machine does. With
--slips a small piece stands for each page: Prefect's seconds are the same, and its share can be told of any larger page.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.benchmarks.ledgers import draw_pages, draw_slips, multiply

DIGITS = Path(sys.executable).parent / "digits"


def processor_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(command: list[str], home: Path, server: int) -> dict[str, float]:
    """Seconds of the command, of its processors, and of the server's meanwhile."""
    before, at_server, start = of_children(), processor_seconds(server), time.perf_counter()
    subprocess.run(command, env={**os.environ, "DIGITS_HOME": str(home)}, check=True, stdout=sys.stderr)
    time.sleep(3)  # the server still writes what it was sent
    wall = time.perf_counter() - start - 3
    return {"seconds": wall, "processor": of_children() - before, "server": processor_seconds(server) - at_server}


def without_prefect(source: str, out: str) -> None:
    """The stages as plain functions, as far ahead of each other as in the flow."""
    from dataclasses import replace

    from flows.planning import make_plan
    from flows.run_local import AHEAD, groups
    from flows.settings import load_settings
    from flows.sources import Listing
    from flows.workspace import spool
    from tasks.adapters.results.dataset import Results
    from tasks.adapters.storage.storage import Storage
    from tasks.classify import classify
    from tasks.detect import detect
    from tasks.ingest import ingest
    from tasks.publish import publish, seal
    from tasks.route import route
    from tasks.run_plan import Batch, run_context

    settings = load_settings()
    storage = Storage(settings.storage_options)
    plan = make_plan(source, out, settings)
    results = Results(storage, plan.out)
    plan = replace(plan, seq=results.next_seq())

    def whole(batch: Batch) -> None:
        found = detect.fn(plan, batch)
        classified = classify.fn(plan, batch, found)
        seal.fn(plan, publish.fn(plan, batch, classified), classified, route.fn(plan, batch, classified))

    def batches() -> Iterator[Future[None]]:
        with ThreadPoolExecutor(AHEAD + 1) as threads:
            for group in groups(Listing(storage, results, plan)):
                for batch in ingest.fn(plan, group):
                    yield threads.submit(whole, batch)

    with spool(plan.spool):
        waiting: deque[Future[None]] = deque()
        for future in batches():
            waiting.append(future)
            if len(waiting) > AHEAD:
                waiting.popleft().result()
        for future in waiting:
            future.result()
        run_context(plan).close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--slips", action="store_true", help="pieces of 400 x 300 pixels")
    parser.add_argument("--pairs", type=int, default=1, help="times that both are measured, one after the other")
    parser.add_argument("--drawn", type=int, default=10)
    parser.add_argument("--server", type=int, required=True, help="process id of the Prefect server at PREFECT_API_URL")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="digits-share-") as name:
        folder = Path(name)
        drawn = (draw_slips if options.slips else draw_pages)(options.drawn)
        multiply(drawn, folder / "scans", options.pages)
        multiply(drawn, folder / "few", 1)
        (folder / "home").mkdir()
        warm = [str(DIGITS), "digitise", str(folder / "few"), "--out", str(folder / "warm")]
        measured(warm, folder / "home", options.server)  # makes the home's databases, for which neither shall pay
        head = {"pages": options.pages, "slips": options.slips}
        for pair in range(options.pairs):
            print(json.dumps({**head, **compared(folder, pair, options.server)}), flush=True)


def compared(folder: Path, pair: int, server: int) -> dict[str, Any]:
    """One run by the flow and one without Prefect, over the same pages."""
    scans, home = str(folder / "scans"), folder / "home"
    plain = [sys.executable, "-m", "tests.benchmarks.prefect_share", "--plain", scans, str(folder / f"without {pair}")]
    without = measured(plain, home, server)
    by_flow = measured([str(DIGITS), "digitise", scans, "--out", str(folder / f"with {pair}")], home, server)
    whole = by_flow["processor"] + by_flow["server"]
    cost = whole - without["processor"]
    return {"without": without, "with": by_flow, "prefect_processor_seconds": cost, "prefect_share": cost / whole}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--plain"]:
        without_prefect(*sys.argv[2:4])
    else:
        main()
