"""Transcribed lines of a page, out of ALTO files."""

from __future__ import annotations

from pathlib import Path

import pytest

from digit_core.errors import InputError
from digit_core.training.detector.transcribed_lines import read_alto

PAGE = """<?xml version="1.0"?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout><Page><PrintSpace><TextBlock>{}</TextBlock></PrintSpace></Page></Layout></alto>
"""
OUTLINED = """<TextLine ID="a" HPOS="1" VPOS="2" WIDTH="3" HEIGHT="4"><Shape><Polygon POINTS="10 20 60 20 60 45"/></Shape>
<String CONTENT="{}"/></TextLine>"""
BOXED = '<TextLine ID="b" HPOS="5" VPOS="6" WIDTH="30" HEIGHT="8"><String CONTENT="{}"/></TextLine>'


def _page(folder: Path, *lines: str) -> Path:
    path = folder / "page.xml"
    path.write_text(PAGE.format("".join(lines)), encoding="utf-8")
    return path


def test_a_line_has_its_text_and_its_outline(tmp_path: Path) -> None:
    (line,) = read_alto(_page(tmp_path, OUTLINED.format("  2.20 ")))
    assert (line.text, line.digits, line.outline.tolist()) == ("2.20", "220", [[10, 20], [60, 20], [60, 45]])


def test_a_line_without_outline_has_its_box(tmp_path: Path) -> None:
    (line,) = read_alto(_page(tmp_path, BOXED.format("7")))
    assert line.outline.tolist() == [[5, 6], [35, 6], [35, 14], [5, 14]]


@pytest.mark.parametrize(
    ("text", "alone"), [("346", True), ("2.20", True), ("3-5", True), ("13 (12 et)", False), ("Mai", False), ("-", False)]
)
def test_a_number_is_alone_if_nothing_but_digits_and_marks_stands_there(tmp_path: Path, text: str, alone: bool) -> None:
    (line,) = read_alto(_page(tmp_path, BOXED.format(text)))
    assert line.is_number is alone


def test_a_file_that_is_no_xml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "page.xml"
    path.write_text("no xml")
    with pytest.raises(InputError, match=r"page\.xml is no ALTO file"):
        read_alto(path)


def test_a_line_that_stands_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the line 'lost' does not say where it stands"):
        read_alto(_page(tmp_path, '<TextLine ID="lost"><String CONTENT="1"/></TextLine>'))


def test_a_file_that_defines_words_of_its_own_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page.xml"
    path.write_text('<!DOCTYPE a [<!ENTITY b "bbbb">]><alto>&b;</alto>')
    with pytest.raises(InputError, match="nothing of it is read"):
        read_alto(path)
