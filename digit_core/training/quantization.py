"""Quantisation: with weights and activations of 8 bits a network takes a third of the time and a quarter of the space.

Post-training quantisation after Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only
inference" (CVPR 2018), as ONNX Runtime does it. Integer sums are exact, whatever their order.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float32s = NDArray[np.float32]


MOST_LOST = 0.004
"""Net share of what is read right in floating point but not after quantisation, above which quantisation is given up."""


@dataclass(frozen=True, slots=True)
class Exported:
    """Result of an export: kind "int8" or "float32"; the score of the network in floating point and as written."""

    kind: str
    float_score: float
    score: float


def export_quantised(
    network: Any, path: Path, pictures: Iterable[Float32s], score: Callable[[Path], float], **options: Any
) -> Exported:
    """Export a Keras network as ONNX, in 8-bit integers if `score`, a share from 0 to 1, is as good so.

    network: called once before, else Keras exports nothing; pictures: as `quantise` takes them, with its options.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # tf2onnx uses a deprecated NumPy name
        network.export(str(path), format="onnx", verbose=False)
    plain = path.with_suffix(".float.onnx")
    shutil.copyfile(path, plain)
    quantise(path, pictures, **options)
    before, after = score(plain), score(path)
    kind = "int8" if after >= before - MOST_LOST else "float32"
    if kind == "float32":
        plain.replace(path)
    plain.unlink(missing_ok=True)
    return Exported(kind, before, after if kind == "int8" else before)


def quantise(path: Path, pictures: Iterable[Float32s], *, plain_tail: int = 0, only_convolutions: bool = False) -> None:
    """Quantise the network in the ONNX file; the file is replaced when that is done.

    pictures: typical inputs, of shapes that it takes; they give the value range of each layer. plain_tail: so many convolutions
    at the network's end stay in floating point; only_convolutions: sums of branches stay too. Both cost time and space, and are
    for networks that lose accuracy without. The last convolution before each output is never quantised: its output is used as a
    number, and not only compared. Weights use 7 of the 8 bits, or processors without VNNI would overflow where they add pairs of
    products in 16 bits.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quant_pre_process, quantize_static

    logging.getLogger().addFilter(_no_advice)
    try:
        with tempfile.TemporaryDirectory(prefix="digits-quantise-", dir=path.parent) as name:
            plain, small = Path(name) / "plain.onnx", Path(name) / "small.onnx"
            quant_pre_process(str(path), str(plain), skip_symbolic_shape=True)
            quantize_static(
                str(plain),
                str(small),
                _Given(plain, pictures),
                quant_format=QuantFormat.QDQ,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                per_channel=True,
                reduce_range=True,
                calibrate_method=CalibrationMethod.MinMax,
                op_types_to_quantize=["Conv"] if only_convolutions else None,
                nodes_to_exclude=sorted({*last_convolutions(plain), *_tail(plain, plain_tail)}),
            )
            small.replace(path)
    finally:
        logging.getLogger().removeFilter(_no_advice)


def last_convolutions(path: Path) -> list[str]:
    """Return the names of the last convolution before each output."""
    import onnx

    graph = onnx.load(str(path)).graph
    makers = {output: node for node in graph.node for output in node.output}
    waiting, found = [output.name for output in graph.output], []
    while waiting:
        node = makers.get(waiting.pop())
        if node is not None and node.op_type == "Conv":
            found.append(node.name)
        elif node is not None:
            waiting += node.input
    return sorted(found)


def _tail(path: Path, count: int) -> list[str]:
    """Return the names of the last convolutions, in the order in which the network runs them."""
    import onnx

    names = [node.name for node in onnx.load(str(path)).graph.node if node.op_type == "Conv"]
    return names[len(names) - count :] if count else []


def _no_advice(record: logging.LogRecord) -> bool:
    """Suppress ONNX Runtime's advice on the root logger to do the preparation that was just done."""
    return "pre-processing" not in record.getMessage()


class _Given:
    """Typical inputs in the form that ONNX Runtime asks for."""

    def __init__(self, path: Path, pictures: Iterable[Float32s]) -> None:
        import onnx

        self._input = onnx.load(str(path)).graph.input[0].name
        self._pictures = iter(pictures)

    def get_next(self) -> dict[str, Any] | None:
        picture = next(self._pictures, None)
        return None if picture is None else {self._input: picture}
