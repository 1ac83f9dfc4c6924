"""Requests that no browser of ours sends to the review page: each is answered at once, with the headers and the status due."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from starlette.testclient import TestClient

from deployments.review_app import login
from deployments.review_app.apart import Apart
from deployments.review_app.app import create_app
from deployments.review_app.context import ReviewContext, ReviewOptions
from deployments.review_app.sessions import Sessions
from digit_core.errors import InputError
from digit_core.params import DecodeLimits
from tasks.adapters.layout_store import LayoutFolder
from tasks.adapters.registry.cache import ModelFile
from tasks.adapters.registry.networks import NETWORKS, NetworkFiles
from tasks.adapters.review.queue import ReviewQueue
from tasks.adapters.storage.storage import Storage
from tasks.reader_spec import ReaderSpec
from tests.support.costly_files import nested_forms
from tests.support.review.items import digit

URL = "http://127.0.0.1"
OWN = {"x-digits-review": "1"}
TOKEN = "the-word-of-the-archive-1901"
HERE = "/results/parish"


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    cv2.imwrite(str(folder / "page.png"), np.full((80, 60), 200, np.uint8))
    return folder


@pytest.fixture
def context(tmp_path: Path, scans: Path) -> Iterator[ReviewContext]:
    with closing(Apart(40.0, 700.0, most=2)) as apart, ReviewQueue(f"sqlite:///{tmp_path}/review.db") as queue:
        items = [digit(f"n{number:03}", collection=HERE, uri=str(scans / "page.png")) for number in range(3)]
        queue.put(items, source=str(scans))

        spec = ReaderSpec(NetworkFiles(*[ModelFile("1", one.shipped.onnx, "") for one in NETWORKS]))
        options = ReviewOptions(token=TOKEN, hosts=("127.0.0.1",))
        sessions = Sessions(b"key" * 11, TOKEN)
        layouts = LayoutFolder(tmp_path / "layouts")
        yield ReviewContext(queue, Storage(), DecodeLimits(), lambda: spec, layouts, sessions, apart, options)


@pytest.fixture
def stranger(context: ReviewContext) -> TestClient:
    return TestClient(create_app(context), base_url=URL, headers=OWN, follow_redirects=False, raise_server_exceptions=False)


@pytest.fixture
def ada(context: ReviewContext, stranger: TestClient) -> TestClient:
    return came_in(context, "Ada")


def came_in(context: ReviewContext, name: str) -> TestClient:
    client = TestClient(create_app(context), base_url=URL, headers=OWN, follow_redirects=False, raise_server_exceptions=False)
    assert client.post("/enter", data={"name": name, "token": TOKEN}).status_code == 303
    return client


def decision(item: str, act: str = "0123456789") -> dict[str, Any]:
    said = {"item": item, "kind": "digit", "value": "1"}
    return {"act": act, "claim": "some", "view": "number", "keys": 1, "seconds": 1.0, "verdicts": [said]}


def is_guarded(answer: httpx.Response) -> bool:
    return "default-src 'none'" in answer.headers["content-security-policy"]


HEADERS = {
    "a cookie of 60 kB of quotes": ({"cookie": 'a="' + "\\" * 60_000}, 400),
    "a cookie of 60 kB of semicolons": ({"cookie": ";" * 60_000}, 400),
    "a host that is none": ({"host": "["}, 400),
    "a host that is long": ({"host": "a" * 10_000}, 400),
    "an origin that is none": ({"origin": "http://["}, 400),
    "a length that is none": ({"content-length": "٣"}, 413),
    "a length of a million digits": ({"content-length": "9" * 10_000}, 413),
}


@pytest.mark.parametrize("what", HEADERS)
def test_headers_that_no_browser_sends_are_refused_at_once(what: str, stranger: TestClient) -> None:
    headers, status = HEADERS[what]
    before = time.process_time()

    answer = stranger.post("/api/undo", headers={name: value.encode() for name, value in headers.items()})

    assert (answer.status_code, is_guarded(answer)) == (status, True)
    assert time.process_time() - before < 0.5


def test_a_large_form_is_refused_before_it_is_parsed(stranger: TestClient) -> None:
    before = time.process_time()

    assert stranger.post("/enter", content=b"a=1&" * 1_500_000).status_code == 413
    assert stranger.post("/enter", content=b"a=1&" * 2_000).status_code == 400
    assert stranger.post("/enter", content=b"name=\xff").status_code == 400
    assert time.process_time() - before < 2


BODIES = {
    "infinity": '{"layout": {"name": "a", "count": Infinity}}',
    "an infinite power": '{"layout": {"name": "a", "count": 1e999}}',
    "no number": '{"layout": {"name": "a", "count": NaN}}',
    "a long number": '{"layout": {"name": "a", "count": ' + "9" * 4_000 + "}}",
    "nothing but depth": '{"layout": ' + "[" * 100_000 + "}",
}


@pytest.mark.parametrize("what", BODIES)
@pytest.mark.parametrize("path", ["/api/layouts/save", "/api/layouts/yaml", "/api/decide"])
def test_json_that_is_none_is_a_bad_request(what: str, path: str, ada: TestClient) -> None:
    answer = ada.post(path, content=BODIES[what], headers={"content-type": "application/json"})

    assert (answer.status_code, is_guarded(answer)) == (400, True) or answer.status_code == 422
    assert "error" in answer.json()


def test_an_error_of_the_server_has_the_headers_too(
    ada: TestClient, context: ReviewContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug in /a/secret/place")

    monkeypatch.setattr(context.queue.statistics, "progress", broken)

    answer = ada.get("/api/progress?collection=x")

    assert (answer.status_code, is_guarded(answer), "secret" in answer.text) == (500, True, False)


def test_a_cookie_with_another_name_lets_nobody_in(context: ReviewContext, ada: TestClient) -> None:
    mine = ada.cookies["digits_session"]
    forged = Sessions(b"another key", TOKEN).issue("Ben")
    borrowed = context.sessions.issue("Ben").partition(".")[0] + "." + mine.partition(".")[2]
    older = Sessions(b"key" * 11, "another token").issue("Ben")

    for cookie in ("Ben", forged, borrowed, older, mine[:-1], ""):
        client = TestClient(create_app(context), base_url=URL, headers=OWN, cookies={"digits_session": cookie})
        assert client.post("/api/undo").status_code == 401


def test_nobody_takes_back_what_another_has_decided(context: ReviewContext, ada: TestClient) -> None:
    ada.post(f"/api/claim/numbers?collection={HERE}")
    assert ada.post("/api/decide", json=decision("n000/0")).json() == {"answers": {"n000/0": "kept"}}

    assert came_in(context, "Ben").post("/api/undo").json()["items"] == []
    assert context.queue.counts() == {"open": 2, "decided": 1}


def test_what_was_not_lent_is_not_decided(context: ReviewContext, ada: TestClient) -> None:
    assert "not lent" in ada.post("/api/decide", json=decision("n000/0")).json()["answers"]["n000/0"]
    assert context.queue.decisions.count() == 0


def test_nobody_gives_back_what_another_has(context: ReviewContext, ada: TestClient) -> None:
    lent = ada.post(f"/api/claim/numbers?collection={HERE}").json()

    assert came_in(context, "Ben").post(f"/api/release/{lent['claim']}").json() == {"released": 0}


@pytest.mark.parametrize("spelling", ["ada", "ADA", "ａｄａ", "Ada "])
def test_two_spellings_of_a_name_are_one_reader(spelling: str, context: ReviewContext, ada: TestClient) -> None:
    context.queue.decisions.read_twice(HERE, 2)
    ada.post(f"/api/claim/numbers?collection={HERE}")
    for number in range(3):
        ada.post("/api/decide", json=decision(f"n{number:03}/0", f"01234567{number}"))

    again = came_in(context, spelling).post(f"/api/claim/numbers?collection={HERE}").json()

    assert again["numbers"] == []


def test_guesses_of_the_token_are_slow_and_logged(
    stranger: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(login, "WAIT", 0.3)
    before = time.monotonic()

    answers = [stranger.post("/enter", data={"name": "Eve", "token": f"guess {number}"}) for number in range(3)]

    assert {answer.status_code for answer in answers} == {403}
    assert time.monotonic() - before > 0.9
    assert caplog.text.count("a wrong token was sent from") == 3


def test_a_session_is_sent_over_tls_alone_where_there_is_tls(context: ReviewContext) -> None:
    secure = replace(context, options=replace(context.options, tls=True))

    answer = TestClient(create_app(secure), base_url=URL, headers=OWN, follow_redirects=False).post(
        "/enter", data={"name": "Ada", "token": TOKEN}
    )

    assert {"HttpOnly", "Secure", "SameSite=strict"} <= set(answer.headers["set-cookie"].split("; "))


def test_a_scan_under_its_collections_source_is_shown(ada: TestClient, context: ReviewContext) -> None:
    page = Path(context.queue.sources(HERE)[0], "page.png")
    item = digit("sound", collection=HERE, uri=str(page), sha256=hashlib.sha256(page.read_bytes()).hexdigest(), page_index=0)
    context.queue.put([item])

    assert ada.get("/picture/page/sound/0").headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    "uri",
    [
        "/dev/zero",
        "/etc/passwd",
        "http://127.0.0.1:9/page.png",
        "https://example.org/page.png",
        "ftp://127.0.0.1:9/x",
        "file:///etc/passwd",
        "s3://another/bucket.png",
        "{scans}/../outside.png",
        "{scans}/link.png",
        "{scans}/pipe",
        "{scans}",
        "~/x.png",
    ],
)
def test_the_database_cannot_make_the_page_read_what_is_no_scan_of_the_collection(
    uri: str, ada: TestClient, context: ReviewContext, scans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scans.parent / "outside.png").write_bytes((scans / "page.png").read_bytes())
    (scans / "link.png").symlink_to(scans.parent / "outside.png")
    os.mkfifo(scans / "pipe")
    context.queue.put([digit("bad", collection=HERE, uri=uri.format(scans=scans))])

    assert ada.get("/picture/page/bad/0").status_code == 404


def test_a_pipe_and_a_device_are_not_read(scans: Path) -> None:
    os.mkfifo(scans / "pipe")
    for place in (str(scans / "pipe"), "/dev/zero", str(scans)):
        with pytest.raises(InputError, match="only files are read"):
            Storage().read(place)


def test_an_upload_that_takes_too_much_memory_is_refused_and_the_page_goes_on(ada: TestClient) -> None:
    answer = ada.post("/api/layouts/open", content=nested_forms())

    assert answer.status_code == 422
    assert "needs more than 700 MB of memory" in answer.json()["error"]
    assert ada.get("/api/layouts/saved").status_code == 200


def test_uploads_beyond_the_places_there_are_are_told_to_come_again(ada: TestClient, context: ReviewContext) -> None:
    with context.apart.place(), context.apart.place():
        answer = ada.post("/api/layouts/open", content=b"x")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert ada.post("/api/layouts/open", content=b"x").status_code == 422


@pytest.mark.parametrize("page", ["../../etc/passwd", "ab" * 32, "ab" * 32 + "-" + "9" * 7, "' OR 1=1 --", "AB" * 32 + "-0"])
@pytest.mark.parametrize("path", ["/numbers", "/table"])
def test_a_page_that_is_none_is_refused(page: str, path: str, ada: TestClient) -> None:
    assert ada.get(path, params={"page": page}).status_code == 422
    assert ada.post(f"/api/claim{path}", params={"collection": HERE, "page": page}).status_code == 422


def test_a_table_without_a_page_is_refused(ada: TestClient) -> None:
    assert ada.post("/api/claim/table", params={"collection": HERE, "page": ""}).json()["error"] == "choose a page"


@pytest.mark.parametrize("collection", ["http://127.0.0.1:9/out", "/out/../etc", "/dev", "file:///etc", "ftp://127.0.0.1/x"])
def test_the_database_cannot_make_the_table_read_what_are_no_results(
    collection: str, ada: TestClient, context: ReviewContext
) -> None:
    context.queue.put([digit("bad", collection=collection, page_index=0)])

    answer = ada.post("/api/claim/table", params={"collection": collection, "page": "ab" * 32 + "-0"})

    assert answer.status_code == 200
    assert [cell["number_id"] for grid in answer.json()["grids"] for cell in grid["cells"]] == ["bad"]


@pytest.mark.parametrize("view", ["/api/claim/numbers", "/api/claim/table"])
def test_what_is_hidden_is_not_sent_by_any_view(view: str, ada: TestClient, context: ReviewContext) -> None:
    context.queue.put(
        [digit("audited", "8375", 1, reason="audit", collection="/other", page_index=0, text="83.75", second="8175")]
    )

    answer = ada.post(view, params={"collection": "/other", "page": "ab" * 32 + "-0"})

    assert [sign["shown"] for sign in answer.json()["numbers"][0]["signs"]] == ["8", None, ".", "7", "5"]
    assert "83.75" not in answer.text
    assert "8375" not in answer.text
    assert "audit" not in answer.text.replace("audited", "")
