"""How quickly the review page answers when very many digits wait.

    python -m tests.benchmarks.review_queue [--items 200000] [--decided 20000] [--times 15] [--postgresql]

Fills a queue, has some of it decided, and asks for every screen and every request of its scripts, one after the other, as one
reviewer meets them. The figures are those of the whole answer over HTTP, and the processor's time that the server and its helper
took for it, which is what is left of it on a machine that does nothing else (a database server's own is not counted).
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import psutil

from digit_core.readings import ReviewItem
from digit_core.review.verdicts import Kind, Verdict
from tasks.adapters.review.decisions import Act
from tasks.adapters.review.queue import ReviewQueue
from tests.benchmarks.review_server import place, served
from tests.support.review.items import digit
from tests.support.review.site import entered

A_PAGE = 100
"""Digits of a page, in numbers of two."""

ALLOWED = 0.2
"""Seconds within which each answer should come."""

_AT_ONCE = 5_000
HERE = "/results/parish"
LEASE = 600.0


def item(at: int) -> ReviewItem:
    """The item number `at` of the queue; every fiftieth is an audit."""
    page, number, place = at // A_PAGE, at // 2, at % 2
    facts = {"uri": f"s3://scans/volume {page // 500}/page {page:06}.tif", "sha256": f"{page:064x}", "page_index": 0}
    reason = "audit" if number % 50 == 0 else "low confidence"
    return digit(f"n{number:07}", "1975", place, at % 997 / 1000, position=number % 50, reason=reason, collection=HERE, **facts)


def fill(database: str, items: int, decided: int) -> None:
    """Fill the queue, and decide some of it."""
    with ReviewQueue(database) as queue:
        for start in range(0, items, _AT_ONCE):
            queue.put([item(at) for at in range(start, min(start + _AT_ONCE, items))])
        while decided > 0:
            claim = queue.claims.numbers(HERE, "Eve", 1_000, LEASE)
            act = Act(uuid.uuid4().hex, "Eve", "number", claim.claim_id, 1_000, 900.0)
            verdicts = {one.item_id: Verdict(Kind.DIGIT, str(one.top[0][0])) for one in claim.items}
            queue.decisions.keep(act, verdicts, LEASE)
            decided -= len(verdicts)
            if not verdicts:
                return


def requests_of(client: httpx.Client) -> dict[str, Callable[[], httpx.Response]]:
    """Every request of a reviewer, by name."""
    of, page = {"collection": HERE}, f"{1500:064x}-0"

    def claim(view: str, **more: object) -> httpx.Response:
        return client.post(f"/api/claim/{view}", params={**of, "anew": True, **more})

    def decide() -> httpx.Response:
        loan = claim("numbers").json()
        said = [{"item": loan["numbers"][0]["items"][0], "kind": "digit", "value": "7"}]
        act = {"act": uuid.uuid4().hex, "claim": loan["claim"], "view": "number", "keys": 1, "seconds": 1.0, "verdicts": said}
        return client.post("/api/decide", json=act)

    return {
        **{
            f"GET {path}": (lambda path=path: client.get(path, params=of))
            for path in ("/numbers", "/carpet", "/table", "/statistics")
        },
        "claim numbers": lambda: claim("numbers"),
        "claim page by page": lambda: claim("numbers", by_page=True),
        "claim a page": lambda: claim("numbers", page=page),
        "claim groups": lambda: claim("carpet"),
        "claim table": lambda: claim("table", page=page),
        "progress": lambda: client.get("/api/progress", params=of),
        "decide": decide,
        "undo": lambda: client.post("/api/undo"),
    }


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds that the answers to a request took, and those of a processor for one of them on average."""

    answers: list[float]
    processor: float


def measured(client: httpx.Client, server: psutil.Process, times: int) -> dict[str, Taken]:
    """Ask each request so many times, after once that does not count. Raises for an answer that is none."""
    found: dict[str, Taken] = {}
    for name, request in requests_of(client).items():
        request().raise_for_status()
        before, seconds = _processor_seconds(server), []
        for _ in range(times):
            answer = request()
            answer.raise_for_status()
            seconds.append(answer.elapsed.total_seconds())
        found[name] = Taken(seconds, (_processor_seconds(server) - before) / times)
    return found


def _processor_seconds(server: psutil.Process) -> float:
    every = [server, *server.children(recursive=True)]
    return sum(one.cpu_times().user + one.cpu_times().system for one in every)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--decided", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own")
    given = parser.parse_args()
    with place(given.postgresql) as where:
        began = time.monotonic()
        fill(where.database, given.items, given.decided)
        print(f"{given.items:,} digits put and {given.decided:,} decided in {time.monotonic() - began:.0f} s")
        with served(where) as (url, server):
            headers = {"x-digits-review": "1", "origin": url}
            with httpx.Client(base_url=url, cookies=entered(url, "Ada"), headers=headers, timeout=60) as client:
                for name, taken in measured(client, server, given.times).items():
                    middle, most = statistics.median(taken.answers), max(taken.answers)
                    slow = "  too slow" * (taken.processor > ALLOWED)
                    times = f"median {1000 * middle:6.0f} ms  most {1000 * most:6.0f} ms"
                    print(f"{name:20} {times}  processor {1000 * taken.processor:6.0f} ms{slow}")
        print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
