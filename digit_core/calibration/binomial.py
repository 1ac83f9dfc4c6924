"""Confidence bounds of a counted share, by scipy.stats.binomtest."""

from __future__ import annotations

from typing import Literal

Method = Literal["exact", "wilson"]


def upper_bound(count: int, of: int, chance: float) -> float:
    """Return the one-sided upper bound of a share: a larger one would give so small a count with less than `chance`.

    Exact: C. Clopper and E. Pearson (Biometrika 26, 1934). 1 where all of them, or none at all, were counted.
    """
    from scipy.stats import binomtest

    if count >= of:
        return 1.0
    return float(binomtest(count, of, alternative="less").proportion_ci(1 - chance, method="exact").high)


def interval(count: int, of: int, method: Method = "exact", certainty: float = 0.95) -> tuple[float, float]:
    """Return the two-sided interval (low, high) of a share; (0, 1) where nothing was counted.

    "exact" is that of Clopper and Pearson (1934), which holds at least as often as `certainty` says; "wilson" is the score
    interval of E. B. Wilson (J. Amer. Statist. Assoc. 22, 1927), which is shorter and holds that often on average.
    """
    from scipy.stats import binomtest

    if not of:
        return 0.0, 1.0
    found = binomtest(count, of).proportion_ci(certainty, method=method)
    return float(found.low), float(found.high)
