"""An exported strip reader can be trained further: its weights come back out of the file."""

from __future__ import annotations

import numpy as np
import pytest

from digit_core.inference.onnx import onnx_session
from digit_core.inference.shipped import SHIPPED_STRIP_READER


@pytest.mark.slow
def test_the_shipped_strip_reader_comes_back_as_a_network_with_the_same_answers() -> None:
    from digit_core.training.strip_reader.network import network_of

    rng = np.random.default_rng(1)
    strips = [strip_like(rng) for _ in range(3)]
    session = onnx_session(SHIPPED_STRIP_READER)

    network = network_of(SHIPPED_STRIP_READER, strips)

    for batch in strips:
        (expected,) = session.run(None, {session.get_inputs()[0].name: batch[..., np.newaxis]})
        found = np.asarray(network(batch[..., np.newaxis]))
        assert (found.argmax(axis=-1) == expected.argmax(axis=-1)).mean() > 0.97
        trained = np.asarray(network(batch[..., np.newaxis], training=True))
        assert (trained.argmax(axis=-1) == expected.argmax(axis=-1)).mean() > 0.9


@pytest.mark.slow
def test_the_network_between_two_is_the_one_or_the_other_at_its_ends() -> None:
    from digit_core.training.strip_reader.network import between, build_strip_network, network_of

    strips = [strip_like(np.random.default_rng(1))]
    old, new = network_of(SHIPPED_STRIP_READER, strips), build_strip_network()

    for share, expected in ((0.0, old), (1.0, new)):
        found = between(old, new, share, ())
        assert np.allclose(found(strips[0][..., np.newaxis]), expected(strips[0][..., np.newaxis]), atol=1e-4)
    half = between(old, new, 0.5, ())
    kernels = [network.get_layer(index=1).kernel.numpy() for network in (old, half, new)]
    assert np.allclose(kernels[1], (kernels[0] + kernels[2]) / 2, atol=1e-6)


def strip_like(rng: np.random.Generator) -> np.ndarray:
    """Eight strips with bars and rings in place of digits."""
    pixels = rng.uniform(0, 0.06, (8, 40, 96)).astype(np.float32)
    for strip in pixels:
        for left in range(6, 80, 18):
            strip[8:32, left : left + 3 + int(rng.integers(9))] = rng.uniform(0.6, 1.0)
            strip[14:26, left + 3 : left + 8] *= rng.choice([0.0, 1.0])
    return pixels
