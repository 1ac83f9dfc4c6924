"""The weights of the voices: what ships, and what is no file of weights."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from digit_core.errors import RegistryError
from digit_core.recognition.transcription.fusion_weights import (
    MOST_MARGIN,
    SHIPPED_WEIGHTS,
    Calibration,
    FusionWeights,
    fusion_weights,
    real_record,
)


def test_what_ships_says_which_sets_and_networks_it_comes_from() -> None:
    origin = json.loads(SHIPPED_WEIGHTS.read_text())["origin"]

    assert origin["sets"]
    assert not any(one["file"].startswith("measure_") for one in origin["sets"].values())
    assert {"reader.onnx", "finder.onnx"} <= origin["networks"].keys()


@pytest.mark.parametrize("margin", [None, -12.0, 0.0, 12.0])
def test_whoever_is_heard_a_surer_number_stays_surer(margin: float | None) -> None:
    worth = [fusion_weights().calibrated(said, 3, margin) for said in np.linspace(0, 1, 21)]

    assert all(a < b for a, b in itertools.pairwise(worth))
    assert 0 < worth[0] < worth[-1] < 1


def test_a_number_that_both_read_is_worth_more_than_one_that_they_read_differently() -> None:
    weights = fusion_weights()

    assert weights.calibrated(0.99, 3, 4.0) > weights.calibrated(0.99, 3, -4.0)


def test_a_margin_beyond_the_most_counts_as_the_most() -> None:
    weights = fusion_weights()

    assert weights.calibrated(0.9, 3, 400.0) == weights.calibrated(0.9, 3, MOST_MARGIN) < 1
    assert weights.calibrated(0.9, 3, -400.0) == weights.calibrated(0.9, 3, -MOST_MARGIN) > 0


def test_the_doubts_of_a_long_number_are_not_as_many_as_its_digits() -> None:
    worth = Calibration(1.0, 0.0, length=0.5)

    assert worth(0.9, 1) == pytest.approx(0.9)
    assert worth(0.9, 8) > worth(0.9, 2) > worth(0.9, 1)


def test_weights_survive_being_written() -> None:
    weights = fusion_weights()

    assert FusionWeights.from_json(json.loads(json.dumps(weights.to_json()))) == weights


def test_a_calibration_without_effect_leaves_confidences_as_they_are() -> None:
    assert [Calibration(1.0, 0.0)(said) for said in (0.1, 0.5, 0.97)] == pytest.approx([0.1, 0.5, 0.97])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weights": {"alone": 3}}'])
def test_what_holds_no_weights_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "fusion.json").write_text(text)

    with pytest.raises(RegistryError, match=r"fusion.json has no weights"):
        fusion_weights(tmp_path / "fusion.json")


def test_the_record_of_real_collections_names_them_and_holds_their_digits() -> None:
    real = real_record()

    assert "french notaries" in real.sets
    assert real.record.digits > 1000
    assert 0.5 < real.record.right.mean() < 1


@pytest.mark.parametrize("text", ["{}", '{"origin": {"sets": {}, "networks": {}}, "record": {"digits": 3}}'])
def test_a_file_without_a_record_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "fusion.json").write_text(text)

    with pytest.raises(RegistryError, match=r"fusion.json has no record of real collections"):
        real_record(tmp_path / "fusion.json")
