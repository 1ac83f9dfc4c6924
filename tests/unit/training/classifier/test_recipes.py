"""Every recipe is the network that it says it is, trained as it says."""

import pytest

from digit_core.errors import InputError
from digit_core.training.classifier.recipes import RECIPES, published_runs, recipe
from digit_core.training.keras_setup import keras_module

pytestmark = pytest.mark.slow

# Counted by hand: a dense layer has (inputs + 1) x units weights, a convolution (size x size x inputs + 1) x filters.
WEIGHTS = {
    "perceptron": 785 * 10,
    "mlp-100": 785 * 100 + 101 * 10,
    "mlp-128-32": 785 * 128 + 129 * 32 + 33 * 10,
    "mlp-784-256-64": 785 * 784 + 785 * 256 + 257 * 64 + 65 * 10,
    "mlp-75": 785 * 75 + 76 * 10,
    "mlp-128-dropout": 785 * 128 + 129 * 10,
    "cnn": (9 * 1 + 1) * 32 + (9 * 32 + 1) * 64 + (5 * 5 * 64 + 1) * 10,
    # no bias before batch normalisation, which has 4 numbers a channel; 14x14 -> 7x7 -> 4x4 pixels before the dense layers
    "archive": (25 * 24 + 4 * 24)
    + (9 * 24 * 48 + 4 * 48)
    + (9 * 48 * 96 + 4 * 96)
    + (9 * 96 * 112 + 4 * 112)
    + (4 * 4 * 112 + 1) * 128
    + 129 * 11,
    "archive-dense": (784 * 1024 + 4 * 1024) + (1024 * 512 + 4 * 512) + (512 * 256 + 4 * 256) + 257 * 11,
}

ACTIVATIONS = {
    "perceptron": ["sigmoid"],
    "mlp-100": ["relu", "sigmoid"],
    "mlp-128-32": ["relu", "relu", "softmax"],
    "mlp-784-256-64": ["relu", "relu", "sigmoid", "softmax"],
    "mlp-75": ["sigmoid", "softmax"],
    "mlp-128-dropout": ["relu", "softmax"],
    "cnn": ["softmax"],
    "archive": ["relu", "softmax"],
}


def test_every_recipe_is_counted_here():
    assert set(WEIGHTS) == set(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_a_network_has_as_many_weights_as_were_counted_by_hand(name):
    assert recipe(name).build(keras_module()).count_params() == WEIGHTS[name]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_dense_layers_have_their_activations(name):
    dense = [layer for layer in recipe(name).build(keras_module()).layers if type(layer).__name__ == "Dense"]

    assert [layer.activation.__name__ for layer in dense] == ACTIVATIONS[name]


@pytest.mark.parametrize("name", RECIPES)
def test_a_network_reads_pixels_and_answers_with_ten_classes_or_with_not_a_digit_as_well(name):
    network = recipe(name).build(keras_module())

    assert network.input_shape == (None, 28, 28, 1)
    assert network.output_shape == (None, 11 if recipe(name).strangers else 10)


@pytest.mark.parametrize(
    ("name", "optimiser", "rate", "loss", "epochs", "batch", "validation"),
    [
        ("perceptron", "Adam", 1e-3, "sparse_categorical_crossentropy", 5, 32, 0.0),
        ("mlp-100", "Adam", 1e-3, "sparse_categorical_crossentropy", 5, 32, 0.0),
        ("mlp-128-32", "Adam", 1e-3, "sparse_categorical_crossentropy", 25, 32, 0.2),
        ("mlp-784-256-64", "RMSprop", 2e-5, "binary_crossentropy", 30, 20, 0.2),
        ("mlp-75", "SGD", 0.02, "mean_squared_error", 350, 20, 0.0),
        ("mlp-128-dropout", "Adam", 1e-3, "categorical_crossentropy", 10, 32, 0.0),
    ],
)
def test_a_published_network_is_trained_as_its_author_says(name, optimiser, rate, loss, epochs, batch, validation):
    found = recipe(name)

    assert (found.optimiser.name, found.optimiser.learning_rate, found.loss) == (optimiser, rate, loss)
    assert (found.epochs, found.batch, found.validation) == (epochs, batch, validation)


def test_all_published_figures_are_tried_and_then_ours():
    runs = [(one.name, epochs) for one, epochs in published_runs()]

    assert {name for name, _ in runs} == set(RECIPES)
    assert ("mlp-100", 5) in runs
    assert ("mlp-100", 10) in runs
    assert [name for name, _ in runs][-3:] == ["mlp-75", "archive", "archive-dense"]


def test_a_name_that_is_no_recipe_is_refused_with_those_that_are():
    with pytest.raises(InputError, match=r"no recipe 'mpl-100'; there are perceptron, mlp-100"):
        recipe("mpl-100")
