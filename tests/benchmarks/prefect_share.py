"""What Prefect itself costs a run: the same pages by the flow and by its stages without Prefect, in processor time.

`python tests/benchmarks/prefect_share.py --pages 1000` needs PREFECT_API_URL and the id of that server's process
(--server), whose processor time counts too. Processor time, since it does not depend on what else the machine does.
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

from ledgers import draw_pages, multiply

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

    from flows.flights import AHEAD, groups
    from flows.planning import Listing, make_plan
    from flows.settings import load_settings
    from flows.spool import spool
    from tasks.adapters.results import Results
    from tasks.adapters.storage import Storage
    from tasks.classify import classify
    from tasks.detect import detect
    from tasks.ingest import ingest
    from tasks.plan import Batch, desk
    from tasks.publish import publish, seal
    from tasks.route import route

    settings = load_settings()
    storage = Storage(settings.storage_options)
    plan = make_plan(source, out, settings)
    results = Results(storage, plan.out)
    plan = replace(plan, seq=results.next_seq())

    def whole(batch: Batch) -> None:
        found = detect.fn(plan, batch)
        tables = classify.fn(plan, batch.number, found)
        seal.fn(plan, publish.fn(plan, batch, tables), tables, route.fn(plan, batch, found, tables))

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
        desk(plan).close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--drawn", type=int, default=10)
    parser.add_argument("--server", type=int, required=True, help="process id of the Prefect server at PREFECT_API_URL")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="digits-share-") as name:
        folder = Path(name)
        multiply(draw_pages(options.drawn), folder / "scans", options.pages)
        (folder / "home").mkdir()
        one = [str(DIGITS), "digitise", str(folder / "scans"), "--out"]
        plain = [sys.executable, __file__, "--plain", str(folder / "scans")]
        facts = {
            "without": measured([*plain, str(folder / "without")], folder / "home", options.server),
            "with": measured([*one, str(folder / "with")], folder / "home", options.server),
        }
    cost = facts["with"]["processor"] + facts["with"]["server"] - facts["without"]["processor"]
    share = cost / (facts["with"]["processor"] + facts["with"]["server"])
    print(json.dumps({"pages": options.pages, **facts, "prefect_processor_seconds": cost, "prefect_share": share}, indent=1))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--plain"]:
        without_prefect(*sys.argv[2:4])
    else:
        main()
