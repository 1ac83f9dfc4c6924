"""How the review page bears many reviewers at once: requests a second, how long they take, and whether a decision is lost.

    python -m tests.benchmarks.review_load --reviewers 200 --items 20000 --seconds 60
    python -m tests.benchmarks.review_load --postgresql --think 2

Every reviewer asks for digits, looks at the picture of each, decides it, and goes on after `--think` seconds, by default at
once. The figures are those of the whole machine: server, database and reviewers share its processors.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tasks.adapters.review.queue import ReviewQueue
from tests.benchmarks.review_server import place, served
from tests.support.review.items import HERE, digit

_DIGITS_AT_ONCE = 5_000


@dataclass
class Load:
    """What all reviewers met: seconds by path, statuses, and the items that the page said it kept."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[int | str] = field(default_factory=Counter)
    kept: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Person:
    """A reviewer, who has come in by now, and what they meet. `think`: seconds that they look at a digit."""

    session: aiohttp.ClientSession
    until: float
    think: float
    load: Load

    async def ask(self, method: str, path: str, **what: Any) -> bytes | None:
        """The answer's body, if it is a good one."""
        began = time.monotonic()
        try:
            async with self.session.request(method, path, **what) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.load.statuses[type(error).__name__] += 1
            return None
        self.load.seconds.setdefault(path.split("?")[0].split("/crop/")[0], []).append(time.monotonic() - began)
        self.load.statuses[answer.status] += 1
        return body if answer.status == 200 else None

    async def review(self) -> None:
        """Until the time is up."""
        while time.monotonic() < self.until:
            lent = json.loads(await self.ask("POST", f"/api/claim/numbers?collection={HERE}") or '{"numbers": []}')
            for item in (item for number in lent["numbers"] for item in number["items"]):
                if time.monotonic() > self.until:
                    return
                await self._decide(item, lent["claim"])

    async def _decide(self, item: str, claim: str) -> None:
        await self.ask("GET", f"/picture/crop/{item}")
        await asyncio.sleep(self.think * random.uniform(0.5, 1.5))
        said = {"item": item, "kind": "digit", "value": "7"}
        act = {"act": uuid.uuid4().hex, "claim": claim, "view": "number", "keys": 1, "seconds": 1.0, "verdicts": [said]}
        answer = await self.ask("POST", "/api/decide", json=act)
        if answer and json.loads(answer)["answers"][item] == "kept":
            self.load.kept.append(item)


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
    parser.add_argument("--think", type=float, default=0.0, help="seconds that a reviewer looks at a digit, half as many to more")
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own, that waits for the disk")
    given = parser.parse_args()
    with place(given.postgresql) as where:
        fill(where.database, given.items)
        with served(where) as (url, server):
            load = Load()
            seconds = asyncio.run(_all(url, given.reviewers, given.seconds, given.think, load))
            used, ours = server.cpu_times(), time.process_time()
            memory = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text())
        tell(load, seconds, where.database)
        print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; seconds of a processor: ", end="")
        print(f"server {used.user + used.system:.1f}, reviewers {ours:.1f}")
        print(f"memory of the server at most {int(memory[1]) / 1024:.0f} MB" if memory else "")


async def _all(url: str, reviewers: int, seconds: float, think: float, load: Load) -> float:
    """Everybody comes in, and then they begin together. Returns how long they took."""
    connector = aiohttp.TCPConnector(limit=0)
    plain = {"x-digits-review": "1", "origin": url}
    async with aiohttp.ClientSession(url, connector=connector, headers=plain, cookie_jar=aiohttp.DummyCookieJar()) as door:
        cookies = [await _come_in(door, f"Reviewer {number}") for number in range(reviewers)]
    connector = aiohttp.TCPConnector(limit=0)
    began = time.monotonic()
    sessions = [
        aiohttp.ClientSession(url, connector=connector, connector_owner=False, headers={**plain, "cookie": cookie})
        for cookie in cookies
    ]
    await asyncio.gather(*(Person(session, began + seconds, think, load).review() for session in sessions))
    for session in sessions:
        await session.close()
    await connector.close()
    return time.monotonic() - began


async def _come_in(door: aiohttp.ClientSession, name: str) -> str:
    """The cookie of somebody who has entered under this name."""
    async with door.post("/enter", data={"name": name}, allow_redirects=False) as answer:
        return answer.headers["set-cookie"].partition(";")[0]


if __name__ == "__main__":
    main()
