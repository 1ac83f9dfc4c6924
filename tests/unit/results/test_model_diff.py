"""Which published numbers another model would change."""

import pytest

from digit_core.records import Box
from digit_core.results.model_diff import Change, ChangeKind, changes


def number(place: int, digits: str, state: str = "accepted", confidence: float = 0.99) -> dict:
    """A row of the table `numbers`, the one that stands at this place of the page."""
    box = {"x": 10 * place, "y": 5, "w": 8, "h": 9}
    key = {"file": "/scans/a.png", "sha256": "ab", "page": 3, "number_id": f"ab-2-{place}"}
    return {**key, **box, "digits": digits, "state": state, "confidence": confidence}


def only(found) -> Change:
    (change,) = found
    return change


def test_a_number_that_both_read_alike_does_not_change():
    same = [number(1, "123")]

    assert list(changes(same, same, [number(1, "123", confidence=0.98)])) == []


def test_other_digits_are_told_with_their_place_and_both_readings():
    published = [number(1, "123", confidence=0.9)]

    change = only(changes(published, published, [number(1, "128", "review", 0.6)]))

    assert change == Change(
        file="/scans/a.png",
        page=3,
        box=Box(10, 5, 8, 9),
        kind=ChangeKind.VALUE,
        old="123",
        old_state="accepted",
        old_confidence=0.9,
        new="128",
        new_state="review",
        new_confidence=0.6,
        by_model=True,
    )


@pytest.mark.parametrize(
    ("before", "after", "kind"), [("accepted", "review", ChangeKind.TO_REVIEW), ("review", "accepted", ChangeKind.ACCEPTED)]
)
def test_another_state_is_told(before, after, kind):
    published = [number(1, "5", before)]

    assert only(changes(published, published, [number(1, "5", after)])).kind is kind


def test_numbers_that_come_and_go_are_told_the_vanished_last():
    published = [number(1, "1"), number(2, "2")]

    found = list(changes(published, published, [number(2, "2"), number(3, "3")]))

    assert [(change.kind, change.old, change.new, change.box.x) for change in found] == [
        (ChangeKind.NEW, "", "3", 30),
        (ChangeKind.GONE, "1", "", 10),
    ]
    assert [change.by_model for change in found] == [True, True]


def test_what_the_champion_would_change_too_is_not_laid_at_the_models_door():
    published, now = [number(1, "1"), number(2, "2")], [number(1, "7"), number(3, "3")]

    found = list(changes(published, now, now))

    assert [(change.kind, change.by_model) for change in found] == [
        (ChangeKind.VALUE, False),
        (ChangeKind.NEW, False),
        (ChangeKind.GONE, False),
    ]


@pytest.mark.parametrize("state", ["corrected", "unreadable"])
def test_what_a_person_decided_never_changes(state):
    assert list(changes([number(1, "12", state)], [number(1, "17")], [number(1, "19")])) == []
    assert list(changes([number(1, "12", state)], [number(1, "17")], [])) == []
