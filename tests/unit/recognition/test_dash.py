"""Dash or blank: told by the darkness of a flat stroke against the paper, on drawn and on real cells."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digit_core.imaging.decode import decode_page
from digit_core.imaging.line_detection import line_maps
from digit_core.layouts.registration import fit
from digit_core.layouts.template_file import parse_layout
from digit_core.params import DecodeLimits
from digit_core.recognition.dash import dash_probability
from digit_core.records import Grey
from tests.support.drawn.forms import prepared

QUAD = np.array([(10, 10), (150, 10), (150, 90), (10, 90)], np.float64)
SCANS = Path(__file__).parents[4] / "shared" / "data" / "pages"
LAYOUTS = Path(__file__).parents[2] / "layouts"
needs_scans = pytest.mark.skipif(not SCANS.is_dir(), reason=f"needs the scans in {SCANS}")


def cell(noise: float, stroke: int = 0, length: int = 40) -> Grey:
    page = np.abs(np.random.default_rng(3).normal(0, noise, (100, 160)))
    drawn = np.zeros((100, 160), np.float32)
    if stroke:
        cv2.line(drawn, (70, 52), (70 + length, 50), float(stroke), 4)
    return np.clip(page + drawn, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("noise", [0, 2, 6])
def test_paper_is_blank_whatever_its_noise(noise: float) -> None:
    assert dash_probability(cell(noise), QUAD, 50) < 0.05


@pytest.mark.parametrize(("stroke", "length"), [(200, 40), (60, 40), (30, 40), (120, 14)])
def test_a_dash_is_seen_however_faint_or_short(stroke: int, length: int) -> None:
    assert dash_probability(cell(2, stroke, length), QUAD, 50) > 0.95


def test_between_paper_and_a_dash_nobody_is_sure() -> None:
    found = [dash_probability(cell(2, stroke), QUAD, 50) for stroke in range(2, 40)]

    assert any(0.1 < probability < 0.9 for probability in found)
    assert found[0] < 0.2
    assert found[-1] > 0.9


def scan(name: str) -> Grey:
    return prepared(decode_page((SCANS / name).read_bytes(), 0, DecodeLimits()).pixels).darkness


@pytest.mark.slow
@needs_scans
def test_the_dashes_of_a_real_register_are_dashes_and_its_spare_column_is_blank() -> None:
    darkness = scan("register_badworthy_1947.jpg")
    layout = parse_layout((LAYOUTS / "rainfall-register.yaml").read_text("utf-8"))
    found = fit(layout, line_maps(darkness))
    dashes = [("12", "Feb"), ("13", "Jul"), ("16", "Aug"), ("18", "Aug"), ("9", "Apr"), ("22", "Sep"), ("26", "Apr")]
    quads = {(place.row, place.column): found.quad(area) for place, area in found.cells().items()}

    def beside(row: int) -> NDArray[np.float64]:
        return quads[str(row), "Dec"] + np.array([np.ptp(quads[str(row), "Dec"][:, 0]), 0])

    assert min(dash_probability(darkness, quads[where], 50) for where in dashes) > 0.95
    blank = [dash_probability(darkness, beside(row), 50) for row in range(2, 27)]
    assert max(blank) < 0.5
    assert np.mean(np.array(blank) < 0.05) > 0.8
