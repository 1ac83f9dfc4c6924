"""What a store may answer when things go wrong, played by a server that does as it is told."""

import socket
import tracemalloc

import pytest

from digit_core.errors import InputError, StorageError, StorageUnavailableError
from tasks.adapters.storage.storage import Missing, Storage
from tests.support.servers.scripted_s3 import RESET, Answer, error, listing, scripted_s3

pytestmark = pytest.mark.usefixtures("no_aws_environment")

BODY = b"0123456789" * 1000
ONCE = {"retries": {"total_max_attempts": 1}}


def impatient(options):
    """The options without the waiting between attempts."""
    return {**options, "config_kwargs": {**options["config_kwargs"], **ONCE}}


@pytest.mark.parametrize(
    "answer",
    [
        error(503, "SlowDown"),
        error(503, "ServiceUnavailable"),
        error(500, "InternalError"),
        error(429, "TooManyRequests"),
        error(400, "RequestTimeout"),
        error(403, "RequestTimeTooSkewed"),
        RESET,
        Answer(502, b"<html>bad gateway</html>"),
        Answer(200, b"<html><p>a proxy's page"),
        Answer(delay=1.0),
    ],
    ids=lambda answer: f"{answer.status}-{answer.body[:40].decode()}",
)
def test_what_may_pass_is_an_error_that_is_tried_again(answer):
    with scripted_s3(lambda request: answer, read_timeout=0.3) as server:
        storage = Storage(impatient(server.options))

        with pytest.raises(StorageUnavailableError) as caught:
            list(storage.list_objects("s3://bucket"))

    assert "http://127.0.0.1" in str(caught.value)
    assert "\n" not in str(caught.value)


def persistently(action):
    while True:
        try:
            return action()
        except StorageUnavailableError:
            continue


def test_with_patience_a_listing_goes_on_where_it_broke_off():
    refusals = [RESET, error(503, "SlowDown"), RESET]

    def answer(request):
        second_page = "continuation-token" in request.query
        return refusals.pop() if second_page and refusals else listing(request, 1_500)

    with scripted_s3(answer) as server:
        storage = Storage(impatient(server.options), persistently)

        names = [one.uri for one in storage.list_objects("s3://bucket")]

    assert refusals == []
    assert names == [f"s3://bucket/{number:06d}.png" for number in range(1_500)]


def test_with_patience_small_objects_are_asked_for_again():
    refusals = [error(503, "SlowDown"), RESET]
    with scripted_s3(lambda request: refusals.pop() if refusals else Answer(200, BODY)) as server:
        data = Storage(impatient(server.options), persistently).read("s3://bucket/a")

    assert data == BODY


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (error(403, "InvalidAccessKeyId"), InputError, "the access key is not known: set AWS_ACCESS_KEY_ID"),
        (error(403, "SignatureDoesNotMatch"), InputError, "the secret key does not match"),
        (error(403, "AccessDenied"), InputError, "denies access to s3://bucket"),
        (error(400, "ExpiredToken"), InputError, "the credentials have expired: renew them"),
        (error(400, "AuthorizationHeaderMalformed"), InputError, "another region: set AWS_REGION"),
        (error(404, "NoSuchBucket"), InputError, "there is no bucket for s3://bucket"),
        (error(400, "InvalidBucketName"), InputError, "a bucket cannot have this name"),
        (error(501, "NotImplemented"), StorageError, "told to say NotImplemented"),
    ],
)
def test_what_will_not_pass_says_what_to_change(answer, kind, words):
    with scripted_s3(lambda request: answer) as server:
        storage = Storage(server.options)

        with pytest.raises(kind, match=words) as caught:
            list(storage.list_objects("s3://bucket"))

    assert not isinstance(caught.value, StorageUnavailableError)


@pytest.mark.parametrize("uri", ["s3://", "s3:///key", "s3://UPPER CASE/x"])
def test_a_uri_that_cannot_be_is_refused(uri):
    with pytest.raises(InputError):
        Storage({"endpoint_url": "http://127.0.0.1:9", "key": "k", "secret": "s"}).read(uri)


@pytest.mark.parametrize("options", [{"endpoint_url": "no url"}, {"profile": "nobody"}])
def test_settings_that_cannot_be_are_refused(options):
    with pytest.raises(InputError):
        Storage(options).read("s3://bucket/a")


@pytest.mark.parametrize(
    "trouble", [RESET, error(503, "SlowDown"), Answer(body=BODY, body_sent=5000)], ids=["reset", "503", "torn"]
)
def test_trouble_with_one_request_in_three_is_overcome(trouble, tmp_path):
    count = iter(range(10_000))

    with scripted_s3(lambda request: trouble if next(count) % 3 == 1 else Answer(body=BODY)) as server:
        storage, uris = Storage(server.options), [f"s3://bucket/{number}" for number in range(6)]
        paths, found = storage.fetch(uris, tmp_path), storage.read_many(uris)

    assert [path.read_bytes() for path in paths] == [BODY] * 6
    assert found == [BODY] * 6


def test_a_body_that_always_breaks_off_is_never_taken_for_the_object(tmp_path, monkeypatch):
    monkeypatch.setattr("tasks.adapters.storage.s3.BODY_PAUSE", 0.01)
    with scripted_s3(lambda request: Answer(body=BODY, body_sent=5000)) as server:
        storage = Storage(server.options)

        for action in (lambda: storage.read("s3://bucket/a"), lambda: storage.fetch(["s3://bucket/a"], tmp_path)):
            with pytest.raises(StorageUnavailableError, match="could not serve s3://bucket/a"):
                action()


def test_one_object_that_may_not_be_read_does_not_stop_the_others(tmp_path):
    with scripted_s3(lambda request: error(403, "AccessDenied") if "cold" in request.path else Answer(body=BODY)) as server:
        missing, path = Storage(server.options).fetch(["s3://bucket/cold", "s3://bucket/warm"], tmp_path)

    assert isinstance(missing, Missing)
    assert "s3://bucket/cold may not be read" in missing.message
    assert path.read_bytes() == BODY


def test_keys_that_expire_during_a_run_stop_it_rather_than_quarantine_its_pages(tmp_path):
    with scripted_s3(lambda request: error(400, "ExpiredToken")) as server:
        storage = Storage(server.options)

        with pytest.raises(InputError, match="expired"):
            storage.fetch(["s3://bucket/a", "s3://bucket/b"], tmp_path)


def test_each_write_is_one_put_of_the_whole_object():
    with scripted_s3(lambda request: Answer()) as server:
        Storage(server.options).write("s3://bucket/a", b"x" * 9_000_000)

    assert [(request.method, request.path) for request in server.requests] == [("PUT", "/bucket/a")]


@pytest.mark.parametrize("size", [10, 20_000_000])
def test_a_server_that_takes_the_connection_and_then_is_silent_is_given_up(monkeypatch, size):
    from tasks.adapters.storage import s3

    monkeypatch.setattr(s3, "WRITE_SECONDS", 1.0)
    monkeypatch.setattr(s3, "WRITE_PACE", 10**9)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        storage = Storage({"endpoint_url": url, "key": "k", "secret": "s", "config_kwargs": {"read_timeout": 0.5}})

        with pytest.raises(StorageUnavailableError, match=f"{url} could not serve s3://bucket/a"):
            storage.write("s3://bucket/a", b"x" * size)


def test_the_region_is_that_of_the_environment(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    from tasks.adapters.storage.s3 import S3

    assert S3({"key": "k", "secret": "s"}).endpoint == "https://s3.eu-north-1.amazonaws.com"


def test_a_profile_may_name_endpoint_and_keys(monkeypatch, tmp_path):
    with scripted_s3(lambda request: Answer(body=BODY)) as server:
        config = tmp_path / "config"
        lines = [
            "[profile archive]",
            "aws_access_key_id = k",
            "aws_secret_access_key = s",
            f"endpoint_url = {server.options['endpoint_url']}",
        ]
        config.write_text("\n".join(lines))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
        by_option = Storage({"profile": "archive"}).read("s3://bucket/a")
        monkeypatch.setenv("AWS_PROFILE", "archive")

        assert Storage().read("s3://bucket/a") == by_option == BODY


def peak_of_listing(keys: int) -> int:
    with scripted_s3(lambda request: listing(request, keys)) as server:
        names = Storage(server.options).list_objects("s3://bucket")
        next(names)
        tracemalloc.start()
        count = 1 + sum(1 for _ in names)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert count == keys
    return peak


def test_a_long_listing_takes_no_more_memory_than_a_short_one():
    assert peak_of_listing(12_000) < 1.2 * peak_of_listing(3_000)
