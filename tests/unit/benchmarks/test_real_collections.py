"""The table of real collections counts each by itself, and marks those that nothing was learned from."""

from __future__ import annotations

from tests.benchmarks.accuracy.counting import StripRead, Time
from tests.benchmarks.accuracy.real_collections import collections_part


def read(truth: str, digits: str, confidence: float) -> StripRead:
    return StripRead(truth, digits, confidence, Time(0.0, 0.0))


def test_each_collection_is_a_row_with_three_columns_a_reader() -> None:
    ours = {"cells": [read("12", "12", 0.99), read("3", "8", 0.98), read("4", "4", 0.5), read("5", "", 0.99)]}
    theirs = {"cells": [read("12", "12", 0.9), read("3", "3", 0.9), read("4", "4", 0.9), read("5", "6", 0.1)]}

    row = collections_part({"ours": ours, "other": theirs}, ["cells"]).splitlines()[4]

    assert row == "| cells * | 4 | 50.0 % | 50.0 % | 2, 1 | 75.0 % | 0.0 % | 0, 0 |"


def test_a_collection_that_was_learned_from_has_no_mark() -> None:
    assert "| cells | 1 |" in collections_part({"ours": {"cells": [read("1", "1", 0.5)]}}, [])
