"""The comparison as a whole, with a network that was really trained, in both of its forms."""

import pytest

from digit_core.evaluation.promotion_gate import GatePolicy
from digit_core.inference.classifier import SHIPPED_MODEL
from digit_core.params import TrainingParams
from digit_core.training.classifier.recipes import recipe
from digit_core.training.classifier.training import export_onnx, train
from digit_core.training.mnist import Mnist
from tasks.adapters.registry.cache import ModelFile
from tasks.promote import Judged, compare_models
from tests.support.drawn.mnist import drawn_digits, drawn_mnist

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a network as one.onnx and one.keras, and another one as other.keras."""
    folder = tmp_path_factory.mktemp("trained")
    for name, seed in (("one", 1), ("other", 2)):
        network = train(recipe("perceptron"), drawn_mnist(), TrainingParams(seed=seed, epochs=1), lambda epoch, metrics: None)
        network.model.save(str(folder / f"{name}.keras"))
        export_onnx(network, folder / f"{name}.onnx")
    return folder


@pytest.fixture
def judged(trained, monkeypatch):
    """Compares the shipped model with one.onnx, whose Keras file is said to be the one of this name."""
    digits = drawn_digits(300, seed=4)
    monkeypatch.setattr("tasks.promote.load_mnist", lambda path: Mnist(digits, digits, digits))

    def compare(keras: str | None) -> Judged:
        models = ModelFile("1", SHIPPED_MODEL, ""), ModelFile("2", trained / "one.onnx", "")
        return compare_models.fn(*models, trained / keras if keras else None, None, GatePolicy())

    return compare


def test_the_keras_file_that_the_onnx_file_was_made_from_agrees_with_it(judged):
    comparison = judged("one.keras").comparison

    assert comparison.parity <= 1e-5
    assert [(one.name, one.total.digits) for one in comparison.sets] == [("MNIST test", 300), ("archive ink", 300)]
    assert min(comparison.speed.champion, comparison.speed.challenger) > 0


def test_another_models_keras_file_is_a_reason_to_refuse(judged):
    found = judged("other.keras")

    assert found.comparison.parity > 0.01
    assert any("they are not the same model" in reason for reason in found.verdict.reasons)


def test_without_a_keras_file_there_is_no_parity_to_judge(judged):
    found = judged(None)

    assert found.comparison.parity is None
    assert not any("not the same model" in reason for reason in found.verdict.reasons)


def test_a_network_that_knows_no_strangers_loses_that_class(judged):
    reasons = judged(None).verdict.reasons

    assert any(
        "on archive ink it reads these classes worse" in reason and '"not a digit" 0.00% right' in reason for reason in reasons
    )
