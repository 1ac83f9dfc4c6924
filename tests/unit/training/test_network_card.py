"""Detector and strip reader that ship, and what their cards say of them."""

import hashlib
from datetime import date

import pytest

from digit_core.inference.reader import FINDER, READER, SHIPPED_READER
from digit_core.training.network_card import DETECTOR, STRIP_READER, Examined, Making, read_card, ship, write_card
from digit_core.training.number_sets import NumberSet
from digit_core.training.set_exam import SetFigures
from digit_core.training.strip_reader.held_out_strips import StripScore
from digit_core.training.strip_reader.shards import StripParams

LEARNED = NumberSet("cells", "CC BY 4.0", "an archive", "abc", {"train": ()})
FIGURES = SetFigures("cheques", "CC0", "a bank", "def", "measure", True, 128, 0.84567, 0.95, 0.02)


MAKING = Making(StripParams(), [LEARNED], {"ledgers": 34}, "int8", 12.34)


@pytest.mark.parametrize("network", [DETECTOR, STRIP_READER])
def test_the_file_that_ships_is_that_of_its_card(network):
    card = read_card(SHIPPED_READER, network)

    assert card["sha256"] == {network.file: hashlib.sha256((SHIPPED_READER / network.file).read_bytes()).hexdigest()}


def test_what_is_shipped_is_what_was_written(tmp_path):
    (tmp_path / FINDER).write_bytes(b"a detector")
    examined = Examined(StripScore(0.9, 0.95, 0.97, 0.01), 600, (FIGURES,))

    written = write_card(tmp_path, DETECTOR, MAKING, examined, date(2026, 1, 2))
    ship(tmp_path, DETECTOR, tmp_path / "shipped")

    assert read_card(tmp_path / "shipped", DETECTOR) == written
    assert sorted(path.name for path in (tmp_path / "shipped").iterdir()) == ["finder.json", FINDER]
    assert written["figures"]["strips_exact"] == 0.9
    assert written["pages"] == {"ledgers": 34}


def test_the_card_names_terms_of_what_was_learned_and_what_was_never_seen(tmp_path):
    (tmp_path / READER).write_bytes(b"a network")
    examined = Examined(StripScore(0.9, 0.95, 0.97, 0.01), 600, (FIGURES,))

    card = write_card(tmp_path, STRIP_READER, MAKING, examined, date(2026, 1, 2))

    assert card["sets"] == [{"name": "cells", "licence": "CC BY 4.0", "source": "an archive", "sha256": "abc", "numbers": 0}]
    (figures,) = card["figures_by_set"]
    assert (figures["name"], figures["never_seen"], figures["exact"]) == ("cheques", True, 0.8457)
