"""The second reader: where its network comes from, what is left of it, and what it makes of strips."""

import hashlib
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest

from digit_core.errors import RegistryError
from digit_core.inference import second_reader
from digit_core.inference.network_spec import CHARACTERS, CLASSES
from digit_core.inference.second_reader import SPELT, SecondReader, cut_network, shipped_network
from digit_core.recognition.transcription.ctc import best_text, digits_only
from digit_core.records import Grey
from digit_core.synthesis.pen import draw_number, make_writer
from tasks.adapters.registry.second_network import second_network


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return second_network(tmp_path_factory.mktemp("networks"))


@pytest.fixture(scope="module")
def reader(network: Path) -> SecondReader:
    return SecondReader(network)


def drawn(digits: str) -> Grey:
    ink, _ = draw_number(digits, make_writer(3), 40, np.random.default_rng(0))
    return 230 - (np.pad(ink, 12) * 0.8).astype(np.uint8)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of the same name with nothing in it yet; its folder."""
    spec = ModuleSpec("rapidocr", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(second_reader, "find_spec", lambda name: spec)
    (tmp_path / "models").mkdir()
    return tmp_path


def test_a_number_is_read(reader: SecondReader) -> None:
    (columns,) = reader.read([drawn("3580")])

    assert best_text(digits_only(columns)) == "3580"


@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (3, 20_000), (64, 20_000), (2000, 1), (40, 200)])
@pytest.mark.parametrize("shade", [0, 255])
def test_strips_of_any_shape_and_shade_are_read_within_bounds(reader: SecondReader, shape: tuple[int, int], shade: int) -> None:
    (columns,) = reader.read([np.full(shape, shade, np.uint8)])

    assert columns.shape[1] == CLASSES
    assert 1 <= len(columns) <= 420
    assert np.allclose(columns.sum(axis=1), 1, atol=1e-6)


def test_no_strips_are_no_columns(reader: SecondReader) -> None:
    assert reader.read([]) == []


def test_what_is_left_of_the_network_says_the_same_as_the_whole_of_it(reader: SecondReader) -> None:
    strip = drawn("3580")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    whole = onnxruntime.InferenceSession(shipped_network(), options)
    alphabet = ["", *whole.get_modelmeta().custom_metadata_map["character"].split("\n")]
    (probabilities,) = whole.run(None, {whole.get_inputs()[0].name: second_reader._prepared(strip)})[0]

    kept = probabilities[:, [0, *(alphabet.index(one) for one in second_reader._KEPT)]]
    (columns,) = reader.read([strip])

    digits = [1 + CHARACTERS.index(digit) for digit in "0123456789"]
    expected = (kept / kept.sum(axis=1, keepdims=True))[:, 1:11]
    assert np.allclose(columns[:, digits], expected, atol=1e-4)


def test_the_network_is_cut_once_and_kept(network: Path) -> None:
    before = network.stat().st_mtime_ns

    assert second_network(network.parent) == network
    assert network.stat().st_mtime_ns == before
    assert hashlib.sha256(network.read_bytes()).hexdigest() in network.name


@pytest.mark.parametrize("damage", [b"", b"nothing that ONNX Runtime knows"])
def test_a_kept_network_that_was_damaged_is_made_anew(network: Path, tmp_path: Path, damage: bytes) -> None:
    damaged = tmp_path / network.name
    damaged.write_bytes(damage)

    again = second_network(tmp_path)

    assert again.read_bytes() == network.read_bytes()
    assert list(tmp_path.iterdir()) == [again]


def test_a_place_where_nothing_can_be_kept_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(RegistryError, match=r"second reader.s network cannot be saved in .*file.*DIGITS_SECOND_READER=never"):
        second_network(tmp_path / "file" / "models")


def test_without_the_package_a_line_says_how_to_install_it_or_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_reader, "find_spec", lambda name: None)

    with pytest.raises(RegistryError, match=r"pip install 'rapidocr>=3.10,<3.11'.*DIGITS_SECOND_READER=never"):
        shipped_network()


def test_a_package_without_the_file_is_named(installed: Path) -> None:
    with pytest.raises(RegistryError, match=r"PP-OCRv6_rec_small.onnx cannot be read .*DIGITS_SECOND_READER=never"):
        shipped_network()


def test_a_changed_file_is_refused_before_it_is_run(installed: Path) -> None:
    (installed / "models" / "PP-OCRv6_rec_small.onnx").write_bytes(b"another network")

    with pytest.raises(RegistryError, match=r"not the network of rapidocr 3.10.*DIGITS_SECOND_READER=never"):
        shipped_network()


def test_a_network_of_another_form_is_not_cut() -> None:
    from digit_core.inference.classifier import SHIPPED_MODEL

    with pytest.raises(RegistryError, match="not of the form"):
        cut_network(SHIPPED_MODEL.read_bytes())


def test_another_network_is_not_taken_for_the_second_reader() -> None:
    from digit_core.inference.classifier import SHIPPED_MODEL

    with pytest.raises(RegistryError, match="not the second reader's network"):
        SecondReader(SHIPPED_MODEL)


def test_letters_are_spelt_beside_numbers_and_are_in_no_number(reader: SecondReader) -> None:
    word = np.full((60, 120), 235, np.uint8)
    cv2.putText(word, "nil", (12, 44), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 40, 3)

    spelt, number = (spelling.argmax(axis=1) for spelling in reader.spell([word, drawn("3580")]))
    (columns,) = reader.read([word])

    assert "".join(SPELT[one - 1] for one in spelt if one) == "nil"
    assert [SPELT[one - 1] for one in number if one] == list("3580")
    assert columns.shape[1] == CLASSES
