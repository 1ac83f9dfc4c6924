"""What hostile or broken requests get from the view in which layouts are drawn."""

import http.client
import json
from urllib.parse import quote, urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.drawn import ruled_form

OWN = {"x-digits-review": "1"}
MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("outside") / "layouts"


@pytest.fixture(scope="module")
def site(serve, folder):
    return serve([], DIGITS_LAYOUTS=str(folder))


@pytest.fixture
def ada(site):
    with httpx.Client(base_url=site.url, headers=OWN, cookies=site.entered(), timeout=60) as client:
        yield client


def layout(name="form", **changes):
    zone = {"name": "a", "box": [10, 10, 50, 20]}
    return {"name": name, "page": [1000, 1300], "zones": [zone], **changes}


def files(folder):
    return sorted(path.relative_to(folder.parent).as_posix() for path in folder.parent.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        "../form",
        "/etc/form",
        "a/b",
        "a\\b",
        ".hidden",
        "a\0b",
        "a\nb",
        "form.",
        "-o",
        "a" * 81,
        "<b>",
        "con:x",
        "æ" * 120,
    ],
)
def test_a_name_that_could_lead_elsewhere_is_refused_and_nothing_is_written(ada, folder, name):
    before = files(folder)

    answer = ada.post("/api/layouts/save", json={"layout": layout(name)})

    assert answer.status_code == 422, answer.text
    assert "cannot be the name of a layout" in answer.json()["error"]
    assert files(folder) == before


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "%2e%2e", "..%5Cx", "a%00b", quote("no such form")])
def test_only_layouts_of_the_folder_are_loaded(ada, folder, name):
    (folder.parent / "secret.yaml").write_text("secret")

    answer = ada.get(f"/api/layouts/saved/{name}")

    assert answer.status_code in (404, 422)
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": "x"},
        layout(zones=5),
        layout(zones=[]),
        layout(zones=[5]),
        layout(page=[float("nan"), 5]),
        layout(page=[float("inf"), float("inf")]),
        layout(page=[10, 10]),
        layout(page="12"),
        layout(zones=[{"name": "a", "box": [0, 0, -1, 5]}]),
        layout(zones=[{"name": "a", "box": [0, 0, 1e400, 5]}]),
        layout(zones=[{"name": "a", "box": [1, 2, 3]}]),
        layout(zones=[{"name": "a", "box": [1, 2, 3, 4], "run": "rm"}]),
        layout(grids=[{"name": "g", "rows": {"count": 10**9, "span": [0, 9]}, "columns": {"count": 10**9, "span": [0, 9]}}]),
        layout(checks=[{"rule": "total", "of": ["nobody"], "into": "a"}]),
        layout(lines={"horizontal": [[1, 2]]}),
    ],
)
@pytest.mark.parametrize("path", ["save", "yaml"])
def test_what_is_no_layout_is_refused_and_says_why(ada, folder, path, fields):
    before = files(folder)

    answer = ada.post(
        f"/api/layouts/{path}", content=json.dumps({"layout": fields}), headers={"content-type": "application/json"}
    )

    is_json = "NaN" not in json.dumps(fields) and "Infinity" not in json.dumps(fields)
    assert (answer.status_code, len(answer.json()["error"]) > 10) == (422 if is_json else 400, True), answer.text
    assert is_json or "is not a valid number" in answer.json()["error"]
    assert files(folder) == before


@pytest.mark.parametrize(
    "text",
    [b"", b"\xff\xfe", b"a: &x [1]\nb: *x", b"!!python/object/apply:os.system ['true']", b"format: digits-layout/1", b"[" * 5000],
)
def test_a_file_that_is_no_layout_is_refused(ada, text):
    answer = ada.post("/api/layouts/parse", content=text)

    assert answer.status_code == 422, answer.text
    assert "this file" in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"", "the file is empty"),
        (b"no image", "not a JPEG"),
        (
            b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + b"\x00\x00\x4e\x20" * 2 + b"\x08\x00\x00\x00\x00" + bytes(50),
            "cannot be read",
        ),
    ],
)
def test_an_upload_that_is_no_page_is_refused(ada, body, part):
    answer = ada.post("/api/layouts/open", content=body)

    assert (answer.status_code, part in answer.json()["error"]) == (422, True), answer.text


def test_a_scan_of_more_pixels_than_the_limit_is_refused_before_it_is_decoded(ada):
    import cv2
    import numpy as np

    _, data = cv2.imencode(".png", np.zeros((10_001, 10_001), np.uint8))

    answer = ada.post("/api/layouts/open", content=data.tobytes())

    assert answer.status_code == 422
    assert "too large" in answer.json()["error"]


def test_a_page_that_the_file_has_not_is_named(ada, tmp_path):
    page = ruled_form.write(tmp_path / "page.png", ruled_form.ruled_page())

    answer = ada.post("/api/layouts/open?page=3", content=page.read_bytes())

    assert (answer.status_code, "there is no page 3" in answer.json()["error"]) == (422, True), answer.text
    assert ada.post("/api/layouts/open?page=0", content=page.read_bytes()).status_code == 422


def test_a_scan_may_be_larger_than_other_requests_but_not_of_any_size(site, ada):
    assert ada.post("/api/layouts/open", content=bytes(7_000_000)).status_code == 422  # read, and found to be no image
    assert ada.post("/api/layouts/save", content=bytes(7_000_000)).status_code == 413
    place = urlsplit(site.url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
    headers = {**OWN, "cookie": f"digits_session={site.entered()['digits_session']}", "content-length": "60000001"}

    connection.request("POST", "/api/layouts/open", headers=headers)  # it is refused by its length alone
    answer = connection.getresponse()

    assert answer.status == 413
    assert b"more than 60 MB" in answer.read()
    connection.close()


def test_an_upload_of_unknown_length_is_cut_off(ada):
    answer = ada.post("/api/layouts/open", content=(bytes(1_000_000) for _ in range(62)))

    assert answer.status_code == 413


@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site", **OWN}])
@pytest.mark.parametrize("path", ["open", "save", "fit", "relay", "yaml", "parse"])
def test_a_post_from_another_site_is_refused(site, folder, path, headers):
    before = files(folder)

    answer = httpx.post(f"{site.url}/api/layouts/{path}", json={"layout": layout()}, headers=headers, cookies=site.entered())

    assert answer.status_code == 403
    assert files(folder) == before


def test_who_has_not_signed_in_sees_nothing(site):
    with httpx.Client(base_url=site.url, headers=OWN) as stranger:
        assert stranger.get("/layouts").headers["location"] == "/enter"
        assert stranger.get("/api/layouts/saved").status_code == 401
        assert stranger.post("/api/layouts/open", content=b"x").status_code == 401


def test_a_page_that_is_not_open_is_said_so(ada):
    answer = ada.post("/api/layouts/fit", json={"layout": layout(), "page": "0" * 32})

    assert answer.json() == {"error": "this page is no longer open: open it again"}


def test_markup_in_names_is_shown_and_nothing_of_it_is_done(ada, site, visit):
    grid = {
        "name": f"{MARKUP}g",
        "rows": {"names": [f"{MARKUP}1", f"{MARKUP}2"], "span": [500, 700]},
        "columns": {"names": [f"</script>{MARKUP}", "b"], "span": [100, 900]},
    }
    check = {"rule": "total", "grid": f"{MARKUP}g", "of": [f"{MARKUP}1"], "into": f"{MARKUP}2"}
    fields = layout("hostile", zones=[{"name": MARKUP, "box": [10, 10, 50, 20]}], grids=[grid], checks=[check])
    assert ada.post("/api/layouts/save", json={"layout": fields}).status_code == 200
    tab = visit(site)
    tab.on("dialog", lambda dialog: pytest.fail(dialog.message))
    tab.goto("/layouts")

    tab.select_option("#saved", "hostile")
    tab.click("#load")
    expect(tab.locator("#told")).to_have_text("hostile loaded")
    tab.locator("#boxes button").first.click()

    assert tab.locator("main img, main script").count() == 0
    assert tab.locator("#box-name").input_value() == f"{MARKUP}g"
    assert MARKUP in tab.locator("#boxes").inner_text()
    assert f"{MARKUP}2 is the total of rows" in tab.locator("#checks").inner_text()


def test_a_file_in_the_folder_that_is_no_layout_harms_no_other(ada, folder):
    assert ada.post("/api/layouts/save", json={"layout": layout("good")}).status_code == 200
    (folder / "bad.yaml").write_bytes(b"\xff")

    found = {one["name"]: one["problem"] for one in ada.get("/api/layouts/saved").json()["layouts"]}

    assert found["good"] == ""
    assert "UTF-8" in found["bad"]
