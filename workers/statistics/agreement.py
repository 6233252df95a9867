"""AGREEMENT: how often two models say the same, and how much of that is more than chance."""

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.statistics.distributions import Z95
from workers.statistics.interval import Interval
from workers.statistics.intervals import Floats, wilson_interval


def agreement(first: NDArray[Any], second: NDArray[Any]) -> Interval:
    """Share of examples with equal answers, right or wrong."""
    return wilson_interval(int((first == second).sum()), len(first))


def kappa(first: NDArray[Any], second: NDArray[Any]) -> Interval | None:
    """Cohen's kappa `(p_o − p_e) / (1 − p_e)` with its large-sample interval.

    p_o is the share of equal answers, p_e what two models with these class shares would agree on by chance.

    Source: Cohen 1960; variance: Fleiss, Cohen and Everitt 1969.

    Args:
        first, second: answers `[n]` of any type that can be compared.

    Returns:
        None where both always give one and the same answer: chance alone explains everything.
    """
    table = _table(first, second)
    equal = np.diag(table)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    observed, chance = float(equal.sum()), float(rows @ columns)
    if chance >= 1:
        return None
    value = (observed - chance) / (1 - chance)
    diagonal = float((equal * (1 - (rows + columns) * (1 - value)) ** 2).sum())
    crossed = table * (columns[:, None] + rows[None, :]) ** 2
    off = float(crossed.sum() - np.diag(crossed).sum()) * (1 - value) ** 2
    variance = (diagonal + off - (value - chance * (1 - value)) ** 2) / (1 - chance) ** 2 / len(first)
    half = Z95 * sqrt(max(0.0, variance))
    return Interval(value, value - half, value + half)


def _table(first: NDArray[Any], second: NDArray[Any]) -> Floats:
    """Shares of pairs of answers `[classes, classes]`."""
    known, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    size = len(known)
    pairs = codes[: len(first)] * size + codes[len(first) :]
    return np.bincount(pairs, minlength=size * size).reshape(size, size).astype(np.float64) / len(first)
