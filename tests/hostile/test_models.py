"""A model that somebody has registered is data that is checked: its form, its temperature, its calibration, its weights."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from digit_core.errors import RegistryError
from digit_core.inference.classifier import OnnxRecogniser, calibration_of
from tests.support import tiny_model


def changed(folder: Path, **facts: str) -> Path:
    """The tiny model with these metadata."""
    tiny_model.write(folder)
    path = folder / "tiny.onnx"
    model = onnx.load(path)
    helper.set_model_props(model, facts)
    onnx.save(model, path)
    return path


def answering(folder: Path, *shape: int, value: float = 0.0) -> Path:
    """A model whose answer to each picture is `value`, in this shape."""
    weights = numpy_helper.from_array(np.full((784, int(np.prod(shape))), value, np.float32), "weights")
    form = numpy_helper.from_array(np.array([-1, *shape], np.int64), "form")
    nodes = [
        helper.make_node("Flatten", ["pixels"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["rows"]),
        helper.make_node("Reshape", ["rows", "form"], ["answers"]),
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 28, 28, 1])
    answers = helper.make_tensor_value_info("answers", TensorProto.FLOAT, ["n", *shape])
    graph = helper.make_graph(nodes, "odd", [pixels], [answers], [weights, form])
    path = folder / "odd.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


@pytest.mark.parametrize("temperature", ["0", "-1", "nan", "inf", "1e999", "warm", ""])
def test_a_temperature_that_is_none_is_refused(temperature: str, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"is not a digit classifier: its temperature is .*digits rollback"):
        OnnxRecogniser(changed(tmp_path, temperature=temperature), "1")


@pytest.mark.parametrize("shape", [(10,), (12,), (1,), (11, 1), (1, 11)])
def test_answers_of_another_shape_are_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="is not a digit classifier"):
        OnnxRecogniser(answering(tmp_path, *shape), "1")


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_answers_that_are_no_probabilities_are_refused(value: float, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="its answers are not probabilities"):
        OnnxRecogniser(answering(tmp_path, 11, value=value), "1")


NONSENSE = {
    "no json": "{",
    "depth": "[" * 100_000,
    "a list": "[]",
    "another name": json.dumps({"moon": {}}),
    "nothing in it": json.dumps({"archive": {}}),
    "a huge count": json.dumps({"archive": {"digits": 1e300, "doubts": "", "right": ""}}),
    "an endless count": '{"archive": {"digits": Infinity, "doubts": "", "right": ""}}',
    "no numbers": json.dumps(
        {"archive": {"digits": 1, "doubts": base64.b64encode(np.array([np.nan], "<f2").tobytes()).decode(), "right": "gA=="}}
    ),
    "other lengths": json.dumps({"archive": {"digits": 9, "doubts": "", "right": "gA=="}}),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_a_calibration_record_of_another_form_is_refused(what: str, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="calibration record is damaged"):
        calibration_of(changed(tmp_path, calibration=NONSENSE[what]))


@pytest.mark.parametrize("place", ["weights.bin", "../weights.bin", "{folder}/weights.bin"])
def test_weights_in_another_file_are_not_read(place: str, tmp_path: Path) -> None:
    tiny_model.write(tmp_path / "model")
    path = tmp_path / "model" / "tiny.onnx"
    model = onnx.load(path)
    weights = next(one for one in model.graph.initializer if one.name == "weights")
    for folder in (tmp_path, path.parent):
        (folder / "weights.bin").write_bytes(weights.raw_data)
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    entry = weights.external_data.add()
    entry.key, entry.value = "location", place.format(folder=tmp_path)
    path.write_bytes(model.SerializeToString())

    with pytest.raises(RegistryError, match="is not a model that ONNX Runtime can load"):
        OnnxRecogniser(path, "1")


def test_a_sound_model_is_taken(tmp_path: Path) -> None:
    assert OnnxRecogniser(changed(tmp_path, temperature="1.5"), "1").temperature == 1.5
