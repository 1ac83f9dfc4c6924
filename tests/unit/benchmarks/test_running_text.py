"""What is counted on ledgers with running text."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from digit_core.records import Box
from tests.benchmarks.accuracy.readers import NumberRead
from tests.benchmarks.accuracy.running_text import LedgerScore, ledger_cases, ledgers_part, score

ALTO = """<alto><TextLine HPOS="1" VPOS="1" WIDTH="9" HEIGHT="9"><String CONTENT="{}"/></TextLine>
<TextLine HPOS="1" VPOS="20" WIDTH="9" HEIGHT="9"><String CONTENT="12 rue de Lille, 12"/></TextLine></alto>"""


def _folder(folder: Path) -> Path:
    cv2.imwrite(str(folder / "page.png"), np.full((40, 40), 255, np.uint8))
    cv2.imwrite(str(folder / "no_text.png"), np.full((40, 40), 255, np.uint8))
    (folder / "page.xml").write_text(ALTO.format("3.75"), encoding="utf-8")
    return folder


def _read(digits: str, sure: bool = False) -> NumberRead:
    return NumberRead(digits, 0.9, Box(0, 0, 1, 1), sure)


def test_only_scans_with_transcribed_lines_are_cases(tmp_path: Path) -> None:
    (case,) = ledger_cases(_folder(tmp_path))
    assert (case.name, dict(case.alone), dict(case.all)) == ("page", {"375": 1}, {"375": 1, "12": 2})


def test_a_folder_that_is_not_there_has_no_cases(tmp_path: Path) -> None:
    assert ledger_cases(tmp_path / "nowhere") == []


def test_a_number_is_found_once_however_often_it_is_read(tmp_path: Path) -> None:
    (case,) = ledger_cases(_folder(tmp_path))
    assert score(case, [_read("375"), _read("375"), _read("9")]) == LedgerScore(numbers=1, found=1, readings=3)


def test_a_sure_number_within_words_is_known_and_does_not_stand_alone(tmp_path: Path) -> None:
    (case,) = ledger_cases(_folder(tmp_path))
    found = score(case, [_read("375", sure=True), _read("12", sure=True), _read("7", sure=True)])
    assert (found.sure, found.sure_alone, found.sure_known) == (3, 1, 2)


def test_the_table_has_a_row_for_each_reader() -> None:
    table = ledgers_part({"ours": LedgerScore(10, 9, 20, 5, 3, 4), "other": LedgerScore()})
    assert "| ours | 10 | 9 (90.0%) | 20 | 5 | 3 | 1 (20.0%) |" in table
    assert "| other |" in table
