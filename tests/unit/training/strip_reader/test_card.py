"""The strip reader that ships, and what its card says of it."""

import hashlib
from datetime import date

from digit_core.inference.reader import FINDER, READER, SHIPPED_READER
from digit_core.training.number_sets import NumberSet
from digit_core.training.strip_reader.card import CARD, Examined, read_card, ship, write_card
from digit_core.training.strip_reader.export import Exported
from digit_core.training.strip_reader.held_out_strips import StripScore
from digit_core.training.strip_reader.set_exam import SetFigures
from digit_core.training.strip_reader.shards import StripParams

LEARNED = NumberSet("cells", "CC BY 4.0", "an archive", "abc", {"train": ()})
FIGURES = SetFigures("cheques", "CC0", "a bank", "def", "measure", True, 128, 0.84567, 0.95, 0.02)


def test_the_files_that_ship_are_those_of_the_card():
    card = read_card(SHIPPED_READER)

    assert READER in card["sha256"]
    for name, digest in card["sha256"].items():
        assert hashlib.sha256((SHIPPED_READER / name).read_bytes()).hexdigest() == digest


def test_what_is_shipped_is_what_was_written(tmp_path):
    for name in (FINDER, READER):
        (tmp_path / name).write_bytes(name.encode())
    examined = Examined(StripScore(0.9, 0.95, 0.97, 0.01), 600, (FIGURES,))

    written = write_card(tmp_path, StripParams(), [LEARNED], Exported("int8", 0.8, 0.8), examined, 12.34, date(2026, 1, 2))
    ship(tmp_path, tmp_path / "shipped")

    assert read_card(tmp_path / "shipped") == written
    assert sorted(path.name for path in (tmp_path / "shipped").iterdir()) == sorted((FINDER, READER, CARD))
    assert written["figures"]["strips_exact"] == 0.9


def test_the_card_names_terms_of_what_was_learned_and_what_was_never_seen(tmp_path):
    (tmp_path / READER).write_bytes(b"a network")
    examined = Examined(StripScore(0.9, 0.95, 0.97, 0.01), 600, (FIGURES,))

    card = write_card(tmp_path, StripParams(), [LEARNED], Exported("int8", 0.8, 0.8), examined, 12.34, date(2026, 1, 2))

    assert card["sets"] == [{"name": "cells", "licence": "CC BY 4.0", "source": "an archive", "sha256": "abc", "numbers": 0}]
    (figures,) = card["figures_by_set"]
    assert (figures["name"], figures["never_seen"], figures["exact"]) == ("cheques", True, 0.8457)
