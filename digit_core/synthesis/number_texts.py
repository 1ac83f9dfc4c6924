"""Texts of cells in archives: whole numbers and decimals, and dates, times, degrees, fractions, money, signs, ditto."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

_LENGTHS = np.array([0.15, 0.2, 0.2, 0.15, 0.09, 0.06, 0.04, 0.04, 0.02, 0.015, 0.01, 0.01, 0.005, 0.01])
_FRACTIONS = ("½", "¼", "¾")


def any_text(rng: Generator) -> str:
    """Generate the text of one cell, 1 to 14 characters of the alphabet."""
    luck = rng.random()
    if luck < 0.48:
        return digits(rng)
    if luck < 0.76:
        return decimal(rng)
    kinds = (date, date, time, degrees, fraction, slashed, money, signed, signed, thousands, dashed, ditto, lettered, lettered)
    return kinds[int(rng.integers(len(kinds)))](rng)[:14]


def digits(rng: Generator, longest: int = 14) -> str:
    """Generate digits alone; one in ten is a repetition, where readers tend to miscount."""
    shares = _LENGTHS[:longest] / _LENGTHS[:longest].sum()
    length = int(rng.choice(len(shares), p=shares)) + 1
    if rng.random() < 0.1:
        return str(rng.integers(10)) * length
    found = "".join(map(str, rng.integers(0, 10, length)))
    if rng.random() < 0.12 and length > 2:  # round sums
        zeros = int(rng.integers(1, length))
        found = found[: length - zeros] + "0" * zeros
    return found


def decimal(rng: Generator) -> str:
    """Generate digits with a point or a comma, which is sometimes the first or the last character."""
    mark = "." if rng.random() < 0.45 else ","
    whole, part = digits(rng, 5), digits(rng, 3)
    luck = rng.random()
    if luck < 0.16:
        return mark + part
    return f"{whole}{mark}" if luck < 0.3 else f"{whole}{mark}{part}"


def date(rng: Generator) -> str:
    """Generate a day, month and year, or two of them."""
    mark = str(rng.choice(["/", "/", "-", "."]))
    year = str(rng.integers(1700, 2000)) if rng.random() < 0.6 else f"{rng.integers(100):02d}"
    day, month = str(rng.integers(1, 32)), str(rng.integers(1, 13))
    if mark == "." and rng.random() < 0.3:
        month = "?" * int(rng.integers(1, 4))  # in Roman figures
    return mark.join((day, month, year) if rng.random() < 0.65 else (day, month))


def time(rng: Generator) -> str:
    """Generate hours and minutes."""
    return f"{rng.integers(24)}{rng.choice([':', ':', '.'])}{rng.integers(60):02d}"


def degrees(rng: Generator) -> str:
    """Generate degrees, sometimes with minutes and seconds."""
    parts = f"{rng.integers(360)}°", f"{rng.integers(60)}'", f'{rng.integers(60)}"'
    return "".join(parts[: int(rng.choice([1, 2, 3], p=[0.4, 0.45, 0.15]))])


def fraction(rng: Generator) -> str:
    """Generate a fraction in one sign, alone or after a whole number."""
    return ("" if rng.random() < 0.2 else digits(rng, 3)) + _FRACTIONS[int(rng.integers(3))]


def slashed(rng: Generator) -> str:
    """Generate two numbers with a slash: a fraction, a page of a folio, shillings and pence."""
    return f"{digits(rng, 3)}/{digits(rng, 3)}" + (f"/{digits(rng, 2)}" if rng.random() < 0.2 else "")


def money(rng: Generator) -> str:
    """Generate an amount closed against additions, with a dash behind."""
    return digits(rng, 5) + str(rng.choice(["-", ",-", ".-", "/-"]))


def signed(rng: Generator) -> str:
    """Generate a number with its sign."""
    return str(rng.choice(["-", "-", "+"])) + (digits(rng, 4) if rng.random() < 0.5 else decimal(rng)[:9])


def thousands(rng: Generator) -> str:
    """Generate digits separated by threes."""
    mark = str(rng.choice([",", ".", "'"]))
    groups = [f"{rng.integers(1000):03d}" for _ in range(int(rng.choice([1, 1, 2])))]
    ends = f"{rng.choice(['.', ','])}{rng.integers(100):02d}" if rng.random() < 0.2 else ""
    return mark.join([str(rng.integers(1, 1000)), *groups]) + ends


def dashed(rng: Generator) -> str:
    """Generate a range, or a dash alone."""
    return "-" * int(rng.integers(1, 3)) if rng.random() < 0.35 else f"{digits(rng, 4)}-{digits(rng, 4)}"


def ditto(rng: Generator) -> str:
    """Generate the sign for "the same again"."""
    return '"' if rng.random() < 0.7 else digits(rng, 3) + '"'


def lettered(rng: Generator) -> str:
    """Generate a number with letters before or after it, or letters alone."""
    letters = "?" * int(rng.choice([1, 1, 2, 3]))
    luck = rng.random()
    if luck < 0.25:
        return letters
    return letters + digits(rng, 4) if luck < 0.5 else digits(rng, 5) + letters


KINDS: tuple[Callable[[Generator], str], ...] = (
    digits, decimal, date, time, degrees, fraction, slashed, money, signed, thousands, dashed, ditto, lettered,
)  # fmt: skip
