"""The second reader's network, reduced to the parts needed, in the home folder: created once, checked at every load."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from digit_core.errors import RegistryError
from digit_core.inference.shipped import SECOND_READER_SHA256, WITHOUT_IT

_PREFIX = f"second-reader-{SECOND_READER_SHA256[:12]}-letters-"


def second_network(folder: Path) -> Path:
    """Return the file of the network in `folder`; a damaged one is created anew. Raises RegistryError if that fails.

    The name ends in the SHA-256 of the contents, so that a complete file can be recognised.
    """
    for path in sorted(folder.glob(f"{_PREFIX}*.onnx")):
        if hashlib.sha256(path.read_bytes()).hexdigest() == path.stem.removeprefix(_PREFIX):
            return path
        path.unlink(missing_ok=True)
    from digit_core.inference.second_reader import cut_network, shipped_network  # imports that a run with nothing to do can avoid

    return _kept(cut_network(shipped_network()), folder)


def _kept(data: bytes, folder: Path) -> Path:
    """Write the file under a temporary name and move it into place: several processes may do so at the same time."""
    path = folder / f"{_PREFIX}{hashlib.sha256(data).hexdigest()}.onnx"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder, prefix=".second-reader-", delete=False) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
    except OSError as error:
        raise RegistryError(
            f"the second reader's network cannot be saved in {folder} ({error.strerror}): make room, {WITHOUT_IT}"
        ) from error
    return path
