"""Keras and TensorFlow, imported only here and only when needed: digitising never needs them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any


def load_keras(path: Path) -> Any:
    """Load a `.keras` file as `Trained.model` was saved, in Keras' safe mode: no code of the file is run."""
    return keras_module().saving.load_model(str(path), safe_mode=True, compile=False)


def keras_module() -> Any:
    """Return Keras, on TensorFlow; imported at first use."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    with nullcontext() if "keras" in sys.modules else _stderr_closed():
        import keras
    return keras


def tensorflow_module() -> Any:
    """Return the TensorFlow that Keras has loaded, for what Keras does not provide."""
    keras_module()
    import tensorflow

    return tensorflow


def limit_threads(threads: int) -> None:
    """Limit TensorFlow to that many threads; without effect after its first computation."""
    threading = tensorflow_module().config.threading
    with suppress(RuntimeError):
        threading.set_intra_op_parallelism_threads(threads)
        threading.set_inter_op_parallelism_threads(threads)


@contextmanager
def _stderr_closed() -> Iterator[None]:
    """Close stderr, because TensorFlow prints start-up lines that no setting silences, bypassing Python's own stderr."""
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
