"""`make test` begins with the files that take longest."""

from pathlib import Path

from tests.support.order import rank

TESTS = Path("/checkout/tests")


def test_servers_and_trainings_begin_before_slow_files_and_those_before_quick_ones():
    trained, drawn = TESTS / "unit" / "training" / "test_fit.py", TESTS / "unit" / "test_names.py"
    kills, browser, drawn_too = (
        TESTS / "faults" / "test_kills.py",
        TESTS / "web" / "test_page.py",
        TESTS / "property" / "test_boxes.py",
    )

    ordered = sorted([drawn, trained, drawn_too, browser, kills], key=lambda file: rank(file, TESTS, {trained}))

    assert ordered == [kills, browser, trained, drawn, drawn_too]
