"""A folder of transcribed scans is a number set."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from digit_core.errors import InputError
from digit_core.training.number_sets import DEV, TRAIN
from digit_core.training.transcribed_numbers import read_set, set_digest

LINE = '<TextLine ID="l{i}" HPOS="{x}" VPOS="{y}" WIDTH="60" HEIGHT="30"><String CONTENT="{text}"/></TextLine>'


def transcribe(folder: Path, name: str, *texts: str) -> None:
    """A scan with a black bar for each line, and its ALTO file."""
    scan = np.full((200, 300), 230, np.uint8)
    lines = []
    for i, text in enumerate(texts):
        x, y = 20 + 100 * i, 40
        scan[y : y + 30, x : x + 60] = 40
        lines.append(LINE.format(i=i, x=x, y=y, text=text))
    folder.mkdir(exist_ok=True)
    cv2.imwrite(str(folder / f"{name}.png"), scan)
    (folder / f"{name}.xml").write_text(
        f"<alto><Layout><Page><PrintSpace><TextBlock>{''.join(lines)}</TextBlock></PrintSpace></Page></Layout></alto>"
    )


def test_the_lines_that_are_numbers_are_its_rows_and_words_are_none(tmp_path: Path) -> None:
    transcribe(tmp_path / "ledgers", "a", "12,5", "Janvier")

    (row,) = read_set(tmp_path / "ledgers", learn=True).of(TRAIN)

    assert (row.text, row.writer) == ("12,5", "a")
    assert row.pixels().shape == (37, 67)
    assert np.median(row.pixels()) < 60


def test_every_fifth_page_is_left_for_measuring(tmp_path: Path) -> None:
    for name in "abcdefghij":
        transcribe(tmp_path / "ledgers", name, "7")

    found = read_set(tmp_path / "ledgers")

    assert [row.writer for row in found.of(DEV)] == ["e", "j"]
    assert len(found.of(TRAIN)) == 8


def test_a_folder_without_transcriptions_and_one_without_numbers_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    transcribe(tmp_path / "words", "a", "Janvier")

    with pytest.raises(InputError, match="no scan with a transcription"):
        read_set(tmp_path / "empty")
    with pytest.raises(InputError, match="no line of the transcriptions"):
        read_set(tmp_path / "words")


def test_a_scan_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    transcribe(tmp_path / "ledgers", "a", "7")
    (tmp_path / "ledgers" / "a.png").write_bytes(b"no picture")

    with pytest.raises(InputError, match=r"a\.png cannot be read"):
        read_set(tmp_path / "ledgers")


def test_the_digest_changes_with_a_text_and_with_a_scan(tmp_path: Path) -> None:
    folder = tmp_path / "ledgers"
    transcribe(folder, "a", "7")
    before = set_digest(folder)
    transcribe(folder, "a", "8")
    after = set_digest(folder)
    (folder / "a.png").write_bytes((folder / "a.png").read_bytes() + b"x")

    assert len({before, after, set_digest(folder)}) == 3
