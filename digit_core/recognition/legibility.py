"""Legibility of a page's numbers in one direction: the columns see upright numbers far better than rotated ones or words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

_PLAIN = 8.0
"""Log odds per digit of a clear number: most upright digits have more, most rotated ones less."""

_SURE, _SURE_AT_LEAST = 1.5, 20.0
"""Evidence per digit on the page, and in total, from which the page certainly lies as it was read: real pages read upside down
have at most 0.2 per digit, most of them none; a clean synthetic ledger has 0.9 upside down and 4.5 upright."""

_SIDEWAYS, _SIDEWAYS_AT_LEAST = 0.25, 3.0
"""The same, below which it may lie sideways: real pages read so have hardly any, but upside down more digits look like others."""

_BETTER, _BETTER_EACH = 1.5, 0.08
"""Factor of evidence, and evidence per digit, that a direction needs to be the better one."""

_NONE = 0.25
"""Greatest evidence per digit of a page with hardly any upright number."""


@dataclass(frozen=True, slots=True)
class Legibility:
    """Evidence that numbers are upright: log odds above the plain level, of all numbers (`all`) and of those with two or more
    digits (`clear`: a lone 0, 1 or 8 looks the same rotated); `digits`: their number."""

    all: float
    clear: float
    digits: int

    @property
    def sure(self) -> bool:
        """Whether no other direction needs to be tried."""
        return self.clear >= _SURE * self.digits + _SURE_AT_LEAST

    @property
    def maybe_sideways(self) -> bool:
        return self.clear < _SIDEWAYS * self.digits + _SIDEWAYS_AT_LEAST

    @property
    def none(self) -> bool:
        """Whether digits were read, but hardly any of them as a number that stands upright."""
        return self.all < _NONE * self.digits

    def beats(self, other: Legibility, by: float) -> bool:
        """Whether this direction is clearly the better one."""
        return self.clear >= _BETTER * other.all + by and self.clear >= _BETTER_EACH * self.digits


def legibility_of(numbers: Iterable[tuple[float, int]]) -> Legibility:
    """Sum up numbers, each given as (log odds that its columns see it, number of its digits)."""
    pairs = np.array(list(numbers), np.float64).reshape(-1, 2)
    seen, digits = pairs[:, 0], pairs[:, 1]
    beyond = np.maximum(seen - _PLAIN * digits, 0)
    return Legibility(float(beyond.sum()), float(beyond[digits > 1].sum()), int(digits.sum()))
