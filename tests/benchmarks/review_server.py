"""The review page for the benchmarks: a database of its own, and the page in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.servers.postgres import postgres_binaries, postgres_running


@dataclass(frozen=True, slots=True)
class Place:
    """A home for the page, and the URL of its queue's database."""

    home: str
    database: str


@contextmanager
def place(postgresql: bool) -> Iterator[Place]:
    """Make an empty home with SQLite; or with a PostgreSQL server of its own, which waits for the disk."""
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory())
        if not postgresql:
            yield Place(home, f"sqlite:///{home}/review.db")
            return
        binaries = postgres_binaries()
        assert binaries, "PostgreSQL is not installed"
        yield Place(home, stack.enter_context(postgres_running(binaries, durable=True)) + "/postgres")


@contextmanager
def served(where: Place) -> Iterator[tuple[str, psutil.Process]]:
    """Start `digits review serve`; its address and its process, which ends with the context."""
    environment = {**os.environ, "DIGITS_HOME": where.home, "DIGITS_REVIEW_DATABASE_URL": where.database}
    command = [str(Path(sys.executable).parent / "digits"), "review", "serve", "--port", "0"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        found = re.search(r"http://\S+:(\d+)/", server.stdout.readline() if server.stdout else "")
        assert found, "the page did not start"
        yield f"http://127.0.0.1:{found[1]}", psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(30)
