"""The strip reader: a network that gives for every 2 columns of a strip the character written there, or none.

A convolutional trunk, then convolutions along the line (quicker than a recurrent layer of the same reach), then connectionist
temporal classification (Graves, Fernandez, Gomez, Schmidhuber: "Connectionist temporal classification", ICML 2006). Training runs
in bfloat16 where the processor supports it, with TensorFlow's fused batch normalisation: together that takes 0.63 of the time
(184 ms against 291 ms for 48 strips 112 wide, one thread of an AMD EPYC).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digit_core.inference.network_spec import CHARACTERS, STRIP_HEIGHT
from digit_core.training.fused_normalisation import fused_normalisation, relearn_statistics
from digit_core.training.keras_setup import keras_module, limit_threads, tensorflow_module
from digit_core.training.onnx_weights import convolutions

TrainingState = dict[str, NDArray[np.generic]]
"""Arrays to continue a training from, by name."""

WIDTHS = (32, 48, 80, 144, 256, 96)
"""Channels of the two layers at half size, of those at a quarter, an eighth, along the line, and of a column."""


def has_bfloat16() -> bool:
    """Whether the processor multiplies in bfloat16."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def build_strip_network(policy: str = "float32", widths: Sequence[int] = WIDTHS) -> Any:
    """Build a Keras model: strips (n, 40, w, 1) in [0, 1], w a multiple of 8 -> scores (n, w/2, characters + 1), class 0 being
    none."""
    keras = keras_module()
    layers = keras.layers
    kind = keras.dtype_policies.get(policy)
    normalise = fused_normalisation(keras, tensorflow_module())
    half, quarter_in, quarter, eighth, line, column = widths

    def unit(x: Any, filters: int, size: Any = 3, stride: int = 1, padding: str = "same") -> Any:
        x = layers.Conv2D(filters, size, stride, padding, use_bias=False, dtype=kind)(x)
        return normalise(dtype=kind)(x)

    def active(x: Any) -> Any:
        return layers.Activation("relu", dtype=kind)(x)

    def beside(x: Any, size: Any) -> Any:
        return active(layers.Add(dtype=kind)([x, unit(x, x.shape[-1], size)]))

    strips = keras.Input((STRIP_HEIGHT, None, 1), name="strips")
    x = active(unit(strips, half, 5, 2))
    x = layers.MaxPool2D(dtype=kind)(active(unit(x, quarter_in)))
    x = beside(active(unit(x, quarter)), 3)
    x = layers.MaxPool2D((2, 1), dtype=kind)(x)
    x = beside(active(unit(x, eighth)), 3)
    x = active(unit(x, line, (STRIP_HEIGHT // 8, 1), padding="valid"))
    x = beside(beside(x, (1, 5)), (1, 5))
    x = layers.Conv2D(2 * column, (1, 3), padding="same", activation="relu", dtype=kind)(x)
    x = layers.Reshape((-1, column), dtype=kind)(x)
    x = layers.Conv1D(column, 3, padding="same", activation="relu", dtype=kind)(x)
    columns = layers.Conv1D(len(CHARACTERS) + 1, 1, dtype="float32", name="columns")(x)
    return keras.Model(strips, columns, name="reader")


class Learner:
    """A network in training: its weights, their running average, and the optimiser (AdamW: Loshchilov and Hutter, ICLR 2019)."""

    def __init__(self, seed: int, weight_decay: float, average: float, threads: int = 1) -> None:
        keras, tf = keras_module(), tensorflow_module()
        keras.utils.set_random_seed(seed)
        limit_threads(threads)
        self.model = build_strip_network("mixed_bfloat16" if has_bfloat16() else "float32")
        self.optimiser = keras.optimizers.AdamW(1e-5, weight_decay=weight_decay, clipnorm=5.0)
        self.optimiser.build(self.model.trainable_variables)
        self.averages = [tf.Variable(variable, trainable=False) for variable in self.model.variables]
        self._average = average
        self._step = tf.function(
            self._learn, input_signature=[tf.TensorSpec((None, STRIP_HEIGHT, None, 1)), tf.TensorSpec((None, None), tf.int32)]
        )
        self._rate = tf.Variable(1e-5, trainable=False)
        self.optimiser.learning_rate = 1e-5
        self._tf = tf

    def start_from(self, exported: Path, strips: Sequence[NDArray[np.float32]]) -> None:
        """Start from the weights of an exported strip reader; strips: batches (n, 40, w) in [0, 1] like those of the training."""
        plain = network_of(exported, strips)
        for mine, average, theirs in zip(self.model.variables, self.averages, plain.variables, strict=True):
            mine.assign(theirs)
            average.assign(theirs)

    def learn(self, pixels: NDArray[np.float32], classes: NDArray[np.int32], rate: float) -> float:
        """Do one step on strips (n, 40, w) in [0, 1] and their classes (n, longest), from 1, padded with 0; return the loss."""
        self.optimiser.learning_rate.assign(rate)
        return float(self._step(pixels[..., np.newaxis], classes))

    def _learn(self, strips: Any, classes: Any) -> Any:
        tf = self._tf
        with tf.GradientTape() as tape:
            columns = self.model(strips, training=True)
            losses = self._losses(classes, columns)
            loss = tf.reduce_mean(losses)
        variables = self.model.trainable_variables
        self.optimiser.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        steps = tf.cast(self.optimiser.iterations, tf.float32)
        kept = tf.minimum(self._average, (1 + steps) / (10 + steps))
        for average, variable in zip(self.averages, self.model.variables, strict=True):
            average.assign(kept * average + (1 - kept) * variable)
        return loss

    def _losses(self, classes: Any, columns: Any) -> Any:
        """Return (n,) negative log likelihoods. A blank strip has one path, no character anywhere, which TensorFlow's kernel
        refuses."""
        tf = self._tf
        blank = tf.reduce_all(classes == 0, axis=1)
        some = tf.where(blank[:, None] & (tf.range(tf.shape(classes)[1])[None] == 0), 1, classes)
        lengths = tf.fill([tf.shape(columns)[0]], tf.shape(columns)[1])
        # as a sparse tensor the labels go to the plain CPU kernel
        written = tf.nn.ctc_loss(tf.sparse.from_dense(some), columns, None, lengths, logits_time_major=False, blank_index=0)
        return tf.where(blank, -tf.reduce_sum(tf.nn.log_softmax(columns)[..., 0], axis=1), written)

    def state(self) -> TrainingState:
        """Return everything needed to continue the training."""
        groups = {"model": self.model.variables, "average": self.averages, "optimiser": self.optimiser.variables}
        return {f"{name}-{i:03d}": np.asarray(variable) for name, group in groups.items() for i, variable in enumerate(group)}

    def restore(self, state: TrainingState) -> None:
        """Restore what `state` returned, in a learner of the same network."""
        groups = {"model": self.model.variables, "average": self.averages, "optimiser": self.optimiser.variables}
        for name, group in groups.items():
            for i, variable in enumerate(group):
                variable.assign(state[f"{name}-{i:03d}"])


def averaged_network(state: TrainingState) -> Any:
    """Build the network with the averaged weights of a state, in float32."""
    model = build_strip_network()
    for i, variable in enumerate(model.variables):
        variable.assign(state[f"average-{i:03d}"])
    return model


def network_of(exported: Path, strips: Sequence[NDArray[np.float32]]) -> Any:
    """Build the network of an exported strip reader, in float32, so that it can be trained further.

    strips: batches (n, 40, w) in [0, 1], from which the normalisations, which the export folds into the convolutions, learn means
    and variances; they change no output. Raises ValueError where the file has other layers.
    """
    keras = keras_module()
    model = build_strip_network()
    hidden = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D | keras.layers.Conv1D)]
    norms = iter([layer for layer in model.layers if hasattr(layer, "moving_mean")])
    normalised = []
    for layer, (kernel, bias) in zip(hidden, convolutions(exported), strict=True):
        layer.kernel.assign(kernel.reshape(layer.kernel.shape) if kernel.shape[0] == 1 else kernel)
        if layer.use_bias:
            layer.bias.assign(bias)
        else:
            normalised.append((layer, next(norms), bias))
            _normalise(normalised[-1][1], bias, np.zeros_like(bias), np.ones_like(bias))
    for (_, norm, bias), seen in zip(normalised, _seen(keras, model, [layer for layer, _, _ in normalised], strips), strict=True):
        _normalise(norm, bias, *seen)
    return model


def between(start: Any, trained: Any, share: float, strips: Sequence[NDArray[np.float32]]) -> Any:
    """Build the network between the one that a training started from and the one that it led to; `share`: of the latter.

    What was learned further costs less of what was known before: Wortsman et al., "Robust fine-tuning of zero-shot models" (CVPR
    2022). strips: batches (n, 40, w) in [0, 1], on which the statistics of the normalisations are computed anew.
    """
    model = build_strip_network()
    for variable, old, new in zip(model.variables, start.variables, trained.variables, strict=True):
        variable.assign((1 - share) * np.asarray(old) + share * np.asarray(new))
    relearn_statistics(model, strips)
    return model


def _normalise(norm: Any, bias: NDArray[np.float32], mean: NDArray[np.float32], variance: NDArray[np.float32]) -> None:
    """Set the statistics of a normalisation so that all it does is to add a bias."""
    norm.gamma.assign(np.sqrt(variance + norm.epsilon))
    norm.beta.assign(bias + mean)
    norm.moving_mean.assign(mean)
    norm.moving_variance.assign(variance)


def _seen(
    keras: Any, model: Any, layers: Sequence[Any], strips: Sequence[NDArray[np.float32]]
) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Return mean and variance of each channel of the layers' outputs over the strips."""
    inner = keras.Model(model.input, [layer.output for layer in layers])
    outputs = [
        [np.asarray(one, np.float32).reshape(-1, one.shape[-1]) for one in inner(batch[..., np.newaxis])] for batch in strips
    ]
    joined = [np.concatenate(parts) for parts in zip(*outputs, strict=True)]
    return [(part.mean(axis=0), part.var(axis=0)) for part in joined]
