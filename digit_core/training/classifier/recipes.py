"""Recipes: published networks and our own, and how each is trained on MNIST scaled to [0, 1].

The published ones are trained as their authors say (optimiser, loss, batch, epochs, validation split), with one difference: the
last 5,000 of MNIST's 60,000 training digits calibrate the confidence and are never trained on. Where a recipe keeps a fifth for
validation they are part of that fifth, so nothing is lost; the others train on 55,000. Nothing here imports Keras: the module is
passed to the functions that build a network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from digit_core.errors import InputError

SHAPE = (28, 28, 1)


@dataclass(frozen=True, slots=True)
class Optimiser:
    """One of Keras' optimisers by its name. With `warmup` the rate rises for an epoch and falls along a cosine to the end."""

    name: str
    learning_rate: float
    weight_decay: float = 0.0
    warmup: bool = False

    def build(self, keras: Any, steps: int, epochs: int) -> Any:
        """Build the Keras optimiser; `steps` per epoch."""
        rate: Any = self.learning_rate
        if self.warmup:
            rate = keras.optimizers.schedules.CosineDecay(
                1e-5, epochs * steps, alpha=0.005, warmup_target=self.learning_rate, warmup_steps=steps
            )
        options = {"weight_decay": self.weight_decay} if self.weight_decay else {}
        return getattr(keras.optimizers, self.name)(rate, **options)


@dataclass(frozen=True, slots=True)
class Published:
    """Published result: accuracy on MNIST's test set after so many epochs, in percent."""

    epochs: int
    lowest: float
    text: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """A network and how it is trained.

    build: returns, given Keras, an uncompiled model on (28, 28, 1) pixels in [0, 1]; its 10 or 11 outputs are probabilities.
    validation: share of MNIST's 60,000 training digits for validation. distorted: trains on archive ink, redrawn for each epoch.
    strangers: share of non-digits in it.
    """

    name: str
    network: str
    source: str
    build: Callable[[Any], Any]
    optimiser: Optimiser
    loss: str
    epochs: int
    batch: int = 32
    validation: float = 0.0
    distorted: bool = False
    strangers: float = 0.0
    published: tuple[Published, ...] = ()

    @property
    def one_hot(self) -> bool:
        """Whether the loss needs labels as vectors."""
        return not self.loss.startswith("sparse")

    @property
    def training(self) -> str:
        """Describe the training in a line for people."""
        parts = [f"{self.optimiser.name} {self.optimiser.learning_rate:g}", self.loss.replace("_", " ")]
        parts += [f"{self.epochs} epochs, batch {self.batch}"]
        parts += [f"{self.validation:.0%} validation"] if self.validation else []
        parts += ["archive ink"] if self.distorted else []
        return ", ".join(parts)

    def figure(self, epochs: int) -> Published | None:
        """Return the published result after so many epochs."""
        return next((one for one in self.published if one.epochs == epochs), None)


def _input(keras: Any) -> Any:
    return keras.Input(SHAPE, name="pixels")


def _dense(name: str, *layers: tuple[int, str], dropout: float = 0.0, white: int = 1) -> Callable[[Any], Any]:
    """Return a builder of dense layers with these units and activation; dropout before the last.

    white: the input value of a white pixel in the author's network, where ours has 1.
    """

    def build(keras: Any) -> Any:
        pixels = _input(keras)
        x = keras.layers.Flatten()(pixels)
        if white != 1:
            x = keras.layers.Rescaling(white)(x)
        for units, activation in layers[:-1]:
            x = keras.layers.Dense(units, activation=activation)(x)
        if dropout:
            x = keras.layers.Dropout(dropout)(x)
        units, activation = layers[-1]
        return keras.Model(pixels, keras.layers.Dense(units, activation=activation)(x), name=name)

    return build


def cnn(keras: Any) -> Any:
    """Build two blocks of convolution and pooling, dropout, softmax: F. Chollet, "Simple MNIST convnet" (keras.io/examples)."""
    layers = keras.layers
    pixels = x = _input(keras)
    for filters in (32, 64):
        x = layers.MaxPooling2D(2)(layers.Conv2D(filters, 3, activation="relu")(x))
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    return keras.Model(pixels, layers.Dense(10, activation="softmax")(x), name="cnn")


def archive(keras: Any) -> Any:
    """Build our network: a small convolutional one with an output for "not a digit", which reads 1,000 digits in 0.1 s."""
    layers = keras.layers

    def block(x: Any, filters: int, size: int = 3, stride: int = 1) -> Any:
        x = layers.Conv2D(filters, size, strides=stride, padding="same", use_bias=False)(x)
        return layers.Activation("relu")(layers.BatchNormalization()(x))

    pixels = _input(keras)
    x = block(pixels, 24, size=5, stride=2)
    x = block(x, 48)
    x = layers.MaxPool2D()(x)
    x = block(x, 96)
    x = layers.MaxPool2D(padding="same")(x)
    x = block(x, 112)
    x = layers.Dense(128, activation="relu")(layers.Flatten()(x))
    x = layers.Dropout(0.2)(x)
    return keras.Model(pixels, layers.Dense(11, activation="softmax", name="classes")(x), name="archive")


def archive_dense(keras: Any) -> Any:
    """Build our network without convolutions, after Ciresan, Meier, Gambardella, Schmidhuber, "Deep, big, simple neural nets for
    handwritten digit recognition" (Neural Computation 2010): plain layers learn from distortions what they are not built for."""
    layers = keras.layers
    pixels = _input(keras)
    x = layers.Flatten()(pixels)
    for units in (1024, 512, 256):
        x = layers.BatchNormalization()(layers.Dense(units, use_bias=False)(x))
        x = layers.Dropout(0.1)(layers.Activation("relu")(x))
    return keras.Model(pixels, layers.Dense(11, activation="softmax", name="classes")(x), name="archive_dense")


_SPARSE = "sparse_categorical_crossentropy"
_ADAM = Optimiser("Adam", 1e-3)
_OURS = Optimiser("AdamW", 2e-3, weight_decay=5e-4, warmup=True)
_FIRST_STEPS = "the usual first steps with Keras on MNIST, in many tutorials"

_ALL = [
    Recipe(
        "perceptron",
        "784-10 sigmoid",
        f"one layer: {_FIRST_STEPS}",
        _dense("perceptron", (10, "sigmoid")),
        _ADAM,
        _SPARSE,
        epochs=5,
        published=(Published(5, 92.57, "92.57 %"),),
    ),
    Recipe(
        "mlp-100",
        "784-100 relu-10 sigmoid",
        f"one hidden layer: {_FIRST_STEPS}",
        _dense("mlp_100", (100, "relu"), (10, "sigmoid")),
        _ADAM,
        _SPARSE,
        epochs=5,
        published=(Published(5, 97.16, "97.16 %"), Published(10, 97.79, "97.79 %")),
    ),
    Recipe(
        "mlp-128-32",
        "784-128 relu-32 relu-10 softmax",
        f"two hidden layers: {_FIRST_STEPS}",
        _dense("mlp_128_32", (128, "relu"), (32, "relu"), (10, "softmax")),
        _ADAM,
        _SPARSE,
        epochs=25,
        validation=0.2,
        published=(Published(25, 97.36, "97.36 %"),),
    ),
    Recipe(
        "mlp-784-256-64",
        "pixels times 255, 784 relu-256 relu-64 sigmoid-10 softmax",
        "as F. Chollet trains cats and dogs in Deep Learning with Python (2017); its figure is that of pixels from 0 to 255",
        _dense("mlp_784_256_64", (784, "relu"), (256, "relu"), (64, "sigmoid"), (10, "softmax"), white=255),
        Optimiser("RMSprop", 2e-5),
        "binary_crossentropy",
        epochs=30,
        batch=20,
        validation=0.2,
        published=(Published(30, 97.11, "97.11 %"),),
    ),
    Recipe(
        "mlp-75",
        "784-75 sigmoid-10 softmax",
        "a network written from scratch; 0.002 for the squared error summed over 10 outputs is 0.02 for Keras' mean of them",
        _dense("mlp_75", (75, "sigmoid"), (10, "softmax")),
        Optimiser("SGD", 2e-2),
        "mean_squared_error",
        epochs=350,
        batch=20,
        published=(Published(350, 92.0, "92-93 %"),),
    ),
    Recipe(
        "mlp-128-dropout",
        "784-128 relu, dropout 0.2, 10 softmax",
        "TensorFlow's quickstart for beginners (tensorflow.org/tutorials/quickstart/beginner)",
        _dense("mlp_128_dropout", (128, "relu"), (10, "softmax"), dropout=0.2),
        _ADAM,
        "categorical_crossentropy",
        epochs=10,
        published=(Published(10, 97.0, "~97 %"),),
    ),
    Recipe(
        "cnn",
        "conv 32-pool-conv 64-pool, dropout 0.5, 10 softmax",
        "F. Chollet, Simple MNIST convnet (keras.io/examples/vision/mnist_convnet)",
        cnn,
        _ADAM,
        "categorical_crossentropy",
        epochs=15,
        batch=128,
        validation=0.1,
        published=(Published(15, 99.0, "~99 %"),),
    ),
    Recipe(
        "archive",
        "4 convolutions 24 to 112, 128 relu, 11 softmax",
        "this project",
        archive,
        _OURS,
        _SPARSE,
        epochs=70,
        batch=128,
        distorted=True,
        strangers=0.15,
    ),
    Recipe(
        "archive-dense",
        "784-1024-512-256 relu, 11 softmax",
        "this project, after Ciresan et al. (2010)",
        archive_dense,
        _OURS,
        _SPARSE,
        epochs=60,
        batch=128,
        distorted=True,
        strangers=0.1,
    ),
]
RECIPES = {recipe.name: recipe for recipe in _ALL}


def recipe(name: str) -> Recipe:
    """Return the recipe with this name. Raises InputError for an unknown name."""
    try:
        return RECIPES[name]
    except KeyError:
        raise InputError(f"there is no recipe {name!r}; there are {', '.join(RECIPES)}") from None


def published_runs() -> list[tuple[Recipe, int]]:
    """List every training of `digits train --all`, quick ones first: one per published figure, and ours."""
    runs = [(one, figure.epochs) for one in _ALL for figure in one.published]
    return sorted(runs, key=lambda run: run[0].name == "mlp-75") + [(one, one.epochs) for one in _ALL if not one.published]
