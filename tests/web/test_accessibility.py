"""axe-core finds nothing on any screen of the review page, in both sizes and both colour schemes."""

from __future__ import annotations

import pytest

from tests.support.review.site import scan

TRUTH = ["1975", "1976", "2048", "3141"]
SIZES = {"desk": (1280, 720), "phone": (390, 844)}
WORK = "#work:not([hidden])"
SCREENS = {
    "numbers": ("/numbers", WORK),
    "groups": ("/carpet", WORK),
    "table": ("/table", WORK),
    "statistics": ("/statistics", "h2"),
    "layouts": ("/layouts", "main"),
    "try it": ("/try", "#paper"),
    "no such page": ("/nowhere", "h1"),
}


@pytest.fixture(scope="module")
def site(serve, tmp_path_factory):
    """Numbers that wait, in cells of a form and elsewhere, alone and in groups."""
    page = scan(tmp_path_factory.mktemp("scans"), TRUTH)
    cells = [("rain", "1", "Jan"), ("rain", "2", "Jan"), ("", "", ""), ("", "", "")]
    return serve([page.item(n, 0, TRUTH[n], 0.6 + n / 10, position=n, cell=cells[n]) for n in range(4)])


@pytest.fixture(scope="module")
def empty(serve):
    return serve([])


def screen(page, address, selector):
    page.goto(address)
    page.wait_for_selector(selector)
    page.wait_for_load_state("networkidle")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
class TestAxeFindsNothing:
    def test_on_any_screen(self, visit, site, faults_of, size, scheme):
        page = visit(site, f"Ada {size} {scheme}", *SIZES[size])
        page.emulate_media(color_scheme=scheme)
        found = {name: faults_of(screen(page, *place)) for name, place in SCREENS.items()}

        assert {name: faults for name, faults in found.items() if faults} == {}

    def test_while_a_number_is_typed_and_when_all_of_it_is_hidden(self, visit, site, faults_of, size, scheme):
        page = visit(site, f"Bob {size} {scheme}", *SIZES[size])
        page.emulate_media(color_scheme=scheme)
        screen(page, "/numbers", WORK)

        page.keyboard.press("e")

        assert faults_of(page) == []

    def test_on_an_empty_queue_and_before_a_name_is_given(self, visit, empty, faults_of, size, scheme):
        page = visit(empty, "Ada", *SIZES[size])
        page.emulate_media(color_scheme=scheme)
        found = {name: faults_of(screen(page, name, "#empty")) for name in ("/numbers", "/carpet", "/statistics")}
        page.context.clear_cookies()
        found["enter"] = faults_of(screen(page, "/enter", "#name"))

        assert {name: faults for name, faults in found.items() if faults} == {}
