"""The review page as reviewers have it: served by `digits review serve` in a process of its own, seen in a real browser."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from digit_core.readings import ReviewItem
from digit_core.records import Box
from digit_core.review.snippets import cut
from tasks.adapters.review.queue import ReviewQueue
from tests.support.review.items import digit

COLLECTION = "/archive/<b>parish</b> & sons"
"""A name that must be escaped."""


@dataclass(frozen=True)
class Site:
    url: str
    database: str
    process: subprocess.Popen[str]

    def queue(self) -> ReviewQueue:
        return ReviewQueue(self.database)

    def entered(self, name: str = "Ada", **fields: str) -> dict[str, str]:
        return entered(self.url, name, **fields)


def entered(url: str, name: str, **fields: str) -> dict[str, str]:
    """The cookies of somebody who came in under this name."""
    answer = httpx.post(f"{url}/enter", data={"name": name, **fields}, headers={"origin": url}, timeout=60)
    assert answer.status_code == 303, answer.text
    return dict(answer.cookies)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        missing = "Chromium is not installed (Debian: apt-get install chromium)"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens the site as a new person with that name; whatever goes wrong in their browser fails the test."""
    contexts: list[Any] = []
    problems: list[str] = []

    def enter(site: Site, name: str = "Ada", width: int = 1280, height: int = 720) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, base_url=site.url)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if "Content Security" in message.text else None)
        page.on(
            "request", lambda request: problems.append(request.url) if not request.url.startswith((site.url, "blob:")) else None
        )
        page.goto("/")
        page.fill("#name", name)
        page.keyboard.press("Enter")
        page.wait_for_selector("#bar")
        return page

    yield enter
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture(scope="module")
def serve(served_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Site]]:
    """Starts sites, each with a queue of its own; all end with the module."""
    running: list[subprocess.Popen[str]] = []

    def start(items: list[ReviewItem], *options: str, **settings: str) -> Site:
        database = f"sqlite:///{tmp_path_factory.mktemp('queue')}/review.db"
        with ReviewQueue(database) as queue:
            queue.put(items, source=source_of(items))
        environment = {**os.environ, "DIGITS_HOME": str(served_home), "DIGITS_REVIEW_DATABASE_URL": database, **settings}
        command = [Path(sys.executable).parent / "digits", "review", "serve", "--port", "0", *options]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        running.append(process)
        line = process.stdout.readline() if process.stdout else ""
        found = re.search(r"http://\S+:(\d+)/", line)
        assert found, line
        return Site(f"http://127.0.0.1:{found[1]}", database, process)

    yield start
    for process in running:
        process.terminate()
    for process in running:
        process.wait(timeout=60)


def source_of(items: list[ReviewItem]) -> str:
    """The folder of the first item's scan."""
    return items[0].uri.rpartition("/")[0] if items else ""


@dataclass(frozen=True)
class Scan:
    """A page of printed numbers, four digits each, one below the other."""

    path: Path
    boxes: tuple[tuple[Box, ...], ...]
    pixels: Any

    def item(self, number: int, place: int, read: str, confidence: float, **changes: Any) -> ReviewItem:
        """The digit at `place` of a number of the page, which the machine read as `read`."""
        box, whole = self.boxes[number][place], Box.around(self.boxes[number])
        cuttings = cut(self.pixels, [(one, whole) for one in self.boxes[number]])
        cutting = cuttings[place]
        facts = {
            "uri": str(self.path),
            "sha256": hashlib.sha256(self.path.read_bytes()).hexdigest(),
            "page_index": 0,
            "box": box,
            "number_box": whole,
            "collection": COLLECTION,
            "crop_png": cutting.crop,
            "context_png": cutting.strip,
            "mark": cutting.mark,
            "marks": tuple(one.mark for one in cuttings),
        }
        return digit(f"n{number:03}", read, place, confidence, **{**facts, **changes})


def scan(folder: Path, numbers: list[str]) -> Scan:
    """Writes the page as PNG."""
    page = np.full((120 * len(numbers) + 80, 700), 235, np.uint8)
    boxes = []
    for row, number in enumerate(numbers):
        top = 40 + 120 * row
        places = [Box(160 + 60 * place, top, 46, 66) for place in range(len(number))]
        for box, letter in zip(places, number, strict=True):
            cv2.putText(page, letter, (box.x + 2, box.bottom - 6), cv2.FONT_HERSHEY_SIMPLEX, 2.2, 30, 5, cv2.LINE_AA)
        boxes.append(tuple(places))
    path = folder / "page <1>.png"
    cv2.imwrite(str(path), page)
    return Scan(path, tuple(boxes), page)
