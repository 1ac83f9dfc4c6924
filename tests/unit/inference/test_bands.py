"""A page is searched in bands, and no seam between them can be seen in what is found."""

from __future__ import annotations

import numpy as np
import pytest

from digit_core.inference import reader
from digit_core.synthesis.ledger.page import PageStyle, write_page


@pytest.mark.parametrize("pixels", [1, 500_000])
def test_the_cells_of_a_page_are_the_same_in_however_many_bands(monkeypatch: pytest.MonkeyPatch, pixels: int) -> None:
    darkness = 255 - write_page(5, 0, PageStyle(rows=9, columns=4, dpi=150)).pixels[:1500, :700]
    detector = reader.OnnxDetector()
    monkeypatch.setattr(reader, "_LEAST_BAND", 10**6)
    whole = detector.find(darkness)
    monkeypatch.setattr(reader, "_LEAST_BAND", 320)
    monkeypatch.setattr(reader, "_PIXELS", pixels)

    cells = detector.find(darkness)

    assert cells.shape == (-(-darkness.shape[0] // 4), -(-darkness.shape[1] // 4), cells.shape[2])
    np.testing.assert_array_equal(cells, whole)
