"""How the review page bears many reviewers at once: requests a second, how long they take, and whether a decision is lost.

    python -m tests.benchmarks.review_load --reviewers 200 --items 20000 --seconds 60
    python -m tests.benchmarks.review_load --database postgresql://…

Every reviewer asks for digits, looks at the picture of each, decides it, and goes on at once: nobody thinks.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tasks.adapters.review.queue import ReviewQueue
from tests.support.review.items import HERE, digit

_DIGITS_AT_ONCE = 5_000


@dataclass
class Load:
    """What all reviewers met: seconds by path, statuses, and the items that the page said it kept."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int | str] = field(default_factory=Counter)
    kept: list[str] = field(default_factory=list)


async def ask(client: httpx.AsyncClient, load: Load, method: str, path: str, **what: object) -> httpx.Response | None:
    began = time.monotonic()
    try:
        answer = await client.request(method, path, **what)  # type: ignore[arg-type]
    except httpx.HTTPError as error:
        load.statuses[type(error).__name__] += 1
        return None
    load.seconds.setdefault(path.split("?")[0].split("/crop/")[0], []).append(time.monotonic() - began)
    load.statuses[answer.status_code] += 1
    return answer if answer.status_code == 200 else None


async def review(url: str, name: str, until: float, load: Load) -> None:
    """One person, until the time is up."""
    async with httpx.AsyncClient(base_url=url, headers={"x-digits-review": "1", "origin": url}, timeout=60) as client:
        await client.post("/enter", data={"name": name})
        while time.monotonic() < until:
            lent = await ask(client, load, "POST", f"/api/claim/single?collection={HERE}")
            for item in lent.json()["items"] if lent else []:
                if time.monotonic() > until:
                    return
                await ask(client, load, "GET", f"/picture/crop/{item['id']}")
                said = {"item": item["id"], "kind": "digit", "value": "7"}
                act = {"act": uuid.uuid4().hex, "claim": lent.json()["claim"] if lent else "", "view": "single", "keys": 1}
                answer = await ask(client, load, "POST", "/api/decide", json={**act, "seconds": 1.0, "verdicts": [said]})
                if answer and answer.json()["answers"][item["id"]] == "kept":
                    load.kept.append(item["id"])


def fill(database: str, items: int) -> None:
    with ReviewQueue(database) as queue:
        for start in range(0, items, _DIGITS_AT_ONCE):
            numbers = range(start, min(start + _DIGITS_AT_ONCE, items))
            queue.put([digit(f"n{number:07}", confidence=number % 997 / 1000) for number in numbers])


def tell(load: Load, seconds: float, database: str) -> None:
    every = sorted(one for some in load.seconds.values() for one in some)
    print(f"{len(every)} requests in {seconds:.0f} s: {len(every) / seconds:.0f} a second; answers {dict(load.statuses)}")
    for path, some in sorted({**load.seconds, "all": every}.items()):
        some = sorted(some)
        print(f"{path:25} {len(some):7}  median {some[len(some) // 2]:6.2f} s  95 % {some[int(0.95 * len(some))]:6.2f} s")
    with ReviewQueue(database) as queue:
        decided = queue.counts().get("decided", 0)
        made = queue.decisions.count()
    twice = len(load.kept) - len(set(load.kept))
    print(f"{len(load.kept)} decisions kept, {decided} digits decided, {made} decisions in the database, {twice} twice")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviewers", type=int, default=200)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        database = given.database or f"sqlite:///{home}/review.db"
        fill(database, given.items)
        environment = {**os.environ, "DIGITS_HOME": home, "DIGITS_REVIEW_DATABASE_URL": database}
        command = [str(Path(sys.executable).parent / "digits"), "review", "serve", "--port", "0"]
        server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        found = re.search(r"http://\S+:(\d+)/", server.stdout.readline() if server.stdout else "")
        assert found, "the page did not start"
        load, began = Load(), time.monotonic()
        asyncio.run(_all(f"http://127.0.0.1:{found[1]}", given.reviewers, began + given.seconds, load))
        spent = time.monotonic() - began
        memory = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text())
        server.terminate()
        server.wait(30)
        tell(load, spent, database)
        print(f"memory of the server at most {int(memory[1]) / 1024:.0f} MB" if memory else "")


async def _all(url: str, reviewers: int, until: float, load: Load) -> None:
    await asyncio.gather(*(review(url, f"Reviewer {number}", until, load) for number in range(reviewers)))


if __name__ == "__main__":
    main()
