"""Local cache of models, each under its SHA-256, and of the registry's last answer about the champion."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from digit_core.errors import RegistryError


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model version on this machine: an ONNX file with this SHA-256.

    `stale`: the registry could not be reached, and this is the last known champion; `note` says so for the user.
    """

    version: str
    path: Path
    sha256: str
    stale: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class KnownChampion:
    """The champion of a network according to this registry; `written` is the state of its database then, "" for a server."""

    registry: str
    network: str
    version: str
    sha256: str
    written: str


class ModelCache:
    """Folder of model files, which are complete or absent: each is written under a temporary name first, and checked by its hash
    at every use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.onnx"

    def holds(self, sha256: str) -> bool:
        """Whether the model is in the cache, undamaged."""
        return self.path(sha256).is_file() and file_sha256(self.path(sha256)) == sha256

    @contextmanager
    def new_folder(self) -> Iterator[Path]:
        """Create a temporary folder on the same disk, from which finished files are moved. Raises RegistryError if that fails."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.folder, prefix=".") as folder:
                yield Path(folder)
        except OSError as error:
            raise RegistryError(f"models cannot be saved in {self.folder} ({error}); choose another folder") from error

    def remember(self, answer: KnownChampion) -> None:
        with self.new_folder() as folder:
            new = folder / _answer(answer.network)
            new.write_text(json.dumps(asdict(answer), indent=1), encoding="utf-8")
            new.replace(self.folder / new.name)

    def recall(self, registry: str, network: str) -> KnownChampion | None:
        """Return this registry's last answer about the network if its model is in the cache, or None."""
        try:
            answer = KnownChampion(**json.loads((self.folder / _answer(network)).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):  # missing, or written by another version of this program
            return None
        return answer if answer.registry == registry and self.holds(answer.sha256) else None


def _answer(network: str) -> str:
    return f"champion-{network}.json"


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
