"""Networks in whole numbers: nearly the same answers, less room, and a file that is whole or as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from digit_core.inference.onnx import onnx_session
from digit_core.training.quantization import last_convolutions, quantise

pytestmark = pytest.mark.slow

PICTURES = [np.random.default_rng(seed).random((1, 1, 16, 16), np.float32) for seed in range(8)]


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """Three convolutions, 1 -> 32 -> 32 -> 2 channels."""
    rng = np.random.default_rng(0)
    nodes, weights = [], []
    for number, (channels, filters) in enumerate(((1, 32), (32, 32), (32, 2))):
        kernel = rng.normal(0, 1 / np.sqrt(9 * channels), (filters, channels, 3, 3)).astype(np.float32)
        weights.append(numpy_helper.from_array(kernel, f"kernel {number}"))
        into = "picture" if number == 0 else f"relu {number - 1}"
        nodes.append(helper.make_node("Conv", [into, f"kernel {number}"], [f"conv {number}"], f"conv {number}", pads=[1] * 4))
        nodes.append(helper.make_node("Relu", [f"conv {number}"], [f"relu {number}"], f"relu {number}"))
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size, 16, 16])
        for name, size in (("picture", 1), ("relu 2", 2))
    ]
    graph = helper.make_graph(nodes, "three", ends[:1], ends[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    onnx.save(model, str(tmp_path / "network.onnx"))
    return tmp_path / "network.onnx"


def answer(path: Path, picture: np.ndarray) -> np.ndarray:
    (found,) = onnx_session(path).run(None, {"picture": picture})
    return np.asarray(found)


def test_in_whole_numbers_a_network_says_nearly_the_same_in_less_than_half_the_room(network):
    before, size = [answer(network, picture) for picture in PICTURES], network.stat().st_size

    quantise(network, PICTURES)

    off = [np.abs(answer(network, picture) - expected).max() for expected, picture in zip(before, PICTURES, strict=True)]
    assert max(off) < 0.05 * np.max(before)
    assert network.stat().st_size < size / 2
    assert [path.name for path in network.parent.iterdir()] == ["network.onnx"]


def test_the_same_network_and_pictures_give_the_same_file(network):
    plain = network.read_bytes()
    quantise(network, PICTURES)
    once = network.read_bytes()
    network.write_bytes(plain)

    quantise(network, PICTURES)

    assert network.read_bytes() == once


def test_the_convolution_before_an_output_keeps_its_floating_point(network):
    last = last_convolutions(network)

    quantise(network, PICTURES)

    kinds = {weight.name: weight.data_type for weight in onnx.load(str(network)).graph.initializer}
    assert last == ["conv 2"]
    assert kinds["kernel 2"] == TensorProto.FLOAT
    assert kinds["kernel 1_quantized"] == TensorProto.INT8


def test_no_weight_is_so_great_that_two_products_overflow_sixteen_bits(network):
    quantise(network, PICTURES)

    weights = {one.name: numpy_helper.to_array(one) for one in onnx.load(str(network)).graph.initializer}
    assert np.abs(weights["kernel 1_quantized"].astype(int)).max() <= 64


def test_a_network_without_pictures_to_measure_it_by_stays_as_it_was(network):
    before = network.read_bytes()

    with pytest.raises(ValueError, match="No data is collected"):
        quantise(network, [])

    assert network.read_bytes() == before
    assert [path.name for path in network.parent.iterdir()] == ["network.onnx"]


def test_so_many_convolutions_at_the_end_keep_their_floating_point(network):
    quantise(network, PICTURES, plain_tail=2, only_convolutions=True)

    kinds = {weight.name: weight.data_type for weight in onnx.load(str(network)).graph.initializer}
    assert kinds["kernel 0_quantized"] == TensorProto.INT8
    assert kinds["kernel 1"] == kinds["kernel 2"] == TensorProto.FLOAT
