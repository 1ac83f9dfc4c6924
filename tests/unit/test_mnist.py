"""MNIST is taken from its file only if it is MNIST, and is divided so that what calibrates is never learned."""

import numpy as np
import pytest
from mnist_file import drawn_digits, drawn_mnist, mnist_file

from digit_core.errors import InputError
from digit_core.mnist import Mnist, digest, read_mnist, read_reviewed


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(InputError, match=r"MNIST cannot be read from .*nowhere\.npz \(No such file or directory\)"):
        read_mnist(tmp_path / "nowhere.npz")


def test_another_file_is_refused_by_its_hash(tmp_path):
    (tmp_path / "mnist.npz").write_bytes(b"not MNIST")

    with pytest.raises(InputError, match=r"is not MNIST as Keras ships it: its SHA-256 is [0-9a-f]{64}, expected 06af5dfe"):
        read_mnist(tmp_path / "mnist.npz")


def test_the_last_five_thousand_training_digits_are_held_out():
    with np.load(mnist_file()) as arrays:
        labels = arrays["y_train"]

    mnist = read_mnist(mnist_file())

    assert (len(mnist.train[0]), len(mnist.held_out[0]), len(mnist.test[0])) == (55_000, 5_000, 10_000)
    np.testing.assert_array_equal(np.concatenate([mnist.train[1], mnist.held_out[1]]), labels)


def test_what_is_watched_is_not_learned():
    mnist = drawn_mnist(train=50)

    (learned, _), (watched, labels) = mnist.split(20)

    np.testing.assert_array_equal(np.concatenate([learned, watched]), mnist.train[0])
    np.testing.assert_array_equal(labels, mnist.train[1][30:])


def test_reviewed_digits_are_learned_and_not_watched():
    mnist, reviewed = drawn_mnist(train=50), drawn_digits(7, seed=9)
    mnist = Mnist(mnist.train, mnist.held_out, mnist.test, reviewed)

    (learned, labels), (watched, _) = mnist.split(20)

    assert (len(learned), len(watched)) == (37, 20)
    np.testing.assert_array_equal(learned[30:], reviewed[0])
    np.testing.assert_array_equal(labels[30:], reviewed[1])


def test_every_part_has_a_digest_that_changes_with_any_pixel_or_label():
    mnist = drawn_mnist(train=50)
    other_pixel, other_label = mnist.train[0].copy(), mnist.train[1].copy()
    other_pixel[3, 5, 5] ^= 1
    other_label[3] = (other_label[3] + 1) % 10

    assert set(mnist.digests()) == {"train", "held_out", "test"}
    assert len({digest(mnist.train), digest((other_pixel, mnist.train[1])), digest((mnist.train[0], other_label))}) == 3


def test_reviewed_digits_come_from_a_file(tmp_path):
    images, labels = drawn_digits(5, seed=4)
    np.savez(tmp_path / "reviewed.npz", images=images, labels=labels.astype(np.int32))

    read = read_reviewed(tmp_path / "reviewed.npz")

    np.testing.assert_array_equal(read[0], images)
    np.testing.assert_array_equal(read[1], labels)


@pytest.mark.parametrize(
    ("arrays", "complaint"),
    [
        ({"images": np.zeros((2, 28, 28), np.uint8)}, "labels"),
        ({"images": np.zeros((2, 28, 28), np.float32), "labels": np.zeros(2, int)}, "uint8"),
        ({"images": np.zeros((2, 28, 28), np.uint8), "labels": np.zeros(3, int)}, "as many labels"),
        ({"images": np.zeros((2, 28, 28), np.uint8), "labels": np.array([3, 11])}, r"other than 0 to 10: \[11\]"),
    ],
)
def test_a_file_of_reviewed_digits_that_cannot_be_is_refused(tmp_path, arrays, complaint):
    np.savez(tmp_path / "reviewed.npz", **arrays)

    with pytest.raises(InputError, match=complaint):
        read_reviewed(tmp_path / "reviewed.npz")


def test_a_file_of_reviewed_digits_that_is_none_is_refused(tmp_path):
    (tmp_path / "reviewed.npz").write_bytes(b"\x80\x04pickle")

    with pytest.raises(InputError, match="reviewed digits cannot be read"):
        read_reviewed(tmp_path / "reviewed.npz")
