"""How well numbers follow other numbers: R² and correlations, for many weightings of the same pairs at once.

A weighting is a resample: an example of weight 2 counts as two equal ones. Where a score is undefined (no spread), it is NaN.
"""

import numpy as np
from numpy.typing import NDArray

from workers.statistics.intervals import Floats

# Below so many units in the last place of its scale a spread is rounding, not variation.
_ROUNDING = 64 * np.finfo(np.float64).eps


def _spread(centred: Floats, values: Floats, weights: Floats) -> Floats:
    """Weighted sum of squares about the mean `[draws]`; exactly 0 where only rounding is left of it."""
    squares = (weights * centred**2).sum(axis=1)
    scale = (weights * values**2).sum(axis=1)
    return np.where(squares <= (_ROUNDING**2) * scale, 0.0, squares)


def _centred(values: Floats, weights: Floats) -> Floats:
    total = weights.sum(axis=1)
    shifted = values - (weights * values).sum(axis=1, keepdims=True) / total[:, None]
    # once more: the first mean carries rounding of the size of the values, not of their spread
    again: Floats = shifted - (weights * shifted).sum(axis=1, keepdims=True) / total[:, None]
    return again


def _quotient(over: Floats, under: Floats) -> Floats:
    return np.divide(over, under, out=np.full_like(over, np.nan), where=under > 0)


def r2_under(gold: Floats, prediction: Floats, weights: Floats) -> Floats:
    """`1 − Σ w (gold − prediction)² / Σ w (gold − mean gold)²`, `[draws]`. NaN where the gold values are all equal."""
    rest = (weights * (gold - prediction) ** 2).sum(axis=1)
    return 1 - _quotient(rest, _spread(_centred(gold, weights), gold, weights))


def pearson_under(first: Floats, second: Floats, weights: Floats) -> Floats:
    """Pearson's correlation `[draws]`; `first` and `second` are `[n]` or `[draws, n]`. NaN where either has no spread."""
    one, two = _centred(first, weights), _centred(second, weights)
    squares = _spread(one, first, weights) * _spread(two, second, weights)
    return np.clip(_quotient((weights * one * two).sum(axis=1), np.sqrt(squares)), -1.0, 1.0)


def ranks_under(values: Floats, weights: Floats) -> Floats:
    """Mean rank of each value within each resample, `[draws, n]`: those before it, and half of its equals.

    Counted along the sorted values, so no resample is sorted itself.
    """
    known, place = np.unique(values, return_inverse=True)
    draws = len(weights)
    spots = (np.arange(draws)[:, None] * len(known) + place).ravel()
    counts = np.bincount(spots, weights=weights.ravel(), minlength=draws * len(known)).reshape(draws, len(known))
    ranks: NDArray[np.float64] = np.cumsum(counts, axis=1) - counts / 2 + 0.5
    return ranks[:, place]


def spearman_under(first: Floats, second: Floats, weights: Floats) -> Floats:
    """Spearman's rank correlation `[draws]`: Pearson's of the mean ranks. NaN where either has no spread."""
    return pearson_under(ranks_under(first, weights), ranks_under(second, weights), weights)
