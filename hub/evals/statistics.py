"""Paired comparisons of answers to the same examples. Everything is seeded: a page shows the same interval each time."""

from dataclasses import dataclass
from math import comb, erfc, sqrt

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
SEED = 20_260_101
# Above so many examples a bootstrap costs seconds, and the normal interval is as good.
BOOTSTRAP_LIMIT = 5_000
EXACT_LIMIT = 1_000
Z95 = 1.959963984540054
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def includes_zero(self) -> bool:
        return self.low <= 0 <= self.high


def clustered_mean(values: Floats, present: Floats) -> Interval:
    """The mean over columns of the columns' means, with an interval that resamples rows.

    A row is one example in all its forms (domains, seeds): those answers hang together, so they are drawn together.

    Args:
        values: `[examples, columns]`; a difference of two models' answers for a paired comparison.
        present: `[examples, columns]`, 1 where the column has that example, else 0 (its value is then 0).

    Source: percentile bootstrap, Efron 1979; clusters as in Field and Welsh 2007.
    """
    counts = present.sum(axis=0)
    means = values.sum(axis=0) / counts
    value = float(means.mean())
    n, columns = values.shape
    if n > BOOTSTRAP_LIMIT:
        influence = ((values - means * present) / counts).sum(axis=1) / columns
        half = Z95 * sqrt(float((influence**2).sum()) * n / (n - 1))
        return Interval(value, value - half, value + half)
    draws = _resampled(values, present)
    low, high = np.quantile(draws, (0.025, 0.975))
    return Interval(value, float(low), float(high))


def _resampled(values: Floats, present: Floats) -> Floats:
    """The statistic of `RESAMPLES` draws of as many rows with replacement, in chunks that keep memory small."""
    generator = np.random.Generator(np.random.Philox(SEED))
    n, chunk = len(values), 500
    draws = []
    for _ in range(RESAMPLES // chunk):
        rows = generator.integers(0, n, size=(chunk, n))
        weights = np.stack([np.bincount(row, minlength=n) for row in rows]).astype(np.float64)
        drawn = weights @ present
        means = np.divide(weights @ values, drawn, out=np.zeros_like(drawn), where=drawn > 0)
        draws.append(means.mean(axis=1))
    return np.concatenate(draws)


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided p that two models are equally often right, from the examples on which exactly one of them is.

    Exact: `min(1, 2·P[Bin(b+c, ½) ≤ min(b, c)])`. Beyond 1,000 such examples the chi-square with continuity correction.

    Source: McNemar 1947.
    """
    total, fewer = only_first + only_second, min(only_first, only_second)
    if total == 0:
        return 1.0
    if total <= EXACT_LIMIT:
        tail = sum(comb(total, k) for k in range(fewer + 1))
        return min(1.0, 2 * tail / 2**total)
    statistic = max(0.0, abs(only_first - only_second) - 1) ** 2 / total
    return erfc(sqrt(statistic / 2))
