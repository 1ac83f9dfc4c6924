"""A reviewer at work, in a real browser: what they press, what they see, and what the queue then holds."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.review.site import COLLECTION, scan

TRUTH = ["1975", "1976", "2048", "3141", "2718", "1618"]


@pytest.fixture(scope="module")
def page_of_numbers(tmp_path_factory):
    return scan(tmp_path_factory.mktemp("scans"), TRUTH)


def ready(page):
    page.wait_for_selector("#work:not([hidden])")
    page.wait_for_load_state("networkidle")
    return page


def settle(page, count):
    """Until the server has that many items decided."""
    expect(page.locator("#progress")).to_have_text(re.compile(f"^{count} of"), timeout=20_000)


def outcomes(site):
    with site.queue() as queue:
        return {row["item_id"]: (row["outcome_kind"], row["outcome_value"]) for row in queue.outcomes()}


class TestCarpet:
    def test_the_wrong_ones_get_what_they_are_and_one_key_accepts_the_rest(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(n, 0, "1" + TRUTH[n][1:], 0.8 + n / 100) for n in range(6)])
        page = ready(visit(site))

        for key in ("c", "2", "d", "3", "f", "x", "Space"):
            page.keyboard.press(key)
        settle(page, 6)

        assert [outcomes(site)[f"n{n:03}/0"] for n in range(6)] == [
            ("digit", "1"),
            ("digit", "1"),
            ("digit", "2"),
            ("digit", "3"),
            ("not a digit", ""),
            ("digit", "1"),
        ]
        with site.queue() as queue:
            (pace,) = queue.statistics.pace()
        assert pace.keys == pytest.approx(7 / 6)
        assert page.locator("#empty").is_visible()

    def test_arrows_and_clicks_choose_and_undo_brings_the_whole_carpet_back(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(n, 0, "1975", 0.8 + n / 100) for n in range(4)])
        page = ready(visit(site))

        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("7")
        page.locator(".tile").nth(3).click()
        page.keyboard.press("u")
        assert page.locator('.tile[aria-pressed="true"]').count() == 2
        page.keyboard.press("Space")
        settle(page, 4)
        assert outcomes(site)["n001/0"] == ("digit", "7")
        page.keyboard.press("Backspace")
        page.wait_for_selector(".tile")
        settle(page, 0)

        assert page.locator(".tile").count() == 4
        page.keyboard.press("Space")
        settle(page, 4)
        assert set(outcomes(site).values()) == {("digit", "1")}

    def test_a_carpet_of_words_is_no_digits_in_two_keys(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(n, 0, "1975", 0.8 + n / 100) for n in range(4)])
        page = ready(visit(site))

        for key in ("a", "1", "-", "Space"):
            page.keyboard.press(key)
        settle(page, 4)

        assert [outcomes(site)[f"n{n:03}/0"][0] for n in range(4)] == ["digit", "not a digit", "not a digit", "not a digit"]


class TestOneAtATime:
    def test_a_correction_costs_one_key_as_a_confirmation_does(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(n, 1, "1" * 4, 0.4 + n / 100) for n in range(5)])
        page = visit(site)
        page.goto("/single")
        ready(page)

        for n in range(3):
            page.keyboard.press(TRUTH[n][1])
        page.keyboard.press("x")
        page.keyboard.press("u")
        settle(page, 5)

        assert list(outcomes(site).values()) == [
            ("digit", "9"),
            ("digit", "9"),
            ("digit", "0"),
            ("not a digit", ""),
            ("unreadable", ""),
        ]
        with site.queue() as queue:
            assert queue.statistics.pace()[0].keys == 1.0

    def test_space_accepts_what_is_shown_and_backspace_takes_it_back(self, serve, visit, page_of_numbers):
        shown = page_of_numbers.item(0, 1, TRUTH[0], 0.4, item_id="shown-1")
        page = visit(site := serve([shown]))
        page.goto("/single")
        ready(page)
        assert page.locator("#guess").inner_text() == "the machine reads 9 ?"

        page.keyboard.press("Space")
        settle(page, 1)
        assert outcomes(site) == {"shown-1": ("digit", "9")}
        page.keyboard.press("Backspace")
        ready(page)
        settle(page, 0)
        page.keyboard.press("4")
        settle(page, 1)

        assert outcomes(site) == {"shown-1": ("digit", "4")}

    def test_the_whole_number_is_retyped_when_the_machine_divided_it_wrongly(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(0, place, "1915", 0.4 + place / 10) for place in range(3)])
        page = visit(site)
        page.goto("/single")
        ready(page)

        page.keyboard.press("e")
        page.keyboard.type("19750")
        page.keyboard.press("Enter")
        settle(page, 3)

        assert set(outcomes(site).values()) == {("number", "19750")}
        assert page.locator("#empty").is_visible()

    def test_an_audit_hides_the_answer_and_cannot_be_accepted_unseen(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(0, 2, TRUTH[0], 0.999, reason="audit")])
        page = visit(site)
        sent = []
        page.on("response", lambda response: sent.append(response.text()) if "/claim/" in response.url else None)
        page.goto("/single")
        ready(page)

        assert page.locator("#guess").inner_text() == "What is it?"
        assert '"guess":null' in sent[0]
        assert "audit" not in sent[0]
        page.keyboard.press("Space")
        assert outcomes(site) == {}
        page.keyboard.press("7")
        settle(page, 1)
        with site.queue() as queue:
            assert queue.statistics.collections()[0].audit.checked == 1

    def test_a_missing_picture_is_said_and_the_digit_can_be_decided_all_the_same(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(0, 0, TRUTH[0], 0.4, crop_png=b"", uri="/gone/page.png")])
        page = visit(site)
        page.goto("/single")
        page.wait_for_selector(".digit .missing")
        page.wait_for_selector(".page .missing")

        page.keyboard.press("1")
        settle(page, 1)

        assert outcomes(site) == {"n000/0": ("digit", "1")}

    def test_decisions_survive_a_server_that_is_away_and_count_once(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(n, 0, TRUTH[n], 0.4) for n in range(3)])
        page = visit(site)
        page.goto("/single")
        ready(page)
        lost = []

        def answer_gets_lost(route):
            lost.append(route.fetch().status)
            route.abort()

        page.route("**/api/decide", answer_gets_lost, times=1)
        page.keyboard.press("1")
        page.wait_for_selector("#problem:not([hidden])")
        assert "Not saved yet" in page.locator("#problem").inner_text()
        page.keyboard.press("2")
        settle(page, 2)

        with site.queue() as queue:
            assert (lost, queue.decisions.count()) == ([200], 2)


def test_two_reviewers_at_once_never_see_the_same_digit(serve, visit, page_of_numbers):
    site = serve([page_of_numbers.item(n, place, TRUTH[n], 0.4) for n in range(6) for place in range(4)])
    ada, ben = visit(site, "Ada"), visit(site, "Ben <i>")
    for page in (ada, ben):
        page.goto("/single")
    seen = {"Ada": set(), "Ben <i>": set()}

    for page in (ada, ben):
        page.wait_for_load_state("networkidle")
        while page.locator("#work").is_visible():
            before = page.locator("#progress").inner_text()
            page.keyboard.press("5")
            # What the other has been lent is never offered: after the last one the work goes away.
            page.wait_for_function(
                "before => document.querySelector('#progress').innerText !== before || document.querySelector('#work').hidden",
                arg=before,
                timeout=20_000,
            )
    with site.queue() as queue:
        rows = [row for item in outcomes(site) for row in queue.decisions.log(item)]
    for row in rows:
        seen[row["reviewer"]].add(row["item_id"])

    assert len(rows) == 24
    assert not seen["Ada"] & seen["Ben <i>"]
    assert ben.locator(".who").inner_text() == "Ben <i>"


def test_every_control_has_a_name_and_can_be_reached_by_keyboard(serve, visit, page_of_numbers):
    page = ready(visit(serve([page_of_numbers.item(n, 0, "1975", 0.9) for n in range(3)])))
    for path in ("/carpet", "/single", "/statistics", "/layouts", "/try"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        tree = page.locator("body").aria_snapshot()
        nameless = [
            line
            for line in tree.splitlines()
            if re.search(r"- (button|link|textbox|combobox|img|checkbox|spinbutton|listbox|slider)( \[.*\])?:?$", line)
        ]
        assert nameless == [], path
    page.goto("/carpet")
    ready(page)
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "tile":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_everything_needed_is_on_the_screen_without_scrolling_sideways(serve, visit, page_of_numbers, width, height):
    page = visit(serve([page_of_numbers.item(0, 0, "1975", 0.4)]), width=width, height=height)
    page.goto("/single")
    ready(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for element in ("#crop", "#strip", "#accept", '[data-key="x"]', '[data-key="9"]'):
        box = page.locator(element).bounding_box()
        assert box["y"] + box["height"] <= height, element


def test_a_drawn_digit_is_read_at_once_with_its_probabilities_as_bars(serve, visit, page_of_numbers):
    page = visit(serve([page_of_numbers.item(0, 0, "1975", 0.4)]))
    page.goto("/try")
    paper = page.locator("#paper").bounding_box()

    page.mouse.move(paper["x"] + 150, paper["y"] + 40)
    page.mouse.down()
    page.mouse.move(paper["x"] + 150, paper["y"] + 220, steps=4)
    page.mouse.up()
    page.wait_for_selector(".bars")

    assert page.locator(".bars meter").count() == 11
    assert page.locator("#read").inner_text() in list("0123456789")


def test_names_of_collections_and_files_are_shown_as_they_are(serve, visit, page_of_numbers):
    page = visit(serve([page_of_numbers.item(0, 0, "1975", 0.4)]))
    page.goto("/statistics")

    assert page.locator("h2").first.inner_text() == COLLECTION
    assert page.locator("h2 b").count() == 0
    page.goto("/single")
    ready(page)
    assert "page <1>.png" in page.locator("#where").inner_text()
