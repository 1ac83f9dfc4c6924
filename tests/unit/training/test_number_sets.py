"""Number sets: what is read from them, and what is refused by name."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from digit_core.errors import InputError
from digit_core.training.number_sets import in_alphabet, read_number_set

STROKES = [[[0.0, 0.0], [0.0, 10.0]], [[5.0, 5.0]]]


def picture(ending: str = ".png") -> bytes:
    return bytes(cv2.imencode(ending, np.full((20, 30), 200, np.uint8))[1].tobytes())


def written(path: Path, **columns: list[Any]) -> Path:
    pq.write_table(pa.table(columns).replace_schema_metadata({"licence": "CC BY 4.0", "source": "an archive"}), path)
    return path


def pictures(path: Path, **other: list[Any]) -> Path:
    """A set of three pictures by two writers."""
    columns = {"image": [picture()] * 3, "text": ["12", "3", "45"], "split": ["train", "train", "dev"], "writer": ["a", "a", "b"]}
    return written(path, **(columns | other))


def test_the_rows_of_a_set_are_read_by_split_with_its_terms(tmp_path: Path) -> None:
    found = read_number_set(pictures(tmp_path / "cells.parquet"))

    assert [row.text for row in found.of("train")] == ["12", "3"]
    assert [row.text for row in found.of("dev")] == ["45"]
    assert (found.name, found.licence, found.source) == ("cells", "CC BY 4.0", "an archive")
    assert found.of("train")[0].pixels().shape == (20, 30)


def test_strokes_are_as_good_as_pictures(tmp_path: Path) -> None:
    file = written(tmp_path / "pens.parquet", strokes=[STROKES], text=["7"], split=["train"])

    (row,) = read_number_set(file, learn=True).of("train")

    assert row.strokes is not None
    assert [len(stroke) for stroke in row.strokes] == [2, 1]


@pytest.mark.parametrize(
    ("text", "read"),
    [("12 1/2", "121/2"), ("3=", "3-"), ("Fr. 20", "??.20"), ("8°43′", "8°43'"), ("2,50", "2,50"), ("½", "½"), ("٣", "?")],
)
def test_a_text_is_put_into_the_alphabet(text: str, read: str) -> None:
    assert in_alphabet(text) == read


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"text": ["12", "", "45"]}, "no text: 1"),
        ({"text": ["12", None, "  "]}, "no text: 1, 2"),
        ({"split": ["train", "test", "dev"]}, "a split that is none of train, dev, measure: 1"),
        ({"image": [picture(), b"", picture()]}, "neither a picture nor strokes that can be read: 1"),
        ({"image": [picture(), picture()[:40], b"no picture"]}, "neither a picture nor strokes that can be read: 1, 2"),
        ({"image": [picture(), None, picture()]}, "neither a picture nor strokes that can be read: 1"),
        ({"writer": ["a", "b", "b"]}, "a writer who is in two splits: 1, 2"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, columns: dict[str, list[Any]], named: str) -> None:
    with pytest.raises(InputError, match=named):
        read_number_set(pictures(tmp_path / "cells.parquet", **columns))


@pytest.mark.parametrize("strokes", [[], [[]], [[[1.0]]], [[[float("nan"), 1.0]]]])
def test_strokes_without_a_point_are_named(tmp_path: Path, strokes: list[Any]) -> None:
    whole = pa.array([STROKES, strokes], pa.list_(pa.list_(pa.list_(pa.float32()))))

    with pytest.raises(InputError, match="can be read: 1;"):
        read_number_set(written(tmp_path / "pens.parquet", strokes=whole, text=["7", "8"], split=["train"] * 2))


def test_of_many_bad_rows_the_first_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    file = written(tmp_path / "cells.parquet", image=[picture()] * 9, text=[""] * 9, split=["dev"] * 9)

    with pytest.raises(InputError, match="no text: 0, 1, 2, 3, 4 and 4 more;"):
        read_number_set(file)


def test_numbers_without_a_writer_may_be_in_any_split(tmp_path: Path) -> None:
    file = pictures(tmp_path / "cells.parquet", writer=["", None, ""])

    assert len(read_number_set(file).of("dev")) == 1


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"image": [picture()], "split": ["dev"]}, "lacks the columns text; it has image, split"),
        ({"text": ["1"], "split": ["dev"]}, r"lacks the columns image \(or strokes\)"),
        ({"image": ["a path"], "text": ["1"], "split": ["dev"]}, "the column image .* is of type string"),
        ({"image": [picture()], "text": [1], "split": ["dev"]}, "the column text .* is of type int64"),
        ({"strokes": [[1.0]], "text": ["1"], "split": ["dev"]}, "the column strokes .* is of type"),
    ],
)
def test_columns_that_are_missing_or_of_another_type_are_named(tmp_path: Path, columns: dict[str, list[Any]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_number_set(written(tmp_path / "cells.parquet", **columns))


def test_a_set_without_rows_is_refused(tmp_path: Path) -> None:
    file = written(
        tmp_path / "cells.parquet",
        image=pa.array([], pa.binary()),
        text=pa.array([], pa.string()),
        split=pa.array([], pa.string()),
    )

    with pytest.raises(InputError, match="has no rows"):
        read_number_set(file)


def test_nothing_is_learned_from_a_set_that_only_measures(tmp_path: Path) -> None:
    file = pictures(tmp_path / "cells.parquet", split=["measure"] * 3)

    assert len(read_number_set(file).of("measure")) == 3
    with pytest.raises(InputError, match="no row whose split is 'train'"):
        read_number_set(file, learn=True)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"text,image\n1,2\n"])
def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "cells.parquet"
    file.write_bytes(data)

    with pytest.raises(InputError, match="not a complete Parquet file"):
        read_number_set(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.parquet cannot be read"):
        read_number_set(tmp_path / "nowhere.parquet")
