"""What every kind of store has to do alike: a local folder, moto and OpenStack Swift."""

import hashlib
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from digit_core.errors import InputError, StorageUnavailableError
from digit_core.records import SourceObject
from tasks.adapters.storage.storage import HIDDEN, Missing, Storage, join

EVERYWHERE = [
    "plain.png",
    "with space.png",
    "quote'\".png",
    "#hash.png",
    "what?.png",
    "?versionId=3",
    "100%.png",
    "%2e%2e.png",
    "a+b.png",
    "é 漢字 😀.png",
    "star*[x]{y}.png",
    "back\\slash.png",
    "<&>.png",
    "tab\tbell\x07.png",
    "deep/er/still/page.png",
]
IN_BUCKETS = ["a/../b.png", "../../up.png", "c/./d.png", "..", "//twice//x.png", "/lead.png", "trailing/", "~/x.png"]
IN_SWIFT = ["new\nline.png"]  # moto finds no route to such a name


def awkward_names(store):
    return EVERYWHERE + (IN_BUCKETS if store.is_s3 else []) + (IN_SWIFT if store.kind == "swift" else [])


def listed(store, source=None):
    return list(Storage(store.options).list_objects(source or store.base))


def test_objects_of_any_name_are_listed_read_and_fetched(object_store, tmp_path):
    names = awkward_names(object_store)
    uris = {object_store.put(name, name.encode()): name for name in names}
    storage, spool = Storage(object_store.options), tmp_path / "spool" / "1"

    found = [one.uri for one in storage.list_objects(object_store.base)]
    paths = storage.fetch(found, spool)

    assert sorted(found) == sorted(uris)
    assert [storage.read(uri).decode() for uri in found] == [uris[uri] for uri in found]
    assert [path.read_bytes().decode() for path in paths] == [uris[uri] for uri in found]


def test_names_with_dots_and_slashes_never_lead_out_of_the_spool_folder(object_store, tmp_path):
    if not object_store.is_s3:
        pytest.skip("a local file cannot have such a name")
    uris = [object_store.put(name, b"x") for name in IN_BUCKETS]
    spool = tmp_path / "spool"

    paths = Storage(object_store.options).fetch(uris, spool)

    assert sorted(tmp_path.rglob("*")) == sorted([spool, *paths])
    assert {path.parent for path in paths} == {spool}


def test_writing_takes_any_name(object_store):
    names = awkward_names(object_store)
    storage = Storage(object_store.options)

    storage.write_many({f"{object_store.base}/{name}": name.encode() for name in names})

    assert object_store.names() == sorted(names)
    assert all(storage.read(f"{object_store.base}/{name}") == name.encode() for name in names)


def test_hidden_names_and_placeholders_of_folders_are_left_out(object_store):
    for name in (".DS_Store", ".git/config", "a/.hidden/b.png", "a/.c.png", "a/seen.png"):
        object_store.put(name, b"x")
    if object_store.is_s3:
        object_store.put("a/", b"")

    assert [one.uri for one in listed(object_store)] == [f"{object_store.base}/a/seen.png"]


def test_hidden_names_are_told_of_as_such(object_store):
    for name in (".DS_Store", "a/.hidden/b.png", "a/seen.png"):
        object_store.put(name, b"x")
    told = []

    list(Storage(object_store.options).list_objects(object_store.base, lambda uri, why: told.append((uri, why))))

    assert {why for _, why in told} == {HIDDEN}
    assert len(told) == 2


def test_a_source_in_a_hidden_folder_is_still_read(object_store):
    uri = object_store.put(".cache/scans/a.png", b"x")

    assert [one.uri for one in listed(object_store, f"{object_store.base}/.cache/scans")] == [uri]


def test_a_source_that_is_one_object_gives_that_one(object_store):
    uri = object_store.put("scans/a.png", b"12345")
    object_store.put("scans/a.png.txt", b"x")

    found = listed(object_store, uri)

    assert [(one.uri, one.size) for one in found] == [(uri, 5)]
    assert found == [one for one in listed(object_store) if one.uri == uri]


def test_a_folder_is_not_mixed_up_with_its_neighbours_of_a_longer_name(object_store):
    uri = object_store.put("scans/a.png", b"x")
    object_store.put("scans-old/b.png", b"x")

    assert [one.uri for one in listed(object_store, f"{object_store.base}/scans/")] == [uri]


def test_the_version_of_an_object_changes_with_its_content_and_only_then(object_store):
    uri = object_store.put("a.png", b"first")
    before, again = listed(object_store), listed(object_store)
    object_store.put("a.png", b"second!")

    after = listed(object_store)

    assert before == again == [SourceObject(uri, 5, before[0].version)]
    assert after == [SourceObject(uri, 7, after[0].version)]
    assert after[0].version != before[0].version


def test_more_objects_than_one_page_of_a_listing_come_once_each_in_order(object_store):
    names = [f"{number:04d}.txt" for number in range(205)]  # Swift here gives 100 at a time
    Storage(object_store.options).write_many({f"{object_store.base}/many/{name}": b"" for name in names})

    found = [one.uri for one in listed(object_store)]

    assert found == [f"{object_store.base}/many/{name}" for name in names]


def test_an_empty_store_lists_nothing(object_store):
    assert listed(object_store) == []


def test_a_place_that_does_not_exist_is_named(object_store):
    with pytest.raises(InputError, match=r"/no/such (does not exist|at http.*): check the"):
        listed(object_store, f"{object_store.base}/no/such")


def test_only_what_lies_right_in_a_folder_is_listed_by_name(object_store):
    for name in ("m/b.json", "m/a.json", "m/.hidden", "m/deeper/c.json", "other/d.json"):
        object_store.put(name, b"x")
    storage = Storage(object_store.options)

    assert list(storage.list_names(f"{object_store.base}/m")) == ["a.json", "b.json"]
    assert list(storage.list_names(f"{object_store.base}/none")) == []


def test_a_listed_folder_tells_when_its_objects_were_changed(object_store):
    object_store.put("m/a.json", b"x")

    (entry,) = Storage(object_store.options).list_folder(f"{object_store.base}/m")

    assert entry.uri == f"{object_store.base}/m/a.json"
    assert entry.modified == pytest.approx(time.time(), abs=120)


def test_writing_replaces_and_deleting_twice_is_no_error(object_store):
    storage, uri = Storage(object_store.options), join(object_store.base, "out", "a.bin")

    storage.write(uri, b"first")
    storage.write(uri, b"second")

    assert storage.read(uri) == b"second"
    assert storage.exist([uri, uri + "x"]) == [True, False]
    storage.delete([uri])
    storage.delete([uri])
    assert not storage.exists(uri)


def test_an_object_that_vanished_after_the_listing_is_told_apart_from_the_others(object_store, tmp_path):
    kept, gone = object_store.put("a.png", b"kept"), f"{object_store.base}/gone.png"
    storage = Storage(object_store.options)

    missing, path = storage.fetch([gone, kept], tmp_path / "spool")

    assert missing == Missing(gone, f"{gone} was deleted after it was listed")
    assert path.read_bytes() == b"kept"
    assert storage.read_many([gone, kept]) == [None, b"kept"]
    with pytest.raises(InputError, match=r"gone\.png does not exist"):
        storage.read(gone)


def test_large_objects_arrive_whole(object_store, tmp_path):
    data = bytes(range(256)) * 20_000  # 5 MB: several chunks
    storage, uri = Storage(object_store.options), f"{object_store.base}/large.tif"

    storage.write(uri, data)

    assert hashlib.sha256(storage.fetch([uri], tmp_path / "spool")[0].read_bytes()).digest() == hashlib.sha256(data).digest()


def test_many_threads_share_one_storage(object_store):
    uris = [object_store.put(f"{number}.png", str(number).encode()) for number in range(20)]
    storage = Storage(object_store.options)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(storage.read, uris))

    assert found == [str(number).encode() for number in range(20)]


def test_a_storage_that_was_used_works_on_in_a_spawned_process(object_store):
    uri, storage = object_store.put("a.png", b"12"), Storage(object_store.options)
    storage.read(uri)

    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as processes:
        found = processes.submit(storage.read, uri).result()

    assert found == b"12"


def test_errors_of_missing_buckets_name_the_bucket(s3_endpoint, tmp_path):
    storage, uri = Storage(s3_endpoint.options), "s3://no-such-bucket/a.png"

    for action in (
        lambda: list(storage.list_objects("s3://no-such-bucket")),
        lambda: list(storage.list_objects("s3://no-such-bucket/scans")),
        lambda: list(storage.list_names("s3://no-such-bucket/manifests")),
        lambda: storage.fetch([uri], tmp_path),
        lambda: storage.read(uri),
        lambda: storage.write(uri, b"x"),
    ):
        with pytest.raises(InputError, match=r"there is no bucket for s3://no-such-bucket.* at http://127") as caught:
            action()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("key", "secret"), [("digits:archive", "wrong"), ("digits:nobody", "wrong"), ("rubbish", "wrong")])
def test_a_wrong_key_is_told_with_the_settings_to_change(swift_server, no_aws_environment, key, secret):
    storage = Storage({**swift_server.options, "key": key, "secret": secret})

    for source in ("s3://bucket", "s3://bucket/scans"):
        with pytest.raises(InputError, match="AWS_ACCESS_KEY_ID"):
            list(storage.list_objects(source))


def test_no_credentials_at_all_is_told_with_the_settings_to_change(s3_endpoint):
    storage = Storage({"endpoint_url": s3_endpoint.url})

    with pytest.raises(InputError, match=r"no credentials for s3://bucket/a: set AWS_ACCESS_KEY_ID .*anon"):
        storage.read("s3://bucket/a")


def test_endpoint_key_and_region_come_from_the_environment(s3_endpoint, monkeypatch):
    client = s3_endpoint.client()
    client.create_bucket(Bucket="from-environment")
    client.put_object(Bucket="from-environment", Key="a.png", Body=b"x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_endpoint.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_endpoint.secret)
    monkeypatch.setenv("AWS_REGION", "us-east-1")

    assert [one.uri for one in Storage().list_objects("s3://from-environment")] == ["s3://from-environment/a.png"]


def test_a_server_that_is_not_there_may_come_back(no_aws_environment):
    storage = Storage(
        {"endpoint_url": "http://127.0.0.1:9", "key": "k", "secret": "s", "config_kwargs": {"retries": {"total_max_attempts": 1}}}
    )

    with pytest.raises(StorageUnavailableError, match=r"http://127\.0\.0\.1:9 cannot be reached: check AWS_ENDPOINT_URL"):
        list(storage.list_objects("s3://bucket"))
