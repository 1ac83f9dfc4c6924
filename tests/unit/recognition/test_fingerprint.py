"""Pages read as they did, or ALGORITHM_VERSION was raised: nothing that decides what is read changes in silence."""

from __future__ import annotations

from copy import deepcopy

import pytest

from digit_core import ALGORITHM_VERSION
from tests.support import fingerprint

RENEW = "renew it: python -m tests.support.fingerprint"
ONE = {"page": [{"text": "1.7", "digits": "17", "state": "accepted", "box": [10, 20, 30, 40]}]}
KEPT = {"algorithm_version": "7", "networks": "these", "readings": ONE}


def changed(**values):
    other = deepcopy(ONE)
    other["page"][0].update(values)
    return other


def test_a_page_reads_differently_only_under_another_version_of_the_algorithm():
    kept, now = fingerprint.kept(), fingerprint.read_all()

    assert not fingerprint.complaint(kept, now), fingerprint.complaint(kept, now)
    assert fingerprint.differences(kept["readings"], now) == [], RENEW
    assert (kept["algorithm_version"], kept["networks"]) == (ALGORITHM_VERSION, fingerprint.networks()), RENEW


@pytest.mark.parametrize("values", [{"text": "17"}, {"digits": "11"}, {"state": "review"}, {"box": [10, 20, 33, 40]}])
def test_another_text_digit_state_or_place_asks_for_another_version(values):
    why = fingerprint.complaint(KEPT, changed(**values), version="7", shipped="these")

    assert "raise ALGORITHM_VERSION" in why
    assert "page: 1.7 (accepted) -> " in why


@pytest.mark.parametrize("now", [{}, {"page": []}, {**ONE, "other": []}])
def test_a_page_or_a_number_more_or_less_asks_for_another_version(now):
    assert fingerprint.complaint(KEPT, now, version="7", shipped="these")


def test_boxes_that_a_processor_rounds_otherwise_are_the_same():
    assert fingerprint.differences(ONE, changed(box=[11, 19, 31, 41])) == []


@pytest.mark.parametrize(("version", "shipped"), [("8", "these"), ("7", "others")])
def test_another_version_or_other_networks_may_read_differently(version, shipped):
    assert fingerprint.complaint(KEPT, changed(digits="11"), version, shipped) == ""
