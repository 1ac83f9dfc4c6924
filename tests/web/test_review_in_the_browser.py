"""A reviewer at work, in a real browser: what they press, what they see, and what the queue then holds."""

import re

import pytest
from playwright.sync_api import expect

from digit_core.review.verdicts import suggestion_is_hidden
from tests.support.review.site import COLLECTION, scan

TRUTH = ["1975", "1976", "2048", "3141", "2718", "1618"]


@pytest.fixture(scope="module")
def page_of_numbers(tmp_path_factory):
    return scan(tmp_path_factory.mktemp("scans"), TRUTH)


def ready(page):
    page.wait_for_selector("#work:not([hidden])")
    page.wait_for_load_state("networkidle")
    return page


def carpet(page):
    page.goto("/carpet")
    return ready(page)


def shown(name):
    """The name of an item whose reading is not among those that are hidden by lot."""
    return next(f"{name} {lot}" for lot in range(100) if not suggestion_is_hidden(f"{name} {lot}", "low confidence", 1))


def settle(page, count):
    """Until the server has that many items decided."""
    expect(page.locator("#progress")).to_have_text(re.compile(f"^{count} of"), timeout=20_000)


def signs(page):
    """The number as it is shown, the place that a key changes in brackets."""
    found = page.locator(".sign").evaluate_all(
        "all => all.map((one) => one.matches('.here') ? `[${one.textContent}]` : one.textContent)"
    )
    return list(found)


def outcomes(site):
    with site.queue() as queue:
        return {row["item_id"]: (row["outcome_kind"], row["outcome_value"]) for row in queue.outcomes()}


class TestCarpet:
    def test_the_wrong_ones_get_what_they_are_and_one_key_accepts_the_rest(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(n, 0, "1" + TRUTH[n][1:], 0.8 + n / 100) for n in range(6)])
        page = carpet(visit(site))

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
        page = carpet(visit(site))

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
        page = carpet(visit(site))

        for key in ("a", "1", "-", "Space"):
            page.keyboard.press(key)
        settle(page, 4)

        assert [outcomes(site)[f"n{n:03}/0"][0] for n in range(4)] == ["digit", "not a digit", "not a digit", "not a digit"]


class TestOneNumberAtATime:
    def test_space_accepts_the_number_and_a_digit_key_sets_the_doubtful_place(self, serve, visit, page_of_numbers):
        site = serve(
            [page_of_numbers.item(n, 1, "1" + TRUTH[n][1] + TRUTH[n][2:], 0.4 + n / 100, item_id=shown(f"{n}")) for n in range(3)]
        )
        page = ready(visit(site))
        assert signs(page) == ["1", "[9]", "7", "5"]

        for key in ("Space", "4", "u"):
            page.keyboard.press(key)
        settle(page, 3)

        assert list(outcomes(site).values()) == [("digit", "9"), ("digit", "4"), ("unreadable", "")]
        with site.queue() as queue:
            assert queue.statistics.pace()[0].keys == 1.0

    def test_a_key_goes_from_doubt_to_doubt_and_all_are_answered_at_once(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(0, place, "1975", 0.4, item_id=shown(f"{place}")) for place in (0, 2, 3)])
        page = ready(visit(site))
        posts = []
        page.on("request", lambda request: posts.append(request.url) if "/decide" in request.url else None)

        page.keyboard.press("4")
        assert signs(page) == ["4", "9", "[7]", "5"]
        page.keyboard.press("x")
        page.keyboard.press("Space")
        settle(page, 3)

        assert list(outcomes(site).values()) == [("digit", "4"), ("not a digit", ""), ("digit", "5")]
        assert len(posts) == 1

    def test_a_digit_that_was_accepted_is_reached_by_an_arrow_and_corrects_the_whole_number(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(0, 1, "1975", 0.4, item_id=shown("1"), text="19.75")])
        page = ready(visit(site))

        page.keyboard.press("ArrowRight")
        page.keyboard.press("8")
        page.keyboard.press("Space")
        settle(page, 1)

        assert outcomes(site) == {shown("1"): ("written", "19.85")}

    def test_backspace_takes_back_a_digit_and_then_the_number_before(self, serve, visit, page_of_numbers):
        site = serve(
            [
                page_of_numbers.item(n, place, TRUTH[n], 0.4 + n / 10, item_id=shown(f"{n}-{place}"))
                for n in (0, 1)
                for place in (0, 1)
            ]
        )
        page = ready(visit(site))

        page.keyboard.press("Space")
        settle(page, 2)
        page.keyboard.press("7")
        page.keyboard.press("Backspace")
        assert signs(page) == ["[1]", "9", "7", "6"]
        page.keyboard.press("Backspace")
        settle(page, 0)
        assert signs(page) == ["[1]", "9", "7", "5"]
        for key in ("2", "2", "Space"):
            page.keyboard.press(key)
        settle(page, 4)

        assert [value for _, value in outcomes(site).values()] == ["2", "2", "1", "9"]

    def test_the_number_is_typed_anew_with_its_marks(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(0, place, "1915", 0.4 + place / 10) for place in range(3)])
        page = ready(visit(site))

        page.keyboard.press("e")
        page.keyboard.type("-19,75/2")
        page.keyboard.press("Enter")
        settle(page, 3)

        assert set(outcomes(site).values()) == {("written", "-19,75/2")}
        assert page.locator("#empty").is_visible()

    def test_pasted_words_are_not_taken_for_a_number(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(0, 0, "1915", 0.4)])
        page = ready(visit(site))

        page.keyboard.press("Enter")
        page.keyboard.insert_text("see page 12")
        page.keyboard.press("Enter")
        assert page.locator("#number").is_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("1")
        settle(page, 1)

        assert outcomes(site) == {"n000/0": ("digit", "1")}

    @pytest.mark.parametrize(
        ("key", "content"), [("b", "blank"), ("-", "dash"), ("s", "struck out"), ("i", "nil"), ("n", "no number")]
    )
    def test_where_no_number_stands_one_key_says_what_does(self, serve, visit, page_of_numbers, key, content):
        site = serve([page_of_numbers.item(0, place, "1915", 0.4) for place in (1, 2)])
        page = ready(visit(site))

        page.keyboard.press(key)
        settle(page, 2)

        assert set(outcomes(site).values()) == {("content", content)}

    def test_the_second_readers_number_is_shown_where_it_differs_and_taken_by_a_key(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(0, 1, "1175", 0.4, item_id=shown("1"), second="1975", text="11.75")])
        page = ready(visit(site))
        assert page.locator("#second").inner_text() == "19.75"

        page.keyboard.press("o")
        settle(page, 1)

        assert outcomes(site) == {shown("1"): ("digit", "9")}

    def test_row_and_column_of_the_layout_and_the_neighbours_are_shown(self, serve, visit, page_of_numbers):
        page = ready(visit(serve([page_of_numbers.item(1, 1, "1175", 0.4, cell=("rain", "<b>5</b>", "Jan"))])))

        assert page.locator("#where b").inner_text() == "rain · <b>5</b> · Jan"
        assert page.locator("#around").evaluate("img => img.naturalHeight") > 66 * 6
        digit, box = page.locator(".sign").nth(1).bounding_box(), page.locator("#frame").bounding_box()
        assert box["x"] < digit["x"] < box["x"] + box["width"]

    def test_an_audit_hides_the_answer_and_cannot_be_accepted_unseen(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(0, 2, TRUTH[0], 0.999, reason="audit", second="1915")])
        sent = []
        page = visit(site)
        page.on("response", lambda response: sent.append(response.text()) if "/claim/" in response.url else None)
        page.reload()
        ready(page)

        assert signs(page) == ["1", "9", "[]", "5"]
        assert "audit" not in sent[0]
        assert TRUTH[0] not in sent[0]
        assert not page.locator("#differs").is_visible()
        page.keyboard.press("Space")
        assert outcomes(site) == {}
        page.keyboard.press("7")
        settle(page, 1)
        with site.queue() as queue:
            assert queue.statistics.collections()[0].audit.checked == 1

    def test_a_missing_picture_is_said_and_the_number_can_be_decided_all_the_same(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(0, 0, TRUTH[0], 0.4, context_png=b"", uri="/gone/page.png")])
        page = visit(site)
        page.wait_for_selector(".strip .missing")
        page.wait_for_selector(".page .missing")

        page.keyboard.press("1")
        settle(page, 1)

        assert outcomes(site) == {"n000/0": ("digit", "1")}

    def test_numbers_come_page_by_page_when_the_reviewer_wants_it(self, serve, visit, page_of_numbers):
        order = (3, 1, 2)
        site = serve(
            [page_of_numbers.item(n, 0, TRUTH[n], n / 10, position=at, item_id=shown(f"{n}")) for at, n in enumerate(order)]
        )
        page = ready(visit(site))

        page.get_by_label("page by page").check()
        page.wait_for_url("**by_page=true*")
        ready(page)
        seen = []
        for count in (1, 2, 3):
            seen.append("".join(signs(page)).replace("[", "").replace("]", ""))
            page.keyboard.press("Space")
            settle(page, count)

        assert seen == [TRUTH[n] for n in order]

    def test_decisions_survive_a_server_that_is_away_and_count_once(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(n, 0, TRUTH[n], 0.4) for n in range(3)])
        page = ready(visit(site))
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

    def test_a_connection_lost_in_mid_number_loses_no_key(self, serve, visit, page_of_numbers):
        site = serve([page_of_numbers.item(0, place, "1975", 0.4, item_id=shown(f"{place}")) for place in (0, 3)])
        page = ready(visit(site))

        page.keyboard.press("4")
        page.context.set_offline(True)
        page.keyboard.press("8")
        page.wait_for_selector("#problem:not([hidden])")
        assert outcomes(site) == {}
        page.context.set_offline(False)
        settle(page, 2)

        assert list(outcomes(site).values()) == [("digit", "4"), ("digit", "8")]


def test_two_reviewers_at_once_never_see_the_same_digit(serve, visit, page_of_numbers):
    site = serve([page_of_numbers.item(n, place, TRUTH[n], 0.4) for n in range(6) for place in range(4)])
    ada, ben = visit(site, "Ada"), visit(site, "Ben <i>")
    seen = {"Ada": set(), "Ben <i>": set()}

    for page in (ada, ben):
        page.wait_for_load_state("networkidle")
        while page.locator("#work").is_visible():
            before = page.locator("#progress").inner_text()
            page.keyboard.press("Enter")
            page.keyboard.type("5555")
            page.keyboard.press("Enter")
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
    for path in ("/numbers", "/carpet", "/statistics", "/layouts", "/try"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        tree = page.locator("body").aria_snapshot()
        nameless = [
            line
            for line in tree.splitlines()
            if re.search(r"- (button|link|textbox|combobox|img|checkbox|spinbutton|listbox|slider)( \[.*\])?:?$", line)
        ]
        assert nameless == [], path
    carpet(page)
    for _ in range(16):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "tile":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_everything_needed_is_on_the_screen_without_scrolling_sideways(serve, visit, page_of_numbers, width, height):
    page = visit(serve([page_of_numbers.item(0, 0, "1975", 0.4)]), width=width, height=height)
    ready(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for element in ("#frame", "#signs", "#accept", '[data-key="x"]', '[data-key="9"]'):
        box = page.locator(element).bounding_box()
        assert box["y"] + box["height"] <= height, element


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_long_names_do_not_push_any_view_wider_than_a_phone(serve, visit, tmp_path_factory, scheme):
    folder = tmp_path_factory.mktemp("a-folder-whose-name-has-no-spaces-and-goes-on-and-on-and-on-and-on")
    numbers = scan(folder, TRUTH)
    long = folder / f"{'a-file-whose-name-never-ends-' * 7}.png"
    long.write_bytes(numbers.path.read_bytes())
    facts = {"uri": str(long), "collection": f"/archive/{'results-of-many-parishes-' * 8}"}
    site = serve([numbers.item(n, 0, "1975", 0.8, **facts, cell=("rain" * 20, "x" * 60, "y" * 60)) for n in range(6)])
    page = visit(site, "A" * 40, width=390, height=844)
    page.emulate_media(color_scheme=scheme)
    for path in ("/numbers", "/carpet", "/statistics", "/layouts", "/try", "/nowhere"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 390, path
    dark = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert dark == {"light": "rgb(251, 250, 247)", "dark": "rgb(22, 24, 28)"}[scheme]


def test_an_unknown_address_is_a_page_and_a_script_gets_json(serve, visit, page_of_numbers):
    page = visit(serve([page_of_numbers.item(0, 0, "1975", 0.4)]))

    answer = page.goto("/nowhere/<b>")

    assert answer.status == 404
    assert page.locator("h1").inner_text() == "There is no page at this address."
    page.get_by_role("link", name="Go to the review").click()
    ready(page)
    assert page.request.get("/api/nowhere").json()["error"] == "Not Found"


def test_an_empty_queue_says_which_command_fills_it(serve, visit):
    page = visit(serve([]))

    for path in ("/numbers", "/carpet", "/statistics"):
        page.goto(path)
        assert page.locator("#empty code").inner_text() == "digits digitise FOLDER --out RESULTS", path


def test_progress_is_shown_by_person_and_page_and_leads_to_the_page(serve, visit, page_of_numbers, tmp_path_factory):
    other = scan(tmp_path_factory.mktemp("others"), ["7777"])
    site = serve(
        [page_of_numbers.item(n, 0, TRUTH[n], 0.4) for n in range(2)]
        + [other.item(0, 0, "7777", 0.6, item_id="other", number_id="other")]
    )
    page = ready(visit(site))
    page.keyboard.press("1")
    settle(page, 1)

    page.goto("/statistics")
    assert page.locator("tr", has_text="Ada").locator("td").all_inner_texts() == ["1", "1"]
    page.locator("summary", has_text="Pages").click()
    page.locator(".names a").first.click()
    ready(page)
    assert "".join(signs(page)).strip("[]").endswith("777")
    page.keyboard.press("7")
    page.wait_for_selector("#empty:not([hidden])")

    assert outcomes(site)["other"] == ("digit", "7")
    page.get_by_role("button", name="All pages").click()
    ready(page)


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
    page.goto("/numbers")
    ready(page)
    assert "page <1>.png" in page.locator("#where").inner_text()
