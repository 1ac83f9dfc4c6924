"""Interface between the networks of the reader and their callers. Reading needs nothing of the training code.

The metadata of a network's file describe it: `characters`, and for a strip reader `height` and `column`. Without them the network
has the form `PLAIN`. Callers always see the characters of `CHARACTERS`, whatever the network knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from digit_core.errors import RegistryError

CHARACTERS = "0123456789.,-+/:°'½¼¾\"?"
"""Characters of numbers: ten digits, decimal marks, dash (or "=" or tilde), plus, slash, colon, degree, minute, fractions."""

DIGITS = 10

DITTO, OTHER = '"', "?"
"""The sign for "the same as above", and any character outside of the alphabet."""

NOTHING = len(CHARACTERS)
"""The class of a cell where no character has its middle."""

CLASSES = 1 + len(CHARACTERS)
"""Classes of a column: none of the characters, and each of them."""

OUTPUTS = NOTHING + 1 + 4 + 1
"""Outputs of a cell: scores of the characters and of nothing, log of the distances to left, top, right and bottom, score of
print."""

UNIT = 8.0
"""Pixels: unit of the distances whose logarithm is learned."""

STRIDE = 4
"""Pixels of a cell's side."""

COLUMN = 2
"""Pixels of a column's width."""

STRIP_HEIGHT = 40
"""Pixels; the figures in a strip are 12 to 38 high."""

_HIGHEST, _WIDEST = 256, 32
"""Greatest height of a strip and width of a column in pixels."""


@dataclass(frozen=True, slots=True)
class NetworkForm:
    """Form of a network: its characters in the order of its classes; for a strip reader also the height of a strip and the width
    of a column, in pixels."""

    characters: str = CHARACTERS
    height: int = STRIP_HEIGHT
    column: int = COLUMN

    def __post_init__(self) -> None:
        if len(set(self.characters)) != len(self.characters) or not set(CHARACTERS[:DIGITS]) <= set(self.characters):
            raise RegistryError(f"a network tells ten digits and each character once, not {self.characters[:80]!r}")
        if not (8 <= self.height <= _HIGHEST and 1 <= self.column <= min(_WIDEST, self.height)):
            raise RegistryError(f"no strip reader has strips {self.height} pixels high and columns {self.column} wide")

    @classmethod
    def of(cls, facts: Mapping[str, str]) -> NetworkForm:
        """Parse the form from the metadata of a network's file. Raises RegistryError for an invalid one."""
        try:
            height, column = int(facts.get("height", STRIP_HEIGHT)), int(facts.get("column", COLUMN))
        except ValueError as error:
            raise RegistryError(f"height and column of a network are whole numbers of pixels: {error}") from error
        return cls(facts.get("characters", PLAIN.characters), height, column)

    @property
    def places(self) -> tuple[int, ...]:
        """Return the index in `CHARACTERS` of each of its characters; others count as "another character"."""
        return tuple(CHARACTERS.index(one if one in CHARACTERS else OTHER) for one in self.characters)


FULL = NetworkForm()
"""Form of a network that knows the whole alphabet."""

PLAIN = NetworkForm("0123456789.-")
"""Form of a network whose file does not state one."""
