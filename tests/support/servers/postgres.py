"""A real PostgreSQL server for tests: its own data in a temporary folder, its own port of 127.0.0.1, gone at the end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

USER, PASSWORD = "digits", "s3cret-word"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of the server without a database, `postgresql://user:password@127.0.0.1:port`; one for the whole session."""
    binaries = postgres_binaries()
    if binaries is None:
        missing = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    with postgres_running(binaries) as url:
        yield url


@contextmanager
def postgres_running(binaries: Path, durable: bool = False) -> Iterator[str]:
    """The server's URL; `durable`: it waits for the disk, as a server that people rely on."""
    folder = Path(tempfile.mkdtemp(prefix="digits-postgres-"))
    try:
        _create(binaries, folder)
        with _running(binaries, folder, durable) as url:
            yield url
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """URL of a fresh, empty database."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{postgres_server}/{name}"


def postgres_binaries() -> Path | None:
    """Where PostgreSQL's programs lie; None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root: as root it is started as the user nobody."""
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []


def _create(binaries: Path, folder: Path) -> None:
    password = folder / "password"
    password.write_text(PASSWORD)
    if os.geteuid() == 0:
        for path in (folder, password):
            shutil.chown(path, "nobody", "nogroup")
    options = ["--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8", "--locale=C", "--no-sync"]
    command = [*_unprivileged(), binaries / "initdb", "-D", folder / "data", "-U", USER, *options]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)


@contextmanager
def _running(binaries: Path, folder: Path, durable: bool) -> Iterator[str]:
    port = _free_port()
    options = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
    options += [] if durable else ["fsync=off", "full_page_writes=off"]
    command = [*_unprivileged(), binaries / "postgres", "-D", folder / "data", *(f"-c{option}" for option in options)]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as server:
        try:
            url = f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}"
            _wait_until_ready(url, server, folder / "log")
            yield url
        finally:
            server.send_signal(signal.SIGQUIT)  # at once, without saving what is thrown away anyway


def _wait_until_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(f"{url}/postgres", connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}") from None
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
