"""PAGE-XML: valid by the schema of 2019-07-15 whatever a scan is called and whatever is written on it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from digit_core.exports.page_content import PageContent
from digit_core.exports.page_xml import NAMESPACE, page_xml
from tests.support.exported import number, page, table

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).parents[2] / "support" / "schemas" / "page-2019-07-15.xsd"))
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
IN = {"p": NAMESPACE}


def written(content: PageContent) -> etree._Element:
    root = etree.fromstring(page_xml(content, NOW))
    assert SCHEMA.validate(root), SCHEMA.error_log
    return root


def test_a_table_has_its_cells_by_row_and_column_from_zero() -> None:
    root = written(page(*table()))

    cells = root.xpath("//p:TableRegion/p:TextRegion", namespaces=IN)
    roles = [cell.find("p:Roles/p:TableCellRole", IN) for cell in cells]
    texts = [cell.findtext("p:TextLine/p:TextEquiv/p:Unicode", None, IN) for cell in cells]
    assert [(role.get("rowIndex"), role.get("columnIndex")) for role in roles] == [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]
    assert texts == ["9.5", "8", None, "3/4"]
    (region,) = root.xpath("//p:TableRegion", namespaces=IN)
    assert (region.get("rows"), region.get("columns")) == ("2", "2")


def test_text_has_its_confidence_and_the_region_its_state() -> None:
    root = written(page(number("7", state="review", confidence=0.25)))

    assert root.find(".//p:TextEquiv", IN).get("conf") == "0.2500"
    assert "state:review;" in root.find(".//p:TextRegion", IN).get("custom")


def test_the_page_names_its_picture_and_its_size() -> None:
    found = written(page(uri="s3://archive/1901/Ær ø.tif")).find("p:Page", IN)

    assert (found.get("imageFilename"), found.get("imageWidth"), found.get("imageHeight")) == ("Ær ø.tif", "400", "300")


def test_a_box_over_the_edge_of_the_page_is_drawn_within_it() -> None:
    root = written(page(number("7", box=(380, -5, 60, 30))))

    assert root.find(".//p:Coords", IN).get("points") == "380,0 399,0 399,24 380,24"


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_name_and_no_text_makes_it_invalid(name: str, text: str) -> None:
    written(page(number(text, (name, name, name)), number(text), uri=f"/scans/{name}"))


@pytest.mark.parametrize("name", ["a;b", "a:b", "{a}", "a\\b"])
def test_names_do_not_part_the_words_of_custom(name: str) -> None:
    custom = written(page(number("1", (name, "1", "1")))).find(".//p:TableRegion", IN).get("custom")

    zone = custom.removeprefix("digits {zone:").removesuffix(";}")
    assert not set(zone) & set(";:{}")
    assert zone.encode().decode("unicode_escape") == name
