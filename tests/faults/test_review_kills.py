"""kill -9 of the review page's process while two people decide: no word of theirs is lost, none counts twice."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tasks.adapters.review.queue import ReviewQueue
from tests.support.faults import ROUNDS, SEED
from tests.support.review.items import HERE, digit
from tests.support.review.site import entered
from tests.support.servers.process import free_port

pytestmark = pytest.mark.long

ITEMS = 300
KILLS = 3
LEASE = 10
"""Seconds after which what a killed process had lent comes back."""
PATIENCE = 600


@dataclass
class Page:
    """`digits review serve`, which can be killed and started again under the same address."""

    home: Path
    database: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        settings = {"DIGITS_HOME": str(self.home), "DIGITS_REVIEW_DATABASE_URL": self.database}
        environment = {**os.environ, **settings, "DIGITS_REVIEW_LEASE_SECONDS": str(LEASE)}
        command = [Path(sys.executable).parent / "digits", "review", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait_until_it_answers(self, deadline: float) -> None:
        while self.process is not None and self.process.poll() is None and time.monotonic() < deadline:
            try:
                httpx.get(f"{self.url}/static/style.css").raise_for_status()
                return
            except httpx.TransportError:
                time.sleep(0.1)
        raise RuntimeError("the review page did not start")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@contextmanager
def served(home: Path, database: str) -> Iterator[Page]:
    page = Page(home, database)
    try:
        page.start()
        yield page
    finally:
        page.kill()


@dataclass
class Person(threading.Thread):
    """Decides until nothing is left, and sends what was not answered again, as the page's script does.

    `told` has what the page said it kept: item to value; `repeated` counts what was sent more than once.
    """

    page: Page
    reviewer: str
    value: str
    deadline: float
    told: dict[str, str] = field(default_factory=dict)
    repeated: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        headers, cookies = {"x-digits-review": "1"}, entered(self.page.url, self.reviewer)
        with httpx.Client(base_url=self.page.url, headers=headers, cookies=cookies, timeout=10) as client:
            while time.monotonic() < self.deadline:
                lent = self._post(client, "/api/claim/numbers", params={"collection": HERE})
                if not lent["numbers"] and not self._left(client):
                    return
                for item in (item for number in lent["numbers"] for item in number["items"]):
                    self._decide(client, lent["claim"], item)

    def _left(self, client: httpx.Client) -> int:
        """Digits that wait, lent or not."""
        time.sleep(0.2)
        return int(self._post(client, "/api/progress", "GET", params={"collection": HERE})["open"])

    def _decide(self, client: httpx.Client, claim: str, item: str) -> None:
        said = {"item": item, "kind": "digit", "value": self.value}
        act = {"act": uuid.uuid4().hex, "claim": claim, "view": "number", "keys": 1, "seconds": 1.0, "verdicts": [said]}
        if self._post(client, "/api/decide", json=act)["answers"][item] == "kept":
            self.told[item] = self.value

    def _post(self, client: httpx.Client, path: str, method: str = "POST", **more: Any) -> Any:
        while True:
            try:
                answer = client.request(method, path, **more)
            except httpx.TransportError:
                if time.monotonic() > self.deadline:
                    raise
                self.repeated += 1
                time.sleep(0.2)
            else:
                answer.raise_for_status()
                return answer.json()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_when_the_pages_process_is_killed_no_decision_is_lost_and_none_counts_twice(number, served_home, review_url):
    draw = random.Random(f"{SEED} review {number}")
    with ReviewQueue(review_url) as queue:
        queue.put([digit(f"n{item:04}", confidence=0.3 + item / 1000) for item in range(ITEMS)])
    deadline = time.monotonic() + PATIENCE
    with served(served_home, review_url) as page:
        page.wait_until_it_answers(deadline)
        people = [Person(page, "Ada", "1", deadline), Person(page, "Ben", "2", deadline)]
        for person in people:
            person.start()
        decided = []
        for _ in range(KILLS):
            with ReviewQueue(review_url) as queue:
                wait_for_more(queue, deadline)
                time.sleep(draw.uniform(0, 1))
                page.kill()
                decided.append(queue.decisions.count())
            page.start()
        for person in people:
            person.join(PATIENCE)

    print(f"killed with {decided} of {ITEMS} decided; {sum(person.repeated for person in people)} requests went unanswered")
    assert decided[0] < ITEMS
    told = people[0].told | people[1].told
    with ReviewQueue(review_url) as queue:
        kept = {f"n{item:04}/0": queue.decisions.log(f"n{item:04}/0") for item in range(ITEMS)}
        assert queue.counts(HERE) == {"decided": ITEMS}
        assert queue.decisions.count() == ITEMS
    assert {item: [row["value"] for row in rows] for item, rows in kept.items()} == {item: [told[item]] for item in kept}


def wait_for_more(queue: ReviewQueue, deadline: float) -> None:
    """Until another digit is decided, so that the page is at work when it is struck."""
    before = queue.decisions.count()
    while before < ITEMS and queue.decisions.count() == before and time.monotonic() < deadline:
        time.sleep(0.01)
