"""Who is kept out of the review page, and what a hostile or broken request gets."""

import httpx
import pytest

from tasks.adapters.review.queue import ReviewQueue
from tests.support.review.site import COLLECTION, scan

OWN = {"x-digits-review": "1"}
TOKEN = "the-word-of-the-archive"


@pytest.fixture(scope="module")
def items(tmp_path_factory):
    page = scan(tmp_path_factory.mktemp("scans"), ["1975", "1976"])
    return [page.item(n, place, "1975", 0.4) for n in range(2) for place in range(4)]


@pytest.fixture(scope="module")
def site(serve, items):
    return serve(items)


@pytest.fixture(scope="module")
def guarded(serve, items):
    return serve(items, "--host", "0.0.0.0", DIGITS_REVIEW_TOKEN=TOKEN)


@pytest.fixture
def ada(site):
    with httpx.Client(base_url=site.url, headers=OWN, cookies=site.entered()) as client:
        yield client


def decision(**changes):
    said = {"item": "n000/0", "kind": "digit", "value": "1"}
    said |= {name: changes.pop(name) for name in list(changes) if name in said}
    return {"act": "0123456789", "claim": "some", "view": "number", "keys": 1, "seconds": 1.0, "verdicts": [said], **changes}


def test_another_address_demands_a_token(served_home, monkeypatch):
    from typer.testing import CliRunner

    from deployments.cli import app

    monkeypatch.setenv("DIGITS_HOME", str(served_home))

    result = CliRunner().invoke(app, ["review", "serve", "--host", "0.0.0.0", "--port", "0"])

    assert result.exit_code == 2
    assert "set DIGITS_REVIEW_TOKEN" in result.stderr


@pytest.mark.parametrize("cookies", [{}, {"digits_session": "Ada"}, {"digits_reviewer": "Ada", "digits_token": TOKEN}])
def test_without_the_token_nothing_is_shown_and_nothing_is_taken(guarded, cookies):
    with httpx.Client(base_url=guarded.url, headers=OWN, cookies=cookies) as stranger:
        assert stranger.get("/numbers").headers["location"] == "/enter"
        assert stranger.get("/picture/crop/n000%2F0").status_code == 401
        assert stranger.post("/api/decide", json=decision()).status_code == 401
    with guarded.queue() as queue:
        assert queue.decisions.count() == 0


def test_a_wrong_token_is_refused_and_the_right_one_lets_in_with_safe_cookies(guarded):
    with httpx.Client(base_url=guarded.url, headers={"origin": guarded.url}) as client:
        assert client.post("/enter", data={"name": "Ada", "token": "guess"}).status_code == 403

        welcome = client.post("/enter", data={"name": "Ada", "token": TOKEN})

        assert welcome.status_code == 303
        for cookie in welcome.headers.get_list("set-cookie"):
            assert "HttpOnly" in cookie
            assert "samesite=strict" in cookie.lower()
            assert TOKEN not in cookie
        assert client.get("/numbers").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null", **OWN},
        {"sec-fetch-site": "cross-site", **OWN},
        {"sec-fetch-site": "same-site", **OWN},
    ],
)
def test_a_post_from_another_site_is_refused(site, headers):
    answer = httpx.post(f"{site.url}/api/decide", json=decision(), headers=headers, cookies=site.entered())

    assert answer.status_code == 403
    with site.queue() as queue:
        assert queue.decisions.count() == 0


def test_a_page_of_another_site_in_the_same_browser_gets_nowhere(site, browser):
    context = browser.new_context()
    context.add_cookies(
        [
            {
                "name": "digits_session",
                "value": site.entered()["digits_session"],
                "url": site.url,
                "sameSite": "Strict",
                "httpOnly": True,
            }
        ]
    )
    page = context.new_page()
    page.route("https://evil.example/", lambda route: route.fulfill(body="<h1>hello</h1>", content_type="text/html"))
    page.goto("https://evil.example/")

    options = "{method: 'POST', credentials: 'include', mode: 'no-cors', body: '{}'}"
    script = f"url => fetch(url, {options}).then(answer => answer.type, () => 'refused')"
    assert page.evaluate(script, f"{site.url}/api/undo") in ("opaque", "refused")
    with site.queue() as queue:
        assert queue.decisions.count() == 0
    context.close()


def test_another_name_for_this_machine_is_refused(site):
    assert httpx.get(f"{site.url}/numbers", headers={"host": "evil.example"}).status_code == 421


def test_every_answer_forbids_what_the_page_does_not_need(ada):
    for path in ("/numbers", "/static/numbers.js", "/api/progress?collection=x", "/nowhere"):
        headers = ada.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("changes", "status", "part"),
    [
        ({"value": "12"}, 422, "one of 0 to 9"),
        ({"value": "٣"}, 422, "one of 0 to 9"),
        ({"value": ""}, 422, "one of 0 to 9"),
        ({"kind": "letter"}, 422, "verdicts"),
        ({"kind": "number", "value": "1e5"}, 422, "up to 32 digits"),
        ({"keys": -1}, 422, "keys"),
        ({"act": "../../x"}, 422, "act"),
        ({"verdicts": []}, 422, "verdicts"),
    ],
)
def test_a_decision_that_cannot_be_is_refused_and_says_why(ada, site, changes, status, part):
    answer = ada.post("/api/decide", json=decision(**changes))

    assert (answer.status_code, part in answer.json()["error"]) == (status, True), answer.text
    with site.queue() as queue:
        assert queue.decisions.count() == 0


def test_an_unknown_item_and_a_missing_picture_are_said(ada):
    assert ada.post("/api/decide", json=decision(item="nobody")).json() == {"answers": {"nobody": "no such item"}}
    assert ada.get("/picture/crop/nobody").status_code == 404
    assert ada.get("/picture/crop/..%2F..%2Fetc%2Fpasswd").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        (b"no image", 422, "cannot be read"),
        (
            b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + b"\x00\x00\xff\xff" * 2 + b"\x08\x00\x00\x00\x00" + bytes(50),
            422,
            "cannot be read",
        ),
        (bytes(6_100_000), 413, "smaller"),
        (b"", 422, "cannot be read"),
    ],
)
def test_an_upload_that_is_no_small_image_is_refused(ada, body, status, part):
    answer = ada.post("/api/read", content=body)

    assert (answer.status_code, part in answer.json()["error"]) == (status, True), answer.text


def test_an_upload_of_unknown_length_is_cut_off_too(ada):
    answer = ada.post("/api/read", content=(bytes(1_000_000) for _ in range(8)))

    assert answer.status_code == 413


def test_a_database_that_is_away_is_an_answer_without_its_place_and_works_again_later(serve, items):
    import sqlite3

    site = serve(items)
    request = {"json": decision(), "headers": OWN, "cookies": site.entered(), "timeout": 30}
    with httpx.Client(base_url=site.url, headers=OWN, cookies=request["cookies"], timeout=30) as ada:
        ada.post("/api/claim/numbers", params={"collection": COLLECTION})
    file = site.database.removeprefix("sqlite:///")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    locked = httpx.post(f"{site.url}/api/decide", **request)
    other.close()
    later = httpx.post(f"{site.url}/api/decide", **request)

    assert locked.status_code == 503
    assert "/" not in locked.json()["error"]
    assert later.json() == {"answers": {"n000/0": "kept"}}
    with ReviewQueue(site.database) as queue:
        assert queue.decisions.count() == 1
