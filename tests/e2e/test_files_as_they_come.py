"""Scans in the state in which people have them: the files of ../shared/cases that were refused before."""

from __future__ import annotations

from pathlib import Path

import pytest

from digit_core.imaging.decode import decode_page, probe
from digit_core.inference.classifier import SHIPPED_MODEL, OnnxRecogniser
from digit_core.inference.reader import OnnxReader
from digit_core.params import DecodeLimits
from digit_core.recognition.pipeline import PageReader
from digit_core.records import PageRef

CASES = Path(__file__).parents[3] / "shared" / "cases"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="no ../shared/cases here")


def test_a_big_endian_bigtiff_is_a_page() -> None:
    data = (CASES / "bigtiff_bigendian_8.tif").read_bytes()

    page = decode_page(data, 0, DecodeLimits())

    assert probe(data, DecodeLimits()) == 1
    reader = PageReader(OnnxReader(), OnnxRecogniser(SHIPPED_MODEL, "shipped"))
    assert [reading.digits for reading in reader.read(page, PageRef("a.tif", "", "")).readings] == ["9371", "6764"]
