"""The review page as a process of its own, while people send it what does harm; and what ends at SIGTERM."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from PIL import Image

from digit_core.readings import ReviewItem
from tests.support.costly_files import much_paint, nested_forms, packed_drawing
from tests.support.review.site import Site, scan

DIGITS = Path(sys.executable).parent / "digits"
OWN = {"x-digits-review": "1"}
MEGABYTES = 1_000
TWO_SECONDS = 2.0
PAGE_SECONDS = 2.0

Serve = Callable[..., Site]


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[ReviewItem]:
    page = scan(tmp_path_factory.mktemp("scans"), ["1975"])
    return [page.item(0, place, "1975", 0.4) for place in range(4)]


def ada(site: Site, **options: float) -> httpx.Client:
    return httpx.Client(base_url=site.url, headers=OWN, cookies=site.entered(), timeout=120, **options)


def test_a_page_that_takes_too_long_is_given_up_after_the_page_time_limit(serve: Serve, items: list[ReviewItem]) -> None:
    site = serve(items, DIGITS_PAGE_SECONDS=str(PAGE_SECONDS))
    with ada(site) as client:
        answer = client.post("/api/layouts/open", content=much_paint())

    assert answer.status_code == 422
    assert f"not read within {PAGE_SECONDS:g} s of processor time; DIGITS_PAGE_SECONDS" in answer.json()["error"]


def flat_image(side: int) -> bytes:
    """Of one grey, which packs well."""
    packed = io.BytesIO()
    Image.new("L", (side, side), 200).save(packed, "PNG")
    return packed.getvalue()


def much_json() -> bytes:
    """Two megabytes that take seventy as objects."""
    return b'{"layout": {"name": "a", "zones": [' + b"{}," * 720_000 + b"{}]}}"


ATTACKS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "forms within forms": ("/api/layouts/open", nested_forms),
    "packed drawing": ("/api/layouts/open", packed_drawing),
    "much paint": ("/api/layouts/open", much_paint),
    "a large image": ("/api/layouts/open", lambda: flat_image(9_900)),
    "a large image to try": ("/api/read", lambda: flat_image(2_800)),
    **{f"much JSON {number}": ("/api/layouts/save", much_json) for number in range(8)},
}
"""What is sent, and where."""

ANSWERS = {200, 400, 413, 422, 503}


@contextmanager
def memory_of(pid: int) -> Iterator[list[float]]:
    """Megabytes that the process and all below it held together at most, looked at 20 times a second while the block runs."""
    most, over = [0.0], threading.Event()

    def watch() -> None:
        server = psutil.Process(pid)
        while not over.wait(0.05):
            held = 0.0
            for process in (server, *server.children(recursive=True)):
                with suppress(psutil.Error):
                    held += process.memory_info().rss / 1e6
            most[0] = max(most[0], held)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        over.set()
        watcher.join()


def test_the_server_stays_small_while_all_attack_it_at_once_and_then_it_works(serve: Serve, items: list[ReviewItem]) -> None:
    site = serve(items, DIGITS_PAGE_SECONDS=str(PAGE_SECONDS))
    bodies = {what: (path, make()) for what, (path, make) in ATTACKS.items()}
    with ada(site) as client, ThreadPoolExecutor(len(bodies)) as crowd:

        def attack(what: str) -> int:
            path, body = bodies[what]
            return client.post(path, content=body, headers={"content-type": "application/json"}).status_code

        with memory_of(site.process.pid) as most:
            answers = dict(zip(bodies, crowd.map(attack, bodies), strict=True))

        assert set(answers.values()) <= ANSWERS, answers
        assert most[0] < MEGABYTES, f"{most[0]:.0f} MB"
        assert client.get("/numbers").status_code == 200
        assert client.post("/api/layouts/open", content=flat_image(300)).status_code == 200
    print(f"{most[0]:.0f} MB at most; {answers}")


def works_hard(pid: int, seconds: float) -> bool:
    """Whether one of the processes below has used the processor for so long."""
    used = 0.0
    for child in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.Error):
            used = max(used, child.cpu_times().user)
    return used > seconds


def wait_until(given: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 100
    while not given():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def ends_in_time(process: subprocess.Popen[str]) -> None:
    below = psutil.Process(process.pid).children(recursive=True)
    told = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)
    seconds = time.monotonic() - told
    _, alive = psutil.wait_procs(below, timeout=max(0.0, TWO_SECONDS - seconds))
    assert seconds < TWO_SECONDS, f"it took {seconds:.1f} s"
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


def test_the_server_ends_at_sigterm_while_a_page_is_decoded_and_browsers_are_connected(
    serve: Serve, items: list[ReviewItem]
) -> None:
    site = serve(items)
    place = urlsplit(site.url)
    with ada(site) as client, ThreadPoolExecutor(1) as crowd:
        client.get("/numbers")  # this connection stays open
        upload = crowd.submit(
            httpx.post, f"{site.url}/api/layouts/open", content=much_paint(), headers=OWN, cookies=site.entered(), timeout=60
        )
        half_sent = socket.create_connection((str(place.hostname), place.port))
        half_sent.sendall(b"POST /enter HTTP/1.1\r\nhost: 127.0.0.1\r\nx-digits-review: 1\r\ncontent-length: 900\r\n\r\nname=")
        wait_until(lambda: works_hard(site.process.pid, 3.0))
        assert not upload.done()

        ends_in_time(site.process)

        half_sent.close()
        with suppress(httpx.HTTPError):
            assert upload.result().status_code == 503


@pytest.mark.parametrize("pages", [1, 4])
def test_digits_read_ends_at_sigterm_while_a_page_is_decoded(pages: int, served_home: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.pdf" for number in range(pages)]
    for file in files:
        file.write_bytes(much_paint())
    environment = {**os.environ, "DIGITS_HOME": str(served_home), "DIGITS_WORKERS": "2"}
    command = [str(word) for word in (DIGITS, "read", *files)]
    read = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: works_hard(read.pid, 4.0))

    ends_in_time(read)

    assert read.returncode == 143
    assert read.stderr is not None
    assert read.stderr.read() == "\nstopped\n"
