"""MNIST is taken from its file only if it is MNIST, and is divided so that what calibrates is never learned."""

import numpy as np
import pytest

from digit_core.errors import InputError
from digit_core.training.mnist import Mnist, digest, read_mnist
from tests.support.drawn.mnist import drawn_digits, drawn_mnist, mnist_file


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
