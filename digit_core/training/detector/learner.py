"""The detector in training: its weights, their running average, and the optimiser (AdamW: Loshchilov and Hutter, ICLR 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digit_core.training.detector.network import TARGETS, build_detector, cell_loss, start_from
from digit_core.training.fused_normalisation import relearn_statistics
from digit_core.training.keras_setup import keras_module, limit_threads, tensorflow_module
from digit_core.training.onnx_weights import convolutions
from digit_core.training.strip_reader.network import has_bfloat16

LearnerState = dict[str, NDArray[np.generic]]

_SETTLING = 16
"""Number of patches from which normalisation statistics are computed at once."""


class DetectorLearner:
    """A new detector, computed in bfloat16 where the processor supports it."""

    def __init__(self, seed: int, weight_decay: float, average: float, threads: int = 1) -> None:
        keras, tf = keras_module(), tensorflow_module()
        keras.utils.set_random_seed(seed)
        limit_threads(threads)
        self._tf, self._average = tf, average
        self.model = _model("mixed_bfloat16" if has_bfloat16() else "float32")
        self._loss = cell_loss(keras)
        self._optimiser = keras.optimizers.AdamW(1e-5, weight_decay=weight_decay, clipnorm=5.0)
        self._optimiser.build(self.model.trainable_variables)
        self._averages = [tf.Variable(variable, trainable=False) for variable in self.model.variables]
        shapes = [tf.TensorSpec((None, None, None, 1)), tf.TensorSpec((None, None, None, TARGETS))]
        self._step = tf.function(self._learn, input_signature=shapes)

    def start_from(self, exported: Path, pixels: NDArray[np.float32]) -> None:
        """Start from the weights of an exported detector; pixels (n, h, w) in [0, 1]: patches like those of the training."""
        plain = _model("float32")
        parts = np.array_split(pixels[..., np.newaxis], max(1, len(pixels) // _SETTLING))
        start_from(keras_module(), plain, convolutions(exported), parts)
        for mine, average, theirs in zip(self.model.variables, self._averages, plain.variables, strict=True):
            mine.assign(theirs)
            average.assign(theirs)

    def learn(self, pixels: NDArray[np.float32], targets: NDArray[np.float32], rate: float) -> float:
        """Do one step on patches (n, h, w) in [0, 1] with cell targets (n, h/4, w/4, TARGETS); return the loss."""
        self._optimiser.learning_rate.assign(rate)
        return float(self._step(pixels[..., np.newaxis], targets))

    def _learn(self, patches: Any, targets: Any) -> Any:
        tf = self._tf
        with tf.GradientTape() as tape:
            loss = self._loss(targets, self.model(patches, training=True))
        variables = self.model.trainable_variables
        self._optimiser.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        steps = tf.cast(self._optimiser.iterations, tf.float32)
        kept = tf.minimum(self._average, (1 + steps) / (10 + steps))
        for average, variable in zip(self._averages, self.model.variables, strict=True):
            average.assign(kept * average + (1 - kept) * variable)
        return loss

    def state(self) -> LearnerState:
        """Return everything needed to continue the training."""
        return {f"{name}-{i:03d}": np.asarray(one) for name, group in self._groups().items() for i, one in enumerate(group)}

    def restore(self, state: LearnerState) -> None:
        """Restore what `state` returned, in a learner of the same network."""
        for name, group in self._groups().items():
            for i, variable in enumerate(group):
                variable.assign(state[f"{name}-{i:03d}"])

    def _groups(self) -> dict[str, Any]:
        return {"model": self.model.variables, "average": self._averages, "optimiser": self._optimiser.variables}


def averaged_detector(state: LearnerState, pictures: Sequence[NDArray[np.float32]]) -> Any:
    """Build the detector with the averaged weights of a state, in float32; its normalisation statistics are recomputed on the
    pictures, batches (n, h, w) in [0, 1]."""
    model = _model("float32")
    for i, variable in enumerate(model.variables):
        variable.assign(state[f"average-{i:03d}"])
    relearn_statistics(model, pictures)
    return model


def _model(policy: str) -> Any:
    keras = keras_module()
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy(policy)
    try:
        return build_detector(keras, tensorflow_module())
    finally:
        keras.mixed_precision.set_dtype_policy(before)
