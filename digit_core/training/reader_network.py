"""A network that finds and reads numbers: one trunk, two heads. Nothing here imports Keras: the module is passed to the functions
that build.

- *cells*: for every 4x4 pixels the character with its middle there (or none), the sides of its box, and whether it is printed.
Fully convolutional, so it works on pages and strips of any size; the idea of FCOS (Tian, Shen, Chen, He: "FCOS: Fully
convolutional one-stage object detection", ICCV 2019).
- *columns*: for every 2 columns of a strip the character written there, or none: connectionist temporal classification (Graves,
Fernandez, Gomez, Schmidhuber: "Connectionist temporal classification", ICML 2006). It reads numbers whose digits cannot be
separated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import CHARACTERS, COLUMN, NOTHING, OUTPUTS, STRIDE, STRIP_HEIGHT, UNIT
from digit_core.synthesis.training_images import CharacterPlace, Sample

TARGETS = 1 + 4 + 1 + 1
"""Targets of a cell: class, log distances, printed (0 or 1), weight."""


def build(keras: Any, widths: Sequence[int] = (24, 48, 80, 112)) -> tuple[Any, Any, Any]:
    """Build three Keras models that share their weights: (finder, reader, both).

    finder: darkness (n, h, w, 1) in [0, 1], h and w multiples of 8 -> cells (n, h/4, w/4, OUTPUTS). reader: strips (n, 40, w, 1)
    -> columns (n, w/2, characters + 1), class 0 being none. both: patches and strips -> cells of both and columns, for training.
    """
    layers = keras.layers
    first, second, third, fourth = widths

    def unit(filters: int, size: int = 3, stride: int = 1) -> list[Any]:
        convolution = layers.Conv2D(filters, size, stride, "same", use_bias=False)
        return [convolution, layers.BatchNormalization(), layers.Activation("relu")]

    def through(x: Any, chain: Sequence[Any]) -> Any:
        for layer in chain:
            x = layer(x)
        return x

    stem = [*unit(first, 5, 2), *unit(second), layers.MaxPool2D(), *unit(third)]
    near, beside = unit(third), unit(third)
    wide = [layers.MaxPool2D(), *unit(fourth), *unit(fourth), *unit(third, 1), layers.UpSampling2D()]
    cell_head = [*unit(96, 1), layers.Conv2D(OUTPUTS, 1, dtype="float32", name="cells")]
    height = STRIP_HEIGHT // STRIDE
    collapse = [layers.Conv2D(144, (height, 1), use_bias=False), layers.BatchNormalization(), layers.Activation("relu")]
    halves = STRIDE // COLUMN
    along = [layers.Reshape((-1, 144)), layers.Conv1D(halves * 80, 3, padding="same", activation="relu")]
    along += [layers.Reshape((-1, 80)), layers.Conv1D(96, 5, padding="same", activation="relu")]
    along += [layers.Conv1D(len(CHARACTERS) + 1, 1, dtype="float32", name="columns")]

    def trunk(x: Any) -> Any:
        x = through(x, stem)
        for branch in (near, wide, beside):
            x = layers.Add()([x, through(x, branch)])
        return x

    patches = keras.Input((None, None, 1), name="patches")
    strips = keras.Input((STRIP_HEIGHT, None, 1), name="strips")
    found = through(trunk(patches), cell_head)
    features = trunk(strips)
    cells, columns = through(features, cell_head), through(through(features, collapse), along)
    finder = keras.Model(patches, found, name="finder")
    reader = keras.Model(strips, columns, name="reader")
    return finder, reader, keras.Model([patches, strips], [found, cells, columns], name="both")


def cell_targets(places: Sequence[CharacterPlace], height: int, width: int) -> NDArray[np.float32]:
    """Compute the training targets of a picture's cells: shape (height/4, width/4, TARGETS).

    The cells near a character's middle have its class; those around them, and characters cut by the edge, are ignored.
    """
    rows, columns = height // STRIDE, width // STRIDE
    target = np.zeros((rows, columns, TARGETS), np.float32)
    target[..., 0], target[..., -1] = NOTHING, 1.0
    nearest = np.full((rows, columns), np.inf, np.float32)
    ys, xs = (np.arange(rows) + 0.5) * STRIDE, (np.arange(columns) + 0.5) * STRIDE
    for place in places:
        _mark(target, nearest, xs, ys, place)
    return target


def _mark(
    target: NDArray[np.float32],
    nearest: NDArray[np.float32],
    xs: NDArray[np.floating],
    ys: NDArray[np.floating],
    place: CharacterPlace,
) -> None:
    x, y = (place.left + place.right) / 2, (place.top + place.bottom) / 2
    w, h = place.right - place.left, place.bottom - place.top
    # distance from the middle in units in which the core has radius 1: a fifth of the box, one cell at least
    away = np.hypot((xs - x) / max(0.2 * w, 2.9), ((ys - y) / max(0.2 * h, 2.9))[:, None]).astype(np.float32)
    core, ring = away <= 1, (away > 1) & (away <= 1.9)
    asked = target[..., 0] == NOTHING
    target[..., -1][ring & asked] = 0.0
    if not place.asked:
        target[..., -1][core & asked] = 0.0
        return
    mine = core & (away < nearest)
    nearest[mine] = away[mine]
    row, column = np.nonzero(mine)
    target[row, column, 0] = CHARACTERS.index(place.character)
    sides = np.stack([xs[column] - place.left, ys[row] - place.top, place.right - xs[column], place.bottom - ys[row]], axis=1)
    target[row, column, 1:5] = np.log(np.maximum(sides, 0.5) / UNIT)
    target[row, column, 5] = place.printed
    target[row, column, 6] = 1.0


def column_targets(scraps: Sequence[Sample], longest: int = 16) -> NDArray[np.int32]:
    """Convert the texts to classes from 1, shape (n, longest), padded with 0."""
    targets = np.zeros((len(scraps), longest), np.int32)
    for row, scrap in enumerate(scraps):
        targets[row, : len(scrap.text)] = [CHARACTERS.index(character) + 1 for character in scrap.text]
    return targets


def cell_loss(keras: Any) -> Any:
    """Build the loss: cross-entropy of the classes, plus where a character is: L1 of the log distances and cross-entropy of
    print."""
    ops = keras.ops

    def loss(target: Any, output: Any) -> Any:
        weight = target[..., 6]
        here = ops.cast(target[..., 0] < NOTHING, "float32") * weight
        classes = ops.one_hot(ops.cast(target[..., 0], "int32"), NOTHING + 1)
        entropy = -ops.sum(classes * ops.log_softmax(output[..., : NOTHING + 1]), axis=-1)
        probability = ops.exp(-entropy)
        # nearly all cells are bare and easy: focal weight (Lin et al., "Focal loss for dense object detection", ICCV 2017)
        focal = ops.where(target[..., 0] < NOTHING, 1.0, ops.power(1 - probability, 1.0) + 0.05)
        sides = ops.sum(ops.abs(target[..., 1:5] - output[..., NOTHING + 1 : NOTHING + 5]), axis=-1)
        print_ = ops.binary_crossentropy(target[..., 5], output[..., NOTHING + 5], from_logits=True)
        count = ops.sum(here) + 4.0
        return (ops.sum(entropy * weight * focal) + ops.sum(here * (0.35 * sides + 0.5 * print_))) / count

    return loss


def column_loss(keras: Any) -> Any:
    """Build the loss of connectionist temporal classification, averaged over the strips."""
    ops = keras.ops

    def loss(target: Any, output: Any) -> Any:
        lengths = ops.sum(ops.cast(target > 0, "int32"), axis=-1)
        columns = ops.zeros_like(lengths) + ops.shape(output)[1]
        return ops.mean(ops.ctc_loss(ops.cast(target, "int32"), output, lengths, columns, mask_index=0))

    return loss
