"""CLUSTERED: means over several forms (domains, seeds) of the same examples, for many tables from the same draws."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import TypeVar

import numpy as np

from workers.statistics.bootstrap import BOOTSTRAP_LIMIT, resample_weights
from workers.statistics.distributions import Z95
from workers.statistics.interval import Interval
from workers.statistics.intervals import Floats

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
    """The mean of each table in each draw of `n` rows with replacement."""
    # All tables side by side: one matrix product a chunk instead of two for each table.
    values = np.concatenate([table.values for table in tables.values()], axis=1)
    present = np.concatenate([table.present for table in tables.values()], axis=1)
    ends = np.cumsum([table.values.shape[1] for table in tables.values()])[:-1]
    draws: dict[K, list[Floats]] = {key: [] for key in tables}
    for weights in resample_weights(n):
        drawn = weights @ present
        means = np.divide(weights @ values, drawn, out=np.zeros_like(drawn), where=drawn > 0)
        for key, part in zip(tables, np.split(means, ends, axis=1), strict=True):
            draws[key].append(part.mean(axis=1))
    return {key: np.concatenate(parts) for key, parts in draws.items()}
