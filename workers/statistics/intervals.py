"""95 % intervals of a mean, of a ratio of sums and of a mean over seeds; that of a share lies beside `Interval`."""

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.statistics.distributions import student_quantile
from workers.statistics.interval import Interval, wilson_interval

__all__ = ["Floats", "Whole", "mean_interval", "ratio_interval", "seeds_interval", "wilson_interval"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def mean_interval(values: ArrayLike, *, cluster: Whole | None = None) -> Interval:
    """Mean and its interval `m ± t·s/√n`, t with n − 1 degrees of freedom: see `ratio_interval` with all weights 1."""
    array = np.asarray(values, dtype=np.float64)
    return ratio_interval(array, np.ones_like(array), cluster=cluster)


def ratio_interval(values: Floats, weights: Floats, *, cluster: Whole | None = None) -> Interval:
    """A ratio of two sums over examples, `r = Σ v / Σ w` (bits over bytes), with its linearised interval.

    Each example's influence is `u = (v − r w) / Σ w`; the standard error is `√(n/(n−1) Σ u²)`, and the interval
    `r ± t·se` with n − 1 degrees of freedom. With all weights 1 this is the t-interval of a mean.

    Source: Cochran 1977, Sampling Techniques, §6.4 (ratio) and §9A.2 (clusters).

    Args:
        values: `v` `[n]` float64. weights: `w` `[n]` float64, not negative.
        cluster: whole numbers 0..G−1 `[n]`: examples of one cluster hang together, so their influences are added up first
            and n becomes the number of clusters.

    Returns:
        One example, or one cluster, has no width to give: low = high = value.

    Raises:
        ValueError: there is no example, or the weights sum to nothing.
    """
    total = float(weights.sum()) if len(weights) else 0.0
    if total <= 0:
        raise ValueError("no values")
    ratio = float(values.sum()) / total
    influence: Floats = (values - ratio * weights) / total
    if cluster is not None:
        influence = np.bincount(cluster, weights=influence).astype(np.float64)
    n = len(influence)
    if n == 1:
        return Interval(ratio, ratio, ratio)
    half = student_quantile(0.975, n - 1) * sqrt(n / (n - 1) * float((influence**2).sum()))
    return Interval(ratio, ratio - half, ratio + half)


def seeds_interval(values: ArrayLike) -> Interval:
    """Mean over seeds with its t-interval. It answers another question than an interval over examples: would another

    training come out the same? One seed cannot tell, so at least two are needed.

    Raises:
        ValueError: fewer than two values.
    """
    array = np.asarray(values, dtype=np.float64)
    if len(array) < 2:
        raise ValueError("one seed has no spread")
    return mean_interval(array)
