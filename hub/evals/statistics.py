"""Paired comparisons of answers to the same examples. Everything is seeded: a page shows the same interval each time."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import comb, erfc, sqrt
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from hub.evals.interval import Interval

RESAMPLES = 10_000
CHUNK = 500
SEED = 20_260_101
# Above so many examples a bootstrap costs seconds, and the normal interval is as good.
BOOTSTRAP_LIMIT = 5_000
EXACT_LIMIT = 1_000
Z95 = 1.959963984540054
Floats = NDArray[np.float64]
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Table:
    """Answers, or differences of two models' answers. A row is one example in all its forms (domains, seeds), a column one form.

    `values` and `present` are `[examples, columns]`; where `present` is 0, that form of the example is not there and its value 0.
    """

    values: Floats
    present: Floats

    @property
    def mean(self) -> float:
        """The mean over columns of the columns' means."""
        return float((self.values.sum(axis=0) / self.present.sum(axis=0)).mean())


def clustered_means(tables: Mapping[K, Table]) -> dict[K, Interval]:
    """The mean of each table with an interval that resamples rows: the forms of one example hang together, so they are drawn together.

    All tables of as many rows see the same draws, taken once.

    Source: percentile bootstrap, Efron 1979; clusters as in Field and Welsh 2007.
    """
    found = {key: _normal(table) for key, table in tables.items() if len(table.values) > BOOTSTRAP_LIMIT}
    for n in {len(table.values) for key, table in tables.items() if key not in found}:
        group = {key: table for key, table in tables.items() if len(table.values) == n}
        for key, draws in _resampled(group, n).items():
            low, high = np.quantile(draws, (0.025, 0.975))
            found[key] = Interval(group[key].mean, float(low), float(high))
    return found


def _normal(table: Table) -> Interval:
    """The sandwich estimate: each example's influence on the mean, squared and summed."""
    n, columns = table.values.shape
    counts = table.present.sum(axis=0)
    means = table.values.sum(axis=0) / counts
    influence = ((table.values - means * table.present) / counts).sum(axis=1) / columns
    half = Z95 * sqrt(float((influence**2).sum()) * n / (n - 1))
    return Interval(table.mean, table.mean - half, table.mean + half)


def _resampled(tables: Mapping[K, Table], n: int) -> dict[K, Floats]:
    """The mean of each table in `RESAMPLES` draws of `n` rows with replacement, in chunks that keep memory small."""
    generator = np.random.Generator(np.random.Philox(SEED))
    # All tables side by side: one matrix product a chunk instead of two for each table.
    values = np.concatenate([table.values for table in tables.values()], axis=1)
    present = np.concatenate([table.present for table in tables.values()], axis=1)
    ends = np.cumsum([table.values.shape[1] for table in tables.values()])[:-1]
    draws: dict[K, list[Floats]] = {key: [] for key in tables}
    for _ in range(RESAMPLES // CHUNK):
        rows = generator.integers(0, n, size=(CHUNK, n)) + np.arange(CHUNK)[:, None] * n
        weights = np.bincount(rows.ravel(), minlength=CHUNK * n).reshape(CHUNK, n).astype(np.float64)
        drawn = weights @ present
        means = np.divide(weights @ values, drawn, out=np.zeros_like(drawn), where=drawn > 0)
        for key, part in zip(tables, np.split(means, ends, axis=1), strict=True):
            draws[key].append(part.mean(axis=1))
    return {key: np.concatenate(parts) for key, parts in draws.items()}


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
        return min(1.0, float(2 * tail / 2**total))
    statistic = max(0.0, abs(only_first - only_second) - 1) ** 2 / total
    return erfc(sqrt(statistic / 2))
