"""ONNX Runtime sessions of model files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from digit_core.errors import RegistryError


def onnx_session(path: Path) -> Any:
    """Load a model file for one thread. Raises RegistryError if it is no model, or keeps some of its data in another file.

    ONNX Runtime gets the bytes and no path, from which such a file could be found.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # the work is already spread over processes
    options.enable_mem_pattern = False  # pages and strips differ in size: plans of memory for each would only take room
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises a dozen classes that share no base but Exception
        raise RegistryError(f"{path} is not a model that ONNX Runtime can load: {str(error).splitlines()[0]}") from error
