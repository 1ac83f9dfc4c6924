"""ALTO 4.4: checked against rules of its standard, since no package of the registry ships its schema."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from digit_core.evaluation.transcriptions import read_transcription
from digit_core.exports.alto import NAMESPACE, alto
from digit_core.exports.page_content import PageContent
from tests.support.exported import number, page, table

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
IN = {"a": NAMESPACE}
CHILDREN = {  # the order of the standard, and of each how many there may be (None: any number)
    "alto": {"Description": 1, "Tags": 1, "Layout": 1},
    "Description": {"MeasurementUnit": 1, "sourceImageInformation": 1, "Processing": None},
    "sourceImageInformation": {"fileName": 1, "fileIdentifier": None},
    "Processing": {"processingDateTime": 1, "processingSoftware": 1},
    "processingSoftware": {"softwareName": 1, "softwareVersion": 1},
    "Tags": {"OtherTag": None},
    "Layout": {"Page": None},
    "Page": {"PrintSpace": 1},
    "PrintSpace": {"ComposedBlock": None, "TextBlock": None},
    "ComposedBlock": {"TextBlock": None},
    "TextBlock": {"TextLine": None},
    "TextLine": {"String": None},
}
REQUIRED = {
    "Page": {"ID", "PHYSICAL_IMG_NR"},
    "Processing": {"ID"},
    "OtherTag": {"ID", "LABEL"},
    "ComposedBlock": {"ID"},
    "TextBlock": {"ID"},
    "TextLine": {"HPOS", "VPOS", "WIDTH", "HEIGHT"},
    "String": {"CONTENT"},
}


def written(content: PageContent) -> etree._Element:
    root = etree.fromstring(alto(content, NOW, "0.1.0"))
    check(root)
    return root


def check(root: etree._Element) -> None:
    """Elements in the order of the standard, required attributes, ids once, references that lead somewhere, shares of 1."""
    ids = [element.get("ID") for element in root.iter() if element.get("ID")]
    assert len(ids) == len(set(ids))
    for element in root.iter():
        name, children = local(element), [local(child) for child in element]
        allowed = CHILDREN.get(name, {})
        assert set(children) <= set(allowed), f"{children} in {name}"
        assert children == sorted(children, key=list(allowed).index), f"order in {name}"
        assert all(children.count(child) <= most for child, most in allowed.items() if most), f"too many in {name}"
        assert set(element.attrib) >= REQUIRED.get(name, set()), f"{name} lacks an attribute"
        assert set((element.get("TAGREFS") or "").split()) <= set(ids)
        assert 0 <= float(element.get("WC", "0")) <= 1


def local(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def test_a_table_is_a_block_of_blocks_and_a_blank_cell_has_none() -> None:
    root = written(page(*table(), number("1878", box=(300, 5, 40, 20))))

    (block,) = root.xpath("//a:ComposedBlock", namespaces=IN)
    assert block.get("TYPE") == "table"
    assert [word.get("CONTENT") for word in block.iter(f"{{{NAMESPACE}}}String")] == ["9.5", "8", "3/4"]
    assert [word.get("CONTENT") for word in root.xpath("//a:PrintSpace/a:TextBlock//a:String", namespaces=IN)] == ["1878"]


def test_a_number_has_its_confidence_and_whether_a_person_settled_it() -> None:
    root = written(page(number("7", state="corrected", confidence=0.25), number("8", state="review")))

    seven, eight = root.xpath("//a:String", namespaces=IN)
    assert (seven.get("WC"), seven.get("CS"), eight.get("CS")) == ("0.2500", "true", None)
    labels = {tag.get("ID"): tag.get("LABEL") for tag in root.xpath("//a:OtherTag", namespaces=IN)}
    assert [labels[block.get("TAGREFS")] for block in root.xpath("//a:TextBlock", namespaces=IN)] == ["corrected", "review"]


def test_a_page_that_lies_turned_says_so_counted_counterclockwise() -> None:
    assert written(page(skew=91.5)).find(".//a:Page", IN).get("ROTATION") == "270"


def test_it_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    file.write_bytes(alto(page(*table()), NOW, "0.1.0"))

    lines = read_transcription(file)

    assert [line.text for line in lines] == ["9.5", "8", "3/4"]
    assert lines[0].outline.tolist() == [[10, 20], [70, 20], [70, 50], [10, 50]]


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_name_and_no_text_breaks_it(name: str, text: str) -> None:
    written(page(number(text, (name, name, name)), number(text), uri=f"/scans/{name}"))
