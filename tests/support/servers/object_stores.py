"""Real object stores for the contract tests: a local folder, moto's server and OpenStack Swift with its S3 interface.

The two servers live in an environment of their own, `.venv-servers`, made from `servers.lock` the first time a test asks
for one, or before that by `python -m tests.support.servers.object_stores install`. They listen on free ports of 127.0.0.1, keep
their data in pytest's temporary folder, and end with the test session. Where they cannot be had the test skips and says why; with
CI=true or REQUIRE_SERVERS=1 it fails instead.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import botocore.session
import pytest

from tests.support.servers.process import Server, free_port, running
from tests.support.servers.swift import swift_servers

ROOT = Path(__file__).resolve().parents[3]
LOCK = Path(__file__).with_name("servers.lock")
ENVIRONMENT = ROOT / ".venv-servers"
PYTHON = ENVIRONMENT / "bin" / "python"
REGION = "us-east-1"


def install() -> Path:
    """Makes `.venv-servers` as the lock says and returns its Python; does nothing if it stands already.

    Raises subprocess.CalledProcessError, whose stderr says why, if the packages cannot be had.
    """
    stamp = ENVIRONMENT / "lock.sha256"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    with LOCK.open("rb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # two test sessions at once: the second waits for the first
        if not stamp.exists() or stamp.read_text() != wanted:
            _make_environment()
            stamp.write_text(wanted)
    return PYTHON


def _make_environment() -> None:
    uv = shutil.which("uv")
    if uv:
        _quietly([uv, "venv", "--clear", "--python", sys.executable, str(ENVIRONMENT)])
        _quietly([uv, "pip", "install", "--python", str(PYTHON), "--compile-bytecode", "--require-hashes", "-r", str(LOCK)])
    else:
        _quietly([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)])
        _quietly([str(PYTHON), "-m", "pip", "install", "--require-hashes", "-r", str(LOCK)])


def _quietly(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def unavailable(why: str) -> NoReturn:
    """Skips the test, or fails it where the servers are required."""
    if os.environ.get("CI") == "true" or os.environ.get("REQUIRE_SERVERS") == "1":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def servers_python() -> Path:
    """The Python that has the servers' packages."""
    try:
        return install()
    except subprocess.CalledProcessError as error:
        unavailable(f"the test servers cannot be installed: {error.stderr.strip()[-500:]}")


@dataclass(frozen=True)
class Endpoint:
    """Where an S3 server listens and who may use it."""

    url: str
    key: str
    secret: str

    @property
    def options(self) -> dict[str, Any]:
        """As fsspec and s3fs want them."""
        return {"endpoint_url": self.url, "key": self.key, "secret": self.secret, "client_kwargs": {"region_name": REGION}}

    def client(self) -> Any:
        """A plain botocore client: an independent way to put and see objects."""
        session = botocore.session.Session()
        session.set_credentials(self.key, self.secret)
        return session.create_client("s3", endpoint_url=self.url, region_name=REGION)


def wait_until_it_answers(endpoint: Endpoint, seconds: float = 60) -> Endpoint:
    """Returns the endpoint once it lists its buckets; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            endpoint.client().list_buckets()
            return endpoint
        except botocore.exceptions.BotoCoreError as error:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{endpoint.url} does not answer: {error}") from error
            time.sleep(0.05)


def _session_of(servers: list[Server], endpoint: Endpoint) -> Iterator[Endpoint]:
    with running(servers):
        try:
            wait_until_it_answers(endpoint)
        except TimeoutError as error:
            logs = "\n".join(server.log.read_text()[-500:] for server in servers)
            unavailable(f"{error}\n{logs}")
        yield endpoint


@pytest.fixture(scope="session")
def moto_server(servers_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """moto: a simulator of S3, all in memory."""
    port = free_port()
    code = f"from moto.server import main; main(['-H', '127.0.0.1', '-p', '{port}'])"
    server = Server(servers_python, code, (), tmp_path_factory.mktemp("moto") / "moto.log")
    yield from _session_of([server], Endpoint(f"http://127.0.0.1:{port}", "moto-key", "moto-secret"))


@pytest.fixture(scope="session")
def swift_server(servers_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """OpenStack Swift: a real object store of four processes, spoken to by its S3 interface."""
    folder = tmp_path_factory.mktemp("swift")
    try:
        os.setxattr(folder, "user.digits", b"1")
    except OSError as error:
        unavailable(f"Swift needs extended attributes, and {folder} has none: {error}")
    port, servers = swift_servers(servers_python, folder, user="digits:archive", secret="archive-secret", region=REGION)
    yield from _session_of(servers, Endpoint(f"http://127.0.0.1:{port}", "digits:archive", "archive-secret"))


@dataclass(frozen=True)
class ObjectStore:
    """An empty place for one test: `base` is its URI, `options` open it; `put` and `names` go round the code under test."""

    kind: str
    base: str
    options: Mapping[str, Any]
    put: Callable[[str, bytes], str]
    names: Callable[[], list[str]]

    @property
    def is_s3(self) -> bool:
        return self.kind != "local"


def local_store(folder: Path) -> ObjectStore:
    def put(name: str, data: bytes) -> str:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return f"{folder}/{name}"

    def names() -> list[str]:
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())

    folder.mkdir(parents=True, exist_ok=True)
    return ObjectStore("local", str(folder), {}, put, names)


def bucket_store(kind: str, endpoint: Endpoint) -> ObjectStore:
    client, bucket = endpoint.client(), f"test-{uuid.uuid4().hex[:12]}"
    client.create_bucket(Bucket=bucket)

    def put(name: str, data: bytes) -> str:
        client.put_object(Bucket=bucket, Key=name, Body=data)
        return f"s3://{bucket}/{name}"

    def names() -> list[str]:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return sorted(entry["Key"] for page in pages for entry in page.get("Contents", []))

    return ObjectStore(kind, f"s3://{bucket}", endpoint.options, put, names)


def hide_aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hides the caller's own AWS settings, and keeps requests for 127.0.0.1 away from any proxy."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def no_aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """For one test."""
    hide_aws_environment(monkeypatch)


@pytest.fixture(params=["moto", "swift"])
def s3_endpoint(request: pytest.FixtureRequest, no_aws_environment: None) -> Endpoint:
    """Each S3 server in turn."""
    endpoint: Endpoint = request.getfixturevalue(f"{request.param}_server")
    return endpoint


@pytest.fixture(params=["local", "moto", "swift"])
def object_store(request: pytest.FixtureRequest, tmp_path: Path, no_aws_environment: None) -> ObjectStore:
    """Each kind of store in turn, empty."""
    if request.param == "local":
        return local_store(tmp_path / "store")
    return bucket_store(request.param, request.getfixturevalue(f"{request.param}_server"))


if __name__ == "__main__":
    if sys.argv[1:] != ["install"]:
        sys.exit("usage: python -m tests.support.servers.object_stores install")
    try:
        install()
    except subprocess.CalledProcessError as failure:
        sys.exit(f"the test servers cannot be installed: {failure.stderr.strip()}")
