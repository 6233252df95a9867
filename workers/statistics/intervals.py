"""95 % intervals of a share, of a mean, of a ratio of sums and of a mean over seeds."""

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.statistics.distributions import Z95, student_quantile
from workers.statistics.interval import Interval

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def wilson_interval(successes: int, n: int, z: float = Z95) -> Interval:
    """Wilson's score interval of a share.

    `(p + z²/2n ± z·√(p(1-p)/n + z²/4n²)) / (1 + z²/n)` with `p = successes/n`.

    Source: Wilson 1927. Stays inside [0, 1] and does not collapse at 0 or n, where the normal interval does.

    Raises:
        ValueError: `n` is not positive or `successes` lies outside 0..n.
    """
    if n <= 0 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}")
    p = successes / n
    centre, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == n else (centre + half) / scale
    return Interval(p, low, high)


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
