"""CORRELATION: does an estimate put models in the order that real training puts them in? For few pairs, with intervals."""

import numpy as np

from workers.statistics.bootstrap import Weighted, estimate
from workers.statistics.interval import Interval
from workers.statistics.intervals import Floats
from workers.statistics.relations import spearman_under

RESAMPLES = 2_000
LEAST = 4  # pairs: three points cannot contradict an order


def spearman(first: Floats, second: Floats) -> Interval | None:
    """Spearman's rank correlation with its BCa bootstrap interval. None for fewer than 4 pairs or where either has no spread."""
    return _with_interval(lambda weights: spearman_under(first, second, weights), len(first))


def weighted_tau(first: Floats, second: Floats) -> Interval | None:
    """Kendall's τ in which pairs at the top count more, with its BCa bootstrap interval; undefined as in `spearman`.

    `Σ_{i<j} w sgn(x_i − x_j) sgn(y_i − y_j) / √(Σ w [x_i ≠ x_j] · Σ w [y_i ≠ y_j])` with `w = 1/(r_i + 1) + 1/(r_j + 1)`; the
    mean of r the ranks by (first, second) and by (second, first), from 0 for the highest.

    Source: Vigna 2015, arXiv 1404.3325.
    """
    return _with_interval(lambda weights: np.array([_repeated(first, second, row) for row in weights]), len(first))


def weighted_tau_value(first: Floats, second: Floats) -> float:
    """The τ of `weighted_tau` without its interval; NaN where either has no spread."""
    signs = np.sign(first[:, None] - first), np.sign(second[:, None] - second)
    return (_tau(signs, _ranks(first, second)) + _tau(signs, _ranks(second, first))) / 2


def _tau(signs: tuple[Floats, Floats], ranks: Floats) -> float:
    one, two = signs
    weight = 1 / (ranks[:, None] + 1) + 1 / (ranks + 1)
    norm = float(np.sqrt((weight * one**2).sum() * (weight * two**2).sum()))
    return float((weight * one * two).sum()) / norm if norm > 0 else float("nan")


def _ranks(key: Floats, then: Floats) -> Floats:
    ranks = np.empty(len(key))
    ranks[np.lexsort((then, key))[::-1]] = np.arange(len(key))
    return ranks


def _repeated(first: Floats, second: Floats, weights: Floats) -> float:
    rows = np.repeat(np.arange(len(first)), weights.astype(np.int64))
    return weighted_tau_value(first[rows], second[rows])


def _with_interval(statistic: Weighted, n: int) -> Interval | None:
    found = estimate(statistic, n, resamples=RESAMPLES) if n >= LEAST else None
    return found.interval if found is not None else None
