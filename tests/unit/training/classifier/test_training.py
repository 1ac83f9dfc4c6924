"""Training on a few drawn digits: it learns, it is the same by seed, and what is exported is what was trained."""

from dataclasses import replace

import numpy as np
import pytest

from digit_core.calibration.temperature import tempered
from digit_core.inference.classifier import OnnxRecogniser
from digit_core.params import TrainingParams
from digit_core.training.classifier.recipes import RECIPES, recipe
from digit_core.training.classifier.training import export_onnx, parity, probabilities, train
from digit_core.training.keras_setup import keras_module, load_keras
from tests.support.drawn.mnist import drawn_digits, drawn_mnist

pytestmark = pytest.mark.slow

DIGITS = drawn_mnist()


def nobody(epoch, metrics):
    pass


def trained(name: str, **params):
    return train(recipe(name), DIGITS, TrainingParams(**{"epochs": 1} | params), nobody)


@pytest.mark.parametrize("name", RECIPES)
def test_the_exported_file_answers_like_the_keras_model_and_each_answer_sums_to_one(name, tmp_path):
    model = trained(name)
    export_onnx(model, tmp_path / "digits.onnx")

    recogniser = OnnxRecogniser(tmp_path / "digits.onnx", "1")
    answers = recogniser(DIGITS.test[0])

    assert recogniser.temperature == pytest.approx(model.temperature, abs=1e-4)
    assert parity(model.model, tmp_path / "digits.onnx", round(model.temperature, 4), DIGITS.test[0]) <= 1e-5
    assert answers.shape == (200, 11)
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["mlp-100", "mlp-75"])
def test_a_network_of_ten_outputs_never_takes_anything_for_no_digit(name):
    assert (probabilities(trained(name).model, DIGITS.test[0])[:, 10] == 0).all()


def test_ten_sigmoids_become_the_softmax_of_what_went_into_them():
    import keras

    model = trained("perceptron").model
    weights, bias = model.get_layer("probabilities").get_weights()

    logits = DIGITS.test[0].reshape(200, 784) / 255 @ weights + bias

    expected = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
    np.testing.assert_allclose(probabilities(model, DIGITS.test[0])[:, :10], expected, atol=1e-5)


def test_a_parity_is_the_largest_difference_of_any_probability(tmp_path):
    one, other = trained("mlp-100", seed=1), trained("mlp-100", seed=2)
    export_onnx(one, tmp_path / "one.onnx")
    by_one, by_other = (probabilities(network.model, DIGITS.test[0]) for network in (one, other))

    found = parity(other.model, tmp_path / "one.onnx", round(one.temperature, 4), DIGITS.test[0])

    temperature = round(one.temperature, 4)
    assert found == pytest.approx(np.abs(tempered(by_one, temperature) - tempered(by_other, temperature)).max(), abs=1e-5)


@pytest.mark.parametrize("name", ["mlp-128-dropout", "archive"])
def test_the_same_seed_gives_the_same_model_and_another_seed_another(name):
    first, again, other = (probabilities(trained(name, seed=seed).model, DIGITS.test[0]) for seed in (5, 5, 6))

    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_a_network_learns():
    model = trained("mlp-128-dropout", epochs=12)

    assert model.accuracy > 0.8
    assert model.history[-1]["train_loss"] < model.history[0]["train_loss"]


def test_every_epoch_is_told_with_its_metrics():
    told = []
    train(recipe("mlp-100"), DIGITS, TrainingParams(epochs=3), lambda epoch, metrics: told.append((epoch, set(metrics))))

    names = {"train_loss", "train_accuracy", "validation_loss", "validation_accuracy"}
    assert told == [(0, names), (1, names), (2, names)]


def test_what_is_not_said_is_taken_from_the_recipe():
    short = replace(recipe("perceptron"), epochs=2, batch=64)

    model = train(short, DIGITS, TrainingParams(), nobody)

    assert (model.params.epochs, model.params.batch, len(model.history)) == (2, 64, 2)


def test_training_ends_when_it_gets_no_better_and_keeps_the_best_weights():
    import keras

    model = trained("mlp-100", epochs=60, patience=2, learning_rate=0.05)
    losses = [epoch["validation_loss"] for epoch in model.history]
    watched = DIGITS.split(200)[1]

    answers = probabilities(model.model, watched[0])[np.arange(200), watched[1]]

    assert len(losses) < 60
    assert min(losses) not in losses[-2:]
    assert -np.log(np.maximum(answers, keras.config.epsilon())).mean() == pytest.approx(min(losses), rel=1e-3)


def test_digits_kept_for_validation_are_not_learned():
    easy, (images, _) = drawn_digits(600, 1), drawn_digits(200, 8)
    poisoned = np.concatenate([easy[0], images]), np.concatenate([easy[1], np.full(200, 3)])
    mnist = replace(DIGITS, train=poisoned)

    keeping = replace(recipe("mlp-128-dropout"), validation=0.4)  # of 1,000 digits: 200 watched, 200 held out
    model = train(keeping, mnist, TrainingParams(epochs=6), nobody)

    assert model.history[-1]["validation_accuracy"] < 0.4
    assert model.accuracy > 0.6


@pytest.mark.parametrize("source", ["reviewed", "of_sets"])
def test_reviewed_digits_and_those_of_sets_are_learned(source):
    strange = np.zeros((300, 28, 28), np.uint8)
    strange[:, 10:18, 10:18] = 255
    mnist = replace(DIGITS, **{source: (strange, np.full(300, 7))})

    model = train(recipe("mlp-100"), mnist, TrainingParams(epochs=3), nobody)

    assert probabilities(model.model, strange[:1])[0].argmax() == 7  # without them it is taken for a 4


def test_a_saved_model_is_loaded_in_safe_mode_and_answers_the_same(tmp_path):
    model = trained("mlp-100").model
    model.save(tmp_path / "model.keras")

    loaded = load_keras(tmp_path / "model.keras")

    np.testing.assert_array_equal(probabilities(loaded, DIGITS.test[0]), probabilities(model, DIGITS.test[0]))


def test_code_in_a_saved_model_is_refused(tmp_path):
    import keras

    pixels = keras.Input((28, 28, 1))
    keras.Model(pixels, keras.layers.Lambda(lambda x: x)(pixels)).save(tmp_path / "model.keras")

    with pytest.raises(ValueError, match="safe_mode"):
        load_keras(tmp_path / "model.keras")


def test_an_untrained_network_knows_nothing():
    network = recipe("mlp-75").build(keras_module())

    assert (network.predict(DIGITS.test[0][..., None] / 255, verbose=0).argmax(axis=1) == DIGITS.test[1]).mean() < 0.4
