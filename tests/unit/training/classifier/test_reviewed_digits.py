"""Reviewed digits as a file that knows its own hash, and its versions."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from digit_core.errors import InputError
from digit_core.training.classifier.reviewed_digits import SCHEMA, from_parquet, to_parquet
from digit_core.training.mnist import digest
from tasks.adapters.storage.storage import Storage
from tasks.adapters.training_sets import TrainingSets


def rows(labels=(7, 10, 0)):
    return pa.Table.from_pylist(
        [
            {
                "item_id": str(at),
                "collection": "c",
                "model_version": "1",
                "label": label,
                "pixels": bytes([at] * 784),
                "reviewer": "Ada",
            }
            for at, label in enumerate(labels)
        ],
        SCHEMA,
    )


def test_digits_come_back_as_they_were_with_their_hash():
    data, sha256 = to_parquet(rows(), 12)

    found = from_parquet(data, "set.parquet")

    assert found.digits[0].shape == (3, 28, 28)
    assert found.digits[0][2, 5, 5] == 2
    assert found.digits[1].tolist() == [7, 10, 0]
    assert (found.sha256, found.decisions, found.size) == (digest(found.digits), 12, 3)
    assert sha256 == found.sha256


def changed(data):
    table = pq.read_table(io.BytesIO(data))
    labels = pa.array([1, 1, 1], pa.int8())
    sink = io.BytesIO()
    pq.write_table(table.set_column(table.schema.get_field_index("label"), "label", labels), sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"no parquet", "no set of reviewed digits"),
        (changed(to_parquet(rows(), 1)[0]), "was changed or damaged"),
        (to_parquet(rows(labels=(11,)), 1)[0], "labels other than 0 to 10"),
    ],
)
def test_a_file_that_is_none_or_was_changed_is_refused_by_name(data, part):
    with pytest.raises(InputError, match=part) as caught:
        from_parquet(data, "set.parquet")
    assert "set.parquet" in str(caught.value)


def test_each_change_is_a_new_version_and_nothing_new_is_none(tmp_path):
    sets = TrainingSets(Storage(), str(tmp_path / "training"))
    assert sets.latest() is None

    names = [sets.add(rows(labels), decisions).name for labels, decisions in (((1,), 1), ((1,), 1), ((1, 2), 2))]

    assert names[0] == names[1]
    assert [name[:15] for name in names[1:]] == ["reviewed-00001-", "reviewed-00002-"]
    assert sets.latest().digits[1].tolist() == [1, 2]
    np.testing.assert_array_equal(sets.require().digits[0], sets.latest().digits[0])


def test_without_any_it_is_said_where_they_come_from(tmp_path):
    with pytest.raises(InputError, match="`digits feedback` collects them"):
        TrainingSets(Storage(), str(tmp_path)).require()
