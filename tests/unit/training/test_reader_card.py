"""The reader that ships, and what its card says of it."""

import hashlib
from datetime import date

from digit_core.inference.reader import FINDER, READER, SHIPPED_READER
from digit_core.training.held_out_strips import StripScore
from digit_core.training.reader_card import CARD, read_card, ship, write_card
from digit_core.training.reader_training import ReaderParams


def test_the_files_that_ship_are_those_of_the_card():
    card = read_card(SHIPPED_READER)

    for name in (FINDER, READER):
        assert hashlib.sha256((SHIPPED_READER / name).read_bytes()).hexdigest() == card["sha256"][name]
    assert ReaderParams.from_mapping(card["params"]) == ReaderParams(seed=card["params"]["seed"])


def test_what_is_shipped_is_what_was_written(tmp_path):
    for name in (FINDER, READER):
        (tmp_path / name).write_bytes(name.encode())

    written = write_card(tmp_path, ReaderParams(), StripScore(0.9, 0.95, 0.97, 0.01), 600, 12.34, date(2026, 1, 2))
    ship(tmp_path, tmp_path / "shipped")

    assert read_card(tmp_path / "shipped") == written
    assert sorted(path.name for path in (tmp_path / "shipped").iterdir()) == sorted((FINDER, READER, CARD))
    assert written["figures"]["strips_exact"] == 0.9
