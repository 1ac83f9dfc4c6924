"""Partition of a source into shares: several runs read it in parallel, and no object is in two shares."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from digit_core.errors import InputError


@dataclass(frozen=True, slots=True)
class Share:
    """Share `number` (from 1) of `of`. An object's share depends on its name alone, so it is the same in every run."""

    number: int = 1
    of: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise InputError(f"there is no share {self.number}/{self.of}: write 1/3, 2/3 or 3/3")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse '2/3' as the second of three. Raises InputError for anything else."""
        number, mark, of = text.partition("/")
        if not (mark and number.strip().isdigit() and of.strip().isdigit()):
            raise InputError(f"{text!r} is not a share: write 1/3, 2/3 or 3/3")
        return cls(int(number), int(of))

    def holds(self, uri: str) -> bool:
        """Whether the object of this name belongs to the share."""
        if self.of == 1:
            return True
        digest = hashlib.blake2b(uri.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.of == self.number - 1

    def holds_hashes(self, uris: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell for each object, by the fingerprint of its name, whether it belongs to the share: as `holds` does by the name."""
        numbers = uris.astype("<i8").view(">u8")  # the same 8 bytes, as `holds` reads them
        return np.asarray(numbers % np.uint64(self.of) == self.number - 1, np.bool_)

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"
