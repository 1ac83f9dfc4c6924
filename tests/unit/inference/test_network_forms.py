"""What a network knows is told by its file, and everybody else sees one alphabet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from digit_core.errors import RegistryError
from digit_core.inference.network_spec import CHARACTERS, CLASSES, DIGITS, NOTHING, PLAIN, NetworkForm
from digit_core.inference.reader import FINDER, READER, SHIPPED_READER, OnnxReader
from digit_core.recognition.detections import characters
from digit_core.recognition.transcription.number_strip import Window


def place_of(character: str) -> int:
    return CHARACTERS.index(character)


def test_a_network_that_tells_nothing_knows_digits_point_and_dash() -> None:
    assert NetworkForm.of({}) == PLAIN
    assert PLAIN.characters == "0123456789.-"


def test_a_network_tells_its_characters_height_and_column() -> None:
    form = NetworkForm.of({"characters": "0123456789/", "height": "48", "column": "4"})

    assert form == NetworkForm("0123456789/", 48, 4)


def test_a_character_that_nobody_has_heard_of_is_another_one() -> None:
    assert NetworkForm("0123456789£").places == (*range(DIGITS), place_of("?"))


@pytest.mark.parametrize(
    "facts",
    [
        {"characters": "012345678"},
        {"characters": "00123456789"},
        {"characters": ""},
        {"height": "none"},
        {"height": "0"},
        {"height": "100000"},
        {"column": "-2"},
        {"column": "41"},
    ],
)
def test_a_form_that_no_network_has_is_refused(facts: dict[str, str]) -> None:
    with pytest.raises(RegistryError):
        NetworkForm.of(facts)


def cells_of(form: NetworkForm, *seen: tuple[str, int]) -> np.ndarray:
    """Of 4 x 40 cells; each character seen at a column of its own."""
    cells = np.zeros((4, 40, len(form.characters) + 6), np.float32)
    cells[..., len(form.characters)] = 9
    for character, column in seen:
        cells[2, column, len(form.characters)] = 0
        cells[2, column, form.characters.index(character)] = 9
    return cells


def test_cells_of_networks_with_other_alphabets_are_read_alike() -> None:
    seen = [("4", 5), (".", 12), ("7", 20), ("-", 30)]

    told = [characters(cells_of(form, *seen), form).left_to_right() for form in (PLAIN, NetworkForm())]

    assert ["".join(CHARACTERS[i] for i in one.best) for one in told] == ["4.7-", "4.7-"]
    assert all(one.probabilities.shape == (4, NOTHING + 1) for one in told)
    assert all(np.allclose(one.probabilities.sum(axis=1), 1) for one in told)
    assert np.allclose(told[0].scores, told[1].scores, atol=0.01)


def test_what_the_detector_takes_for_a_letter_is_no_character() -> None:
    form = NetworkForm("0123456789.-?")

    found = characters(cells_of(form, ("4", 5), ("?", 20)), form)

    assert found.best.tolist() == [4]


def write_strip_reader(folder: Path, characters: str, height: int, column: int) -> None:
    """A strip reader for which every column is the last of its characters, and beside it the detector that ships."""
    scores = np.zeros((1, 1, len(characters) + 1), np.float32)
    scores[..., -1] = 20
    nodes = [
        helper.make_node("ReduceMax", ["strips", "axes"], ["low"], keepdims=0),
        helper.make_node("MaxPool", ["low"], ["narrow"], kernel_shape=[column], strides=[column]),
        helper.make_node("Transpose", ["narrow"], ["turned"], perm=[0, 2, 1]),
        helper.make_node("Mul", ["turned", "zero"], ["none"]),
        helper.make_node("Add", ["none", "scores"], ["columns"]),
    ]
    constants = [
        helper.make_tensor("axes", TensorProto.INT64, [1], [1]),
        helper.make_tensor("zero", TensorProto.FLOAT, [1], [0.0]),
        helper.make_tensor("scores", TensorProto.FLOAT, scores.shape, scores.ravel()),
    ]
    nodes.insert(1, helper.make_node("Transpose", ["low"], ["channels_first"], perm=[0, 2, 1]))
    nodes[2].input[0] = "channels_first"
    strips = helper.make_tensor_value_info("strips", TensorProto.FLOAT, ["n", height, "w", 1])
    columns = helper.make_tensor_value_info("columns", TensorProto.FLOAT, ["n", "t", len(characters) + 1])
    model = helper.make_model(
        helper.make_graph(nodes, "strips", [strips], [columns], constants), opset_imports=[helper.make_opsetid("", 18)]
    )
    model.ir_version = 9
    helper.set_model_props(model, {"characters": characters, "height": str(height), "column": str(column)})
    onnx.save(model, str(folder / READER))
    (folder / FINDER).write_bytes((SHIPPED_READER / FINDER).read_bytes())


def test_a_strip_reader_with_an_alphabet_height_and_columns_of_its_own_is_read_as_any_other(tmp_path: Path) -> None:
    write_strip_reader(tmp_path, "0123456789:", height=48, column=4)

    reader = OnnxReader.of_folder(tmp_path)
    (columns,) = reader.read([np.zeros((48, 90), np.uint8)])

    assert reader.strips == NetworkForm("0123456789:", 48, 4)
    assert columns.shape == (23, CLASSES)
    assert (columns.argmax(axis=1) == place_of(":") + 1).all()
    assert (columns > 0).all()


def test_a_file_with_a_form_that_no_network_has_is_named(tmp_path: Path) -> None:
    write_strip_reader(tmp_path, "0123456789:", height=48, column=4)
    model = onnx.load(str(tmp_path / READER))
    helper.set_model_props(model, {"characters": "01"})
    onnx.save(model, str(tmp_path / READER))

    with pytest.raises(RegistryError, match=READER):
        OnnxReader.of_folder(tmp_path)


def test_a_window_is_cut_as_high_as_the_network_has_its_strips_and_finds_its_columns_again() -> None:
    boxes = np.array([[100, 50, 120, 80], [130, 50, 150, 80]], np.float32)
    page = np.zeros((200, 300), np.uint8)

    for form in (NetworkForm(), NetworkForm(height=48, column=4)):
        window = Window.around(boxes, 25.0, form)
        strip = window.cut(page)
        middle = np.array([(strip.shape[1] / 2 - form.column / 2) / form.column])

        assert strip.shape[0] == form.height
        assert window.at(middle)[0] == pytest.approx(125, abs=0.5)
