"""The shipped model reads digits, and says how sure it is."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from digit_core.calibration.temperature import fit_temperature, tempered
from digit_core.errors import RegistryError
from digit_core.inference.classifier import SHIPPED_CARD, SHIPPED_MODEL, OnnxRecogniser

ONE = np.zeros((28, 28), np.uint8)
ONE[4:24, 12:16] = 255


@pytest.fixture(scope="module")
def recogniser() -> OnnxRecogniser:
    return OnnxRecogniser(SHIPPED_MODEL, "1")


def test_the_shipped_model_reads_a_one(recogniser: OnnxRecogniser):
    probabilities = recogniser(ONE[np.newaxis])

    assert probabilities.shape == (1, 11)
    assert probabilities[0].argmax() == 1


def test_probabilities_sum_to_one(recogniser: OnnxRecogniser):
    noise = np.random.default_rng(0).integers(0, 256, (300, 28, 28), dtype=np.uint8)

    np.testing.assert_allclose(recogniser(noise).sum(axis=1), 1, atol=1e-4)


def test_a_batch_gives_what_each_digit_alone_gives(recogniser: OnnxRecogniser):
    noise = np.random.default_rng(1).integers(0, 256, (260, 28, 28), dtype=np.uint8)

    np.testing.assert_allclose(recogniser(noise)[258:259], recogniser(noise[258:259]), atol=1e-5)


def test_no_digits_give_no_probabilities(recogniser: OnnxRecogniser):
    assert recogniser(np.empty((0, 28, 28), np.uint8)).shape == (0, 11)


def test_a_dash_is_not_a_digit(recogniser: OnnxRecogniser):
    dash = np.zeros((28, 28), np.uint8)
    dash[12:16, 4:24] = 255

    assert recogniser(dash[np.newaxis])[0].argmax() == 10


def test_the_model_card_tells_the_truth_about_the_file():
    card = json.loads(SHIPPED_CARD.read_text())

    assert card["sha256"] == hashlib.sha256(SHIPPED_MODEL.read_bytes()).hexdigest()
    assert SHIPPED_MODEL.stat().st_size <= 2_000_000
    assert {"recipe", "data_sha256", "accuracy", "date"} <= set(card)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path):
    file = tmp_path / "digits.onnx"
    file.write_bytes(b"no model")

    with pytest.raises(RegistryError, match=r"digits\.onnx is not a model"):
        OnnxRecogniser(file, "1")


def test_a_higher_temperature_is_less_sure_and_changes_no_answer():
    probabilities = np.random.default_rng(2).dirichlet(np.full(11, 0.3), 50).astype(np.float32)

    cooler = tempered(probabilities, 2.0)

    assert (cooler.max(axis=1) < probabilities.max(axis=1)).all()
    np.testing.assert_array_equal(cooler.argmax(axis=1), probabilities.argmax(axis=1))


def test_the_fitted_temperature_undoes_overconfidence():
    rng = np.random.default_rng(3)
    honest = rng.dirichlet(np.full(11, 0.4), 4000).astype(np.float32)
    labels = np.array([rng.choice(11, p=row / row.sum()) for row in honest.astype(float)])

    assert fit_temperature(tempered(honest, 0.5), labels) == pytest.approx(2.0, rel=0.1)
