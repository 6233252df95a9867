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
    `present` may be a weight (bytes, tokens): the mean of a column is `Σ values / Σ present`.
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
    half = _half(_influence(table))
    return Interval(table.mean, table.mean - half, table.mean + half)


def _influence(table: Table) -> Floats:
    counts = table.present.sum(axis=0)
    means = table.values.sum(axis=0) / counts
    found: Floats = ((table.values - means * table.present) / counts).sum(axis=1) / table.values.shape[1]
    return found


def _half(influence: Floats) -> float:
    n = len(influence)
    return Z95 * sqrt(float((influence**2).sum()) * n / (n - 1))


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


def clustered_ratios(pairs: Mapping[K, tuple[Table, Table]]) -> dict[K, Interval]:
    """One mean over another, `mean(first) / mean(second)`, with an interval from the same draws for both.

    Above the limit by the delta method: the influence of an example is `(u − r v) / mean(second)`, u and v its influences on
    the two means. Draws in which the second mean is not above 0 are left out.
    """
    found: dict[K, Interval] = {}
    for key, (over, under) in pairs.items():
        if len(over.values) > BOOTSTRAP_LIMIT:
            ratio = over.mean / under.mean
            half = _half((_influence(over) - ratio * _influence(under)) / under.mean)
            found[key] = Interval(ratio, ratio - half, ratio + half)
    for n in {len(over.values) for key, (over, _) in pairs.items() if key not in found}:
        group = {key: pair for key, pair in pairs.items() if len(pair[0].values) == n}
        draws = _resampled({(key, side): pair[side] for key, pair in group.items() for side in (0, 1)}, n)
        for key, (over, under) in group.items():
            kept = draws[key, 1] > 0
            low, high = np.quantile(draws[key, 0][kept] / draws[key, 1][kept], (0.025, 0.975))
            found[key] = Interval(over.mean / under.mean, float(low), float(high))
    return found
