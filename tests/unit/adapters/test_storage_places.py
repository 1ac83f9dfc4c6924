import subprocess
import sys
from pathlib import Path

import pytest

from digit_core.errors import InputError
from tasks.adapters.storage.storage import Storage, join, normalise, overlaps


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("s3://bucket/", "s3://bucket"),
        ("S3://bucket/a b/#1?//", "s3://bucket/a b/#1?"),
        ("s3a://bucket/x", "s3://bucket/x"),
        ("s3://bucket/a/../b", "s3://bucket/a/../b"),
        ("gs://bucket/x/", "gs://bucket/x"),
        ("/scans/", "/scans"),
        ("/scans/../out", "/out"),
        ("file:///scans/100%25", "/scans/100%25"),
    ],
)
def test_a_place_is_written_in_one_way(written, meant):
    assert normalise(written) == meant
    assert normalise(meant) == meant


def test_a_relative_place_is_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert normalise("scans") == f"{tmp_path}/scans"
    assert normalise("~/scans") == str(Path.home() / "scans")


@pytest.mark.parametrize("nothing", ["", "  "])
def test_nothing_is_no_place(nothing):
    with pytest.raises(InputError, match="empty"):
        normalise(nothing)


@pytest.mark.parametrize(
    ("source", "dest", "expected"),
    [
        ("/scans", "/scans", True),
        ("/scans", "/scans/out", True),
        ("/scans", "/scans-out", False),
        ("/scans", "/", False),
        ("/", "/out", True),
        ("/scans", "s3://scans", False),
        ("s3://b", "s3://b/out", True),
        ("s3://b/scans/", "s3://b/scans", True),
        ("s3://b/scans", "s3a://b/scans/out", True),
        ("s3://b/scans", "s3://b/out", False),
        ("s3://b/scans", "s3://b", False),
        ("s3://b", "s3://bb/out", False),
    ],
)
def test_results_among_the_scans_are_noticed(source, dest, expected):
    assert overlaps(source, dest) == expected


def test_results_among_the_scans_are_noticed_through_a_link(tmp_path):
    (tmp_path / "scans").mkdir()
    (tmp_path / "other").symlink_to(tmp_path / "scans")

    assert overlaps(f"{tmp_path}/scans", f"{tmp_path}/other/out")


def test_parts_are_joined_to_a_place():
    assert join("s3://bucket/", "pages", "a.parquet") == "s3://bucket/pages/a.parquet"


def test_a_run_on_local_folders_imports_no_client_of_object_storage(tmp_path):
    code = (
        "import sys; from tasks.adapters.storage.storage import Storage; "
        "list(Storage().list_objects(sys.argv[1])); print(*sys.modules)"
    )

    ran = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True, text=True)

    assert {"fsspec", "s3fs", "botocore", "aiohttp"}.isdisjoint(ran.stdout.split())


def test_what_else_fsspec_opens_is_a_store_too(tmp_path):
    base, storage = "memory://archive", Storage()
    storage.write_many({f"{base}/scans/{name}": b"x" for name in ("b.png", "a #?.png", "deep/c.png", ".hidden")})

    found = [one.uri for one in storage.list_objects(f"{base}/scans")]
    paths = storage.fetch([found[0], f"{base}/gone"], tmp_path / "spool")

    assert found == [f"memory:///archive/scans/{name}" for name in ("a #?.png", "b.png", "deep/c.png")]
    assert paths[0].read_bytes() == b"x"
    assert "gone was deleted" in paths[1].message
    assert list(storage.list_names(f"{base}/scans")) == ["a #?.png", "b.png"]
    storage.delete([f"{base}/scans/b.png", f"{base}/gone"])
    assert storage.exist([f"{base}/scans/b.png", f"{base}/scans/a #?.png"]) == [False, True]


@pytest.mark.parametrize(("uri", "words"), [("nonsense://x/y", "cannot be opened"), ("memory://none/at/all", "does not exist")])
def test_a_url_that_leads_nowhere_is_told(uri, words):
    with pytest.raises(InputError, match=words):
        list(Storage().list_objects(uri))
