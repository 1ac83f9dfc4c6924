"""Weights of an exported network, to continue training from: convolutions of an ONNX file, quantised or not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    users = {name: node for node in graph.node for name in node.input}
    return [
        (known[node.input[1]].transpose(2, 3, 1, 0).astype(np.float32), _bias(node, known, users))
        for node in graph.node
        if node.op_type == "Conv"
    ]


def _bias(node: Any, known: Mapping[str, NDArray[Any]], users: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return a convolution's own bias, or what the graph adds to its output, as it does for one along a line."""
    if len(node.input) > 2:
        return known[node.input[2]].astype(np.float32)
    following = users[node.output[0]]
    while following.op_type == "Squeeze":
        following = users[following.output[0]]
    (constant,) = (known[name] for name in following.input if name in known)
    return constant.astype(np.float32).ravel()


def _dequantised(values: NDArray[np.int32], scale: NDArray[np.float32], zero: NDArray[np.int32]) -> NDArray[np.float32]:
    """Dequantise integers; scales apply to the first axis."""
    shape = (-1, *[1] * (values.ndim - 1))
    return np.asarray((values.astype(np.float32) - zero.reshape(shape)) * scale.reshape(shape), np.float32)
