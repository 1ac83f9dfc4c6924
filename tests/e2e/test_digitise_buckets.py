"""`digits digitise` as a person would run it, with scans and results in buckets of real S3 servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tasks.adapters.results.dataset import Results
from tasks.adapters.storage.storage import Storage
from tests.support.servers.object_stores import ObjectStore, bucket_store
from tests.support.servers.prefect import PrefectServer

DIGITS = Path(sys.executable).parent / "digits"


@pytest.fixture(params=["moto", "swift"])
def bucket(request: pytest.FixtureRequest, no_aws_environment: None) -> ObjectStore:
    """An empty bucket of each S3 server in turn."""
    return bucket_store(request.param, request.getfixturevalue(f"{request.param}_server"))


def slip(number: int) -> bytes:
    """A small page with one number, as PNG."""
    paper = np.full((200, 400), 235, np.uint8)
    cv2.putText(paper, str(number), (60, 120), cv2.FONT_HERSHEY_SIMPLEX, 1.8, 30, 4)
    return cv2.imencode(".png", paper)[1].tobytes()


@pytest.fixture(autouse=True)
def shared_prefect_server(prefect_server: PrefectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that start none of their own take less time."""
    for name, value in prefect_server.environment.items():
        monkeypatch.setenv(name, value)


def digits(place: Path, home: Path, options: object, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "DIGITS_HOME": str(home),
        "DIGITS_STORAGE_OPTIONS": json.dumps(options),
        "DIGITS_REVIEW_DATABASE_URL": f"sqlite:///{place}/review.db",
    }
    return subprocess.run([DIGITS, *arguments], env=environment, cwd=place, capture_output=True, text=True, timeout=300)


def test_scans_in_a_bucket_become_results_in_a_bucket(bucket: ObjectStore, tmp_path: Path, served_home: Path) -> None:
    names = ["box 1/page 1.png", "box 1/päge #2.png", "box 2/../odd.png", "3.png"]
    for number, name in enumerate(names):
        bucket.put(f"scans/{name}", slip(12345 + number))
    bucket.put("scans/box 2/empty.jpg", b"")
    source, out = f"{bucket.base}/scans", f"{bucket.base}/results"

    first = digits(tmp_path, served_home, bucket.options, "digitise", source, "--out", out, "--max-failed", "0.5")
    again = digits(tmp_path, served_home, bucket.options, "digitise", source, "--out", out, "--max-failed", "0.5")

    assert first.returncode == 0, first.stderr
    assert "4 pages read" in first.stdout
    assert again.returncode == 0, again.stderr
    assert "nothing new: 5 files" in again.stdout
    pages = Results(Storage(bucket.options), out).read("pages").to_pylist()
    assert {row["file"].removeprefix(f"{source}/"): row["state"] for row in pages} == {
        **dict.fromkeys(names, "read"),
        "box 2/empty.jpg": "quarantined",
    }
    assert not list((served_home / "spool").iterdir())


def test_a_bucket_that_is_not_there_is_one_line_that_names_it(bucket: ObjectStore, tmp_path: Path, served_home: Path) -> None:
    result = digits(tmp_path, served_home, bucket.options, "digitise", "s3://no-such-bucket-here", "--out", str(tmp_path / "out"))

    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "no-such-bucket-here" in result.stderr


def test_a_wrong_key_is_one_line_that_says_so(bucket: ObjectStore, tmp_path: Path, served_home: Path) -> None:
    options = {**bucket.options, "secret": "wrong"}
    if bucket.kind == "moto":
        pytest.skip("moto believes every key")

    result = digits(tmp_path, served_home, options, "digitise", bucket.base, "--out", str(tmp_path / "out"))

    assert result.returncode in (2, 3)
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stderr
