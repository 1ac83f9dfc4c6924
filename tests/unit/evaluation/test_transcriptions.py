"""Transcribed lines of a page, out of ALTO files."""

from __future__ import annotations

from pathlib import Path

import pytest

from digit_core.errors import InputError
from digit_core.evaluation.transcriptions import read_transcription

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
    (line,) = read_transcription(_page(tmp_path, OUTLINED.format("  2.20 ")))
    assert (line.text, line.digits, line.outline.tolist()) == ("2.20", "220", [[10, 20], [60, 20], [60, 45]])


def test_a_line_without_outline_has_its_box(tmp_path: Path) -> None:
    (line,) = read_transcription(_page(tmp_path, BOXED.format("7")))
    assert line.outline.tolist() == [[5, 6], [35, 6], [35, 14], [5, 14]]


@pytest.mark.parametrize(
    ("text", "alone"), [("346", True), ("2.20", True), ("3-5", True), ("13 (12 et)", False), ("Mai", False), ("-", False)]
)
def test_a_number_is_alone_if_nothing_but_digits_and_marks_stands_there(tmp_path: Path, text: str, alone: bool) -> None:
    (line,) = read_transcription(_page(tmp_path, BOXED.format(text)))
    assert line.is_number is alone


def test_a_file_that_is_no_xml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "page.xml"
    path.write_text("no xml")
    with pytest.raises(InputError, match=r"page\.xml is no ALTO or PAGE-XML file"):
        read_transcription(path)


def test_a_line_that_stands_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the line 'lost' does not say where it stands"):
        read_transcription(_page(tmp_path, '<TextLine ID="lost"><String CONTENT="1"/></TextLine>'))


def test_a_file_that_defines_words_of_its_own_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page.xml"
    path.write_text('<!DOCTYPE a [<!ENTITY b "bbbb">]><alto>&b;</alto>')
    with pytest.raises(InputError, match="nothing of it is read"):
        read_transcription(path)


PAGE_XML = """<?xml version="1.0"?>
<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"><Page>{}</Page></PcGts>"""
COORDS = '<Coords points="10,20 60,20 60,45"/>'


def _page_xml(folder: Path, body: str) -> Path:
    path = folder / "page.xml"
    path.write_text(PAGE_XML.format(body), encoding="utf-8")
    return path


def test_a_line_of_page_xml_has_its_text_and_its_outline(tmp_path: Path) -> None:
    text = '<TextEquiv index="1"><Unicode>280</Unicode></TextEquiv><TextEquiv index="0"><Unicode>2.20</Unicode></TextEquiv>'
    (line,) = read_transcription(_page_xml(tmp_path, f'<TextRegion><TextLine id="a">{COORDS}{text}</TextLine></TextRegion>'))
    assert (line.name, line.text, line.outline.tolist()) == ("a", "2.20", [[10, 20], [60, 20], [60, 45]])


def test_an_old_outline_of_single_points_is_read(tmp_path: Path) -> None:
    points = "".join(f'<Point x="{x}" y="{y}"/>' for x, y in ((1, 2), (5, 2), (5, 9)))
    line = f"<TextLine><Coords>{points}</Coords><TextEquiv><Unicode>7</Unicode></TextEquiv></TextLine>"
    (found,) = read_transcription(_page_xml(tmp_path, f"<TableRegion><TableCell>{line}</TableCell></TableRegion>"))
    assert found.outline.tolist() == [[1, 2], [5, 2], [5, 9]]


def test_words_that_have_places_are_told_apart(tmp_path: Path) -> None:
    words = "".join(
        f'<Word id="w{at}"><Coords points="{at}0,0 {at}9,0 {at}9,9"/><TextEquiv><Unicode>{text}</Unicode></TextEquiv></Word>'
        for at, text in enumerate(("12", "34"), start=1)
    )
    (line,) = read_transcription(_page_xml(tmp_path, f"<TextRegion><TextLine>{COORDS}{words}</TextLine></TextRegion>"))
    assert (line.text, [(word.text, word.outline[0].tolist()) for word in line.words]) == (
        "12 34",
        [("12", [10, 0]), ("34", [20, 0])],
    )


def test_a_region_with_text_and_no_line_counts_as_one(tmp_path: Path) -> None:
    region = f'<TextRegion id="r">{COORDS}<TextEquiv><Unicode>1878</Unicode></TextEquiv></TextRegion>'
    (line,) = read_transcription(_page_xml(tmp_path, region))
    assert (line.name, line.digits) == ("r", "1878")


def test_other_xml_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "page.xml"
    path.write_text("<html/>")
    with pytest.raises(InputError, match=r"neither ALTO nor PAGE-XML: it begins with <html>"):
        read_transcription(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_words_of_its_own_do_not_hide_in_another_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "page.xml"
    path.write_text('<!DOCTYPE a [<!ENTITY b "bbbb">]><alto>&b;</alto>', encoding=encoding)
    with pytest.raises(InputError, match="not in UTF-8"):
        read_transcription(path)
