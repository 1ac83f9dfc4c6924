"""The detector as a Keras model: for every 4x4 pixels the character with its middle there (or none), the sides of its box, and
whether it is printed. Nothing here imports Keras: the module is passed to the functions that build.

Fully convolutional, so it works on pages and strips of any size; the idea of FCOS (Tian, Shen, Chen, He: "FCOS: Fully
convolutional one-stage object detection", ICCV 2019). A digit is told from a letter by its surroundings, so coarse branches have
a large field of view: features of 8 and of 16 pixels are added to the fine ones, as in feature pyramids (Lin et al., CVPR 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import PLAIN, STRIDE, UNIT
from digit_core.synthesis.training_images import CharacterPlace
from digit_core.training.fused_normalisation import fused_normalisation

DETECTED = "0123456789.-,+/:°"
"""Characters that the detector knows: digits first, and those that an older one does not know last."""

NOTHING = len(DETECTED)
"""The class of a cell where no character has its middle."""

OUTPUTS = NOTHING + 1 + 4 + 1
"""Outputs of a cell: scores of the characters and of nothing, log of the distances to left, top, right and bottom, score of
print."""

TARGETS = 1 + 4 + 1 + 1
"""Targets of a cell: class, log distances, printed (0 or 1), weight."""

SIDE = 16
"""Pixels: the sides of a picture must be multiples of this."""

_LAYERS = (
    *("stem_1", "stem_2", "stem_3", "near", "wide_1", "wide_2", "wide_out"),
    *("far_1", "far_2", "far_3", "far_out", "beside", "head"),
)
"""Convolutions before the last, in the order of the graph."""

_NEW = "far_"
"""The branch that older detectors do not have."""

_CORE = 2.9
"""Least radius in pixels of the core of a character."""

_RARE = -6.0
"""Initial score of a character that was never seen."""

_QUIET = 0.05
"""Initial scale of a new branch: at 0 it would never learn, as rectified units have no slope there."""

Calibrating = Sequence[NDArray[np.float32]]


def build_detector(keras: Any, tf: Any, widths: Sequence[int] = (24, 48, 80, 112, 128)) -> Any:
    """Build a Keras model: darkness (n, h, w, 1) in [0, 1], h and w multiples of SIDE -> cells (n, h/4, w/4, OUTPUTS) in
    float32."""
    layers, normalisation = keras.layers, fused_normalisation(keras, tf)
    first, second, third, fourth, fifth = widths

    def unit(name: str, filters: int, size: int = 3, stride: int = 1) -> list[Any]:
        convolution = layers.Conv2D(filters, size, stride, "same", use_bias=False, name=name)
        return [convolution, normalisation(name=f"{name}_norm"), layers.Activation("relu")]

    def through(x: Any, chain: Sequence[Any]) -> Any:
        for layer in chain:
            x = layer(x)
        return x

    near, beside = unit("near", third), unit("beside", third)
    wide = [layers.MaxPool2D(), *unit("wide_1", fourth), *unit("wide_2", fourth), *unit("wide_out", third, 1)]
    far = [layers.MaxPool2D(4), *(one for i in (1, 2, 3) for one in unit(f"far_{i}", fifth)), *unit("far_out", third, 1)]
    patches = keras.Input((None, None, 1), name="patches")
    x = through(patches, [*unit("stem_1", first, 5, 2), *unit("stem_2", second), layers.MaxPool2D(), *unit("stem_3", third)])
    for branch in (near, [*wide, layers.UpSampling2D()], [*far, layers.UpSampling2D(4)], beside):
        x = layers.Add()([x, through(x, branch)])
    x = through(x, unit("head", 96, 1))
    return keras.Model(patches, layers.Conv2D(OUTPUTS, 1, dtype="float32", name="cells")(x), name="detector")


def start_from(
    keras: Any, detector: Any, convolutions: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]], pictures: Calibrating
) -> None:
    """Give a new detector the weights of an exported one. Parts that an older one lacks (the branch with the large field of view,
    some characters) start with little effect.

    convolutions: kernels (h, w, in, out) and biases (out,) in the order of the graph, normalisation folded into them; pictures:
    (n, h, w, 1) each, from which the normalisations learn their means and variances. Raises ValueError where shapes differ.
    """
    *hidden, (kernel, bias) = convolutions
    order = _LAYERS if len(hidden) == len(_LAYERS) else tuple(name for name in _LAYERS if not name.startswith(_NEW))
    for name, (weights, offset) in zip(order, hidden, strict=True):
        detector.get_layer(name).kernel.assign(weights)
        norm = detector.get_layer(f"{name}_norm")
        _set(norm, np.ones_like(offset), offset, np.zeros_like(offset), np.ones_like(offset) - norm.epsilon)
    older = kernel.shape[-1] != OUTPUTS
    detector.get_layer("cells").set_weights(_with_new_classes(kernel, bias) if older else [kernel, bias])
    if order != _LAYERS:
        last = detector.get_layer(f"{_NEW}out_norm")
        last.gamma.assign(np.full(last.gamma.shape, _QUIET))
    for name in _LAYERS:
        _settle(keras, detector, name, pictures, fresh=name not in order)


def _with_new_classes(kernel: NDArray[np.float32], bias: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Extend the last layer of a detector of the form PLAIN by the other characters, with very low probability."""
    old = len(PLAIN.characters)
    wide, offsets = np.zeros((*kernel.shape[:3], OUTPUTS), np.float32), np.full(OUTPUTS, _RARE, np.float32)
    source = [*range(old), *range(old, kernel.shape[-1])]
    goal = [*range(old), *range(NOTHING, OUTPUTS)]
    wide[..., goal], offsets[goal] = kernel[..., source], bias[source]
    return [wide, offsets]


def _settle(keras: Any, detector: Any, name: str, pictures: Calibrating, fresh: bool) -> None:
    """Set the statistics of a normalisation to those of its layer, without changing its output (except for a new branch)."""
    until = keras.Model(detector.input, detector.get_layer(name).output)
    seen = np.concatenate([np.asarray(until(one), np.float32).reshape(-1, until.output.shape[-1]) for one in pictures])
    mean, variance = seen.mean(axis=0), seen.var(axis=0)
    norm = detector.get_layer(f"{name}_norm")
    gamma, beta, old_mean, old_variance = (
        np.asarray(v, np.float32) for v in (norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance)
    )
    if fresh:
        _set(norm, gamma, beta, mean, variance)
        return
    scale = gamma / np.sqrt(old_variance + norm.epsilon)
    _set(norm, scale * np.sqrt(variance + norm.epsilon), beta + scale * (mean - old_mean), mean, variance)


def _set(norm: Any, *values: NDArray[np.float32]) -> None:
    for variable, value in zip((norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance), values, strict=True):
        variable.assign(value)


def cell_targets(places: Sequence[CharacterPlace], height: int, width: int) -> NDArray[np.float32]:
    """Compute the training targets of a picture's cells: shape (height/4, width/4, TARGETS).

    The cells near a character's middle have its class; those around them, and characters cut by the edge, are ignored.
    """
    rows, columns = height // STRIDE, width // STRIDE
    target = np.zeros((rows, columns, TARGETS), np.float32)
    target[..., 0], target[..., -1] = NOTHING, 1.0
    nearest = np.full((rows, columns), np.inf, np.float32)
    for place in places:
        _mark(target, nearest, place)
    return target


def _mark(target: NDArray[np.float32], nearest: NDArray[np.float32], place: CharacterPlace) -> None:
    x, y = (place.left + place.right) / 2, (place.top + place.bottom) / 2
    w, h = max(0.2 * (place.right - place.left), _CORE), max(0.2 * (place.bottom - place.top), _CORE)
    rows = slice(max(0, int((y - 2 * h) / STRIDE) - 1), max(0, int((y + 2 * h) / STRIDE) + 2))
    columns = slice(max(0, int((x - 2 * w) / STRIDE) - 1), max(0, int((x + 2 * w) / STRIDE) + 2))
    cells, best = target[rows, columns], nearest[rows, columns]
    ys = (np.arange(cells.shape[0]) + rows.start + 0.5) * STRIDE
    xs = (np.arange(cells.shape[1]) + columns.start + 0.5) * STRIDE
    # distance from the middle in units in which the core has radius 1: a fifth of the box, one cell at least
    away = np.hypot((xs - x) / w, ((ys - y) / h)[:, None]).astype(np.float32)
    asked = cells[..., 0] == NOTHING
    cells[..., -1][(away <= 1.9) & ((away > 1) | (not place.asked)) & asked] = 0.0
    if not place.asked:
        return
    mine = (away <= 1) & (away < best)
    best[mine] = away[mine]
    row, column = np.nonzero(mine)
    sides = [xs[column] - place.left, ys[row] - place.top, place.right - xs[column], place.bottom - ys[row]]
    cells[row, column, 0] = DETECTED.index(place.character)
    cells[row, column, 1:5] = np.log(np.maximum(np.stack(sides, axis=1), 0.5) / UNIT)
    cells[row, column, 5] = place.printed
    cells[row, column, 6] = 1.0


def cell_loss(keras: Any) -> Any:
    """Build the loss: cross-entropy of the classes, plus where a character is: L1 of the log distances and cross-entropy of
    print."""
    ops = keras.ops

    def loss(target: Any, output: Any) -> Any:
        weight = target[..., 6]
        here = ops.cast(target[..., 0] < NOTHING, "float32") * weight
        classes = ops.one_hot(ops.cast(target[..., 0], "int32"), NOTHING + 1)
        entropy = -ops.sum(classes * ops.log_softmax(output[..., : NOTHING + 1]), axis=-1)
        # nearly all cells are bare and easy: focal weight (Lin et al., "Focal loss for dense object detection", ICCV 2017)
        focal = ops.where(target[..., 0] < NOTHING, 1.0, 1 - ops.exp(-entropy) + 0.05)
        sides = ops.sum(ops.abs(target[..., 1:5] - output[..., NOTHING + 1 : NOTHING + 5]), axis=-1)
        print_ = ops.binary_crossentropy(target[..., 5], output[..., NOTHING + 5], from_logits=True)
        count = ops.sum(here) + 4.0
        return (ops.sum(entropy * weight * focal) + ops.sum(here * (0.35 * sides + 0.5 * print_))) / count

    return loss
