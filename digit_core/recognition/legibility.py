"""Legibility of a page's numbers in one direction: the columns see upright numbers far better than rotated ones or words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

_PLAIN = 8.0
"""Log odds of a digit that its number is plainly one: those of most upright digits are more, those of most turned ones less."""

_SURE, _SURE_AT_LEAST = 2.0, 20.0
"""Clear evidence of a digit on the page, and besides, from which the page surely lies as it was read."""

_SIDEWAYS, _SIDEWAYS_AT_LEAST = 0.5, 3.0
"""The same, up to which it may lie sideways: upside down more digits look like others."""

_BETTER, _BETTER_EACH = 1.5, 0.08
"""How many times as much evidence, and how much of a digit, a direction needs to be taken for the better one."""

_NONE = 0.25
"""Evidence of a digit on the page up to which there are hardly any numbers on it that stand upright."""


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
