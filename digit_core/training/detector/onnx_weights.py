"""Weights of an exported network, to continue training from: convolutions of an ONNX file, quantised or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Convolution = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Kernel (h, w, in, out) and bias (out,)."""


def convolutions(path: Path) -> list[Convolution]:
    """Return the convolutions of a network in the order of its graph. Raises KeyError where one has no constant weights."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    known = {one.name: np.asarray(numpy_helper.to_array(one)) for one in graph.initializer}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and all(name in known for name in node.input):
            known[node.output[0]] = _dequantised(*(known[name] for name in node.input))
    return [
        (known[node.input[1]].transpose(2, 3, 1, 0).astype(np.float32), known[node.input[2]].astype(np.float32))
        for node in graph.node
        if node.op_type == "Conv"
    ]


def _dequantised(values: NDArray[np.int32], scale: NDArray[np.float32], zero: NDArray[np.int32]) -> NDArray[np.float32]:
    """Dequantise integers; scales apply to the first axis."""
    shape = (-1, *[1] * (values.ndim - 1))
    return np.asarray((values.astype(np.float32) - zero.reshape(shape)) * scale.reshape(shape), np.float32)
