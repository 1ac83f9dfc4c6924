"""Keras and TensorFlow, imported when they are first asked for and only here: digitising never needs them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any


def load_keras(path: Path) -> Any:
    """A `.keras` file as `Trained.model` was saved, in Keras' safe mode: no code out of the file is run."""
    return keras_module().saving.load_model(str(path), safe_mode=True, compile=False)


def keras_module() -> Any:
    """Keras, on TensorFlow; imported when it is first asked for."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    with nullcontext() if "keras" in sys.modules else _stderr_closed():
        import keras
    return keras


def tensorflow_module() -> Any:
    """TensorFlow as Keras has loaded it: for what Keras has no word for."""
    keras_module()
    import tensorflow

    return tensorflow


def limit_threads(threads: int) -> None:
    """Let TensorFlow compute in that many threads; without effect once it has begun to, as it takes no other number then."""
    threading = tensorflow_module().config.threading
    with suppress(RuntimeError):
        threading.set_intra_op_parallelism_threads(threads)
        threading.set_inter_op_parallelism_threads(threads)


@contextmanager
def _stderr_closed() -> Iterator[None]:
    """TensorFlow greets with lines that no setting silences, past Python's own stderr."""
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
