"""A page beside its table, in a real browser: cells are decided where they stand, and totals follow."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from digit_core.review.verdicts import suggestion_is_hidden
from tests.support.review.site import scan

TRUTH = ["1000", "2000", "3000", "4000"]
PLACES = [("1", "a"), ("1", "b"), ("2", "a"), ("Total", "a")]


@pytest.fixture(scope="module")
def page_of_numbers(tmp_path_factory):
    return scan(tmp_path_factory.mktemp("scans"), TRUTH)


def shown(name):
    """The name of an item whose reading is not among those that are hidden by lot."""
    return next(f"{name} {lot}" for lot in range(100) if not suggestion_is_hidden(f"{name} {lot}", "low confidence", 1))


@pytest.fixture
def site(serve, page_of_numbers):
    """Four cells of a form that wait, each with one doubtful digit."""
    return serve(
        [
            page_of_numbers.item(n, 0, TRUTH[n], 0.5, item_id=shown(f"i{n}"), position=n, cell=("rain", *PLACES[n]))
            for n in range(4)
        ]
    )


def table(page):
    page.goto("/table")
    page.wait_for_selector("#work:not([hidden])")
    page.wait_for_load_state("networkidle")
    return page


def outcomes(site):
    with site.queue() as queue:
        return {row["item_id"].split()[0]: (row["outcome_kind"], row["outcome_value"]) for row in queue.outcomes()}


def settle(page, count):
    expect(page.locator("#progress")).to_have_text(re.compile(f"^{count} of"), timeout=20_000)


def here(page):
    """The name of the cell in focus."""
    return page.evaluate("() => document.activeElement.getAttribute('aria-label')")


def test_cells_are_accepted_and_corrected_where_they_stand(site, visit):
    page = table(visit(site))
    assert page.locator("th[scope=row]").all_inner_texts() == ["1", "2", "Total"]
    assert here(page) == "rain 1 a"

    page.keyboard.press("Enter")
    assert here(page) == "rain 1 b"
    page.keyboard.press("Tab")
    assert here(page) == "rain 2 a"
    page.keyboard.type("8000")
    page.keyboard.press("Tab")
    settle(page, 2)
    page.keyboard.type("40.00")
    page.keyboard.press("Enter")
    settle(page, 3)

    assert here(page) == "rain 1 b"
    assert outcomes(site) == {"i0": ("digit", "1"), "i2": ("digit", "8"), "i3": ("written", "40.00")}


@pytest.mark.parametrize(("typed", "content"), [("-", "dash"), ("nil", "nil"), ("", "blank"), ("x", "no number")])
def test_a_cell_without_a_number_says_what_is_there(site, visit, typed, content):
    page = table(visit(site))

    page.keyboard.press("Backspace")
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    settle(page, 1)

    assert outcomes(site) == {"i0": ("content", content)}


def test_words_are_not_taken_and_the_cell_says_so(site, visit):
    page = table(visit(site))

    page.keyboard.type("see page 12")
    page.keyboard.press("Enter")

    assert page.locator("input[aria-invalid]").count() == 1
    assert outcomes(site) == {}


def test_the_scan_shows_the_cell_in_focus(site, visit):
    page = table(visit(site))
    page.locator("#grids input").nth(3).focus()

    spot, pane = page.locator("#spot").bounding_box(), page.locator("#pane").bounding_box()

    assert pane["y"] < spot["y"] < pane["y"] + pane["height"]
    assert pane["x"] < spot["x"] < pane["x"] + pane["width"]


def test_a_hidden_cell_cannot_be_accepted_unseen(serve, visit, page_of_numbers):
    site = serve([page_of_numbers.item(0, 0, TRUTH[0], 0.999, reason="audit", cell=("rain", "1", "a"))])
    page = visit(site)
    page.goto("/table")
    page.wait_for_selector("#work:not([hidden])")
    assert page.locator("#grids input").input_value() == ""

    page.keyboard.press("Enter")
    page.keyboard.type("7000")
    page.keyboard.press("Enter")
    settle(page, 1)

    assert outcomes(site) == {"n000/0": ("digit", "7")}


def test_totals_follow_while_the_reviewer_types(site, visit):
    page = visit(site)

    def with_a_total(route):
        answer = route.fetch()
        totals = [{"grid": "rain", "of": [["1", "a"], ["2", "a"]], "into": ["Total", "a"]}]
        route.fulfill(response=answer, json={**answer.json(), "totals": totals})

    page.route("**/api/claim/table**", with_a_total)
    table(page)
    total = page.locator(".off")
    assert total.inner_text() == "✓"

    page.keyboard.type("1500")
    assert total.inner_text() == "+500"
    page.keyboard.press("Backspace")
    assert total.inner_text() == "−850"
    page.keyboard.type("x")
    assert total.count() == 0


def test_undo_opens_the_cell_again(site, visit):
    page = table(visit(site))
    page.keyboard.press("Enter")
    settle(page, 1)

    page.get_by_role("button", name="undo").click()
    settle(page, 0)
    page.wait_for_selector("#work:not([hidden])")

    assert page.locator("#grids input:not([readonly])").count() == 4


def test_the_table_fits_a_phone(site, visit):
    page = table(visit(site, width=390, height=844))

    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390


def test_the_keys_that_are_typed_into_a_cell_are_named_on_a_phone_too(site, visit):
    page = table(visit(site, width=390, height=844))

    for key in ("nil", "x", "?"):
        expect(page.locator("p.quiet kbd", has_text=key).first).to_be_visible()
