"""BOOTSTRAP: how far a number would move if other examples had been drawn.

A resample is a row of weights: how often each example was drawn. Whatever can be worked out from weighted answers is worked
out for many resamples at once, and two models under the same weights are compared on the same examples.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.statistics.distributions import normal_cdf, normal_quantile, student_quantile, student_tail
from workers.statistics.interval import Interval
from workers.statistics.intervals import Floats, Whole

RESAMPLES = 10_000
SEED = 20_260_101
# Above so many examples a bootstrap costs seconds, and the jackknife's normal interval is as good.
BOOTSTRAP_LIMIT = 5_000
GROUPS = 200
_CHUNK_CELLS = 2_500_000  # of one matrix of weights: 20 MB
# A statistic under weights: `[draws, n]` float64 in, `[draws]` float64 out, NaN where it is undefined.
Weighted = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Estimate:
    """A number, its 95 % interval and the two-sided p that it is 0."""

    interval: Interval
    p_value: float


def cluster_codes(cluster: NDArray[Any]) -> Whole:
    """Any column of values as whole numbers 0..G−1: equal values belong together."""
    codes: Whole = np.unique(cluster, return_inverse=True)[1].astype(np.int64)
    return codes


def cluster_codes_shared(cluster: NDArray[Any]) -> Whole | None:
    """`cluster_codes`, or None where no two examples belong together: examples are then drawn one by one."""
    codes = cluster_codes(cluster)
    return codes if len(codes) and int(codes.max()) + 1 < len(codes) else None


def resample_weights(
    n: int, *, resamples: int = RESAMPLES, seed: int = SEED, cluster: Whole | None = None
) -> Iterator[Floats]:
    """Weights of `n` examples in `resamples` draws with replacement, in chunks `[draws, n]` that keep memory small.

    With `cluster` (0..G−1 by example) G clusters are drawn and all examples of a cluster have its weight.

    Source: Efron 1979; clusters as in Field and Welsh 2007.

    Determinism: Philox with `seed`; the chunks are cut alike for equal n, so equal arguments give equal draws.
    """
    generator = np.random.Generator(np.random.Philox(seed))
    units = n if cluster is None else int(cluster.max()) + 1
    rows = max(1, min(500, _CHUNK_CELLS // max(n, units)))
    for start in range(0, resamples, rows):
        chunk = min(rows, resamples - start)
        drawn = generator.integers(0, units, size=(chunk, units)) + np.arange(chunk)[:, None] * units
        counts = np.bincount(drawn.ravel(), minlength=chunk * units).reshape(chunk, units).astype(np.float64)
        yield counts if cluster is None else counts[:, cluster]


def resampled(statistic: Weighted, weights: Iterator[Floats]) -> Floats:
    return np.concatenate([statistic(chunk) for chunk in weights])


def whole(statistic: Weighted, n: int) -> float:
    """The statistic of all examples, once each."""
    return float(statistic(np.ones((1, n)))[0])


def jackknife(statistic: Weighted, n: int, *, cluster: Whole | None = None) -> Floats:
    """The statistic without each example (cluster) in turn, `[groups]`; of many, without each of 200 random groups of them."""
    units = n if cluster is None else int(cluster.max()) + 1
    group = np.arange(units) % min(units, GROUPS)
    if units > GROUPS:
        # files are often sorted by class: a group must not be a stretch of them
        group = np.random.Generator(np.random.Philox(SEED)).permutation(group)
    place = group if cluster is None else group[cluster]
    rows = max(1, _CHUNK_CELLS // n)
    last = int(group.max()) + 1
    starts = range(0, last, rows)
    kept = (place != np.arange(start, min(start + rows, last))[:, None] for start in starts)
    return np.concatenate([statistic(chunk.astype(np.float64)) for chunk in kept])


def bca_limits(draws: Floats, value: float, without: Floats, confidence: float = 0.95) -> tuple[float, float]:
    """Bias-corrected and accelerated limits of a bootstrap.

    `z0 = Φ⁻¹(share of draws below the value, half of the equal ones)`, `a = Σ u³ / (6 (Σ u²)^{3/2})` with
    `u = mean(without) − without`; the limits are the quantiles of the draws at `Φ(z0 + (z0 + z) / (1 − a (z0 + z)))`.

    Source: Efron 1987.

    Args:
        draws: the statistic in each resample, finite. without: its jackknife values. value: the statistic itself.
    """
    share = float((draws < value).sum() + (draws <= value).sum()) / (2 * len(draws))
    # all draws on one side say only that the share is below what so many draws can show
    share = min(max(share, 0.5 / len(draws)), 1 - 0.5 / len(draws))
    z0 = normal_quantile(share)
    u = without.mean() - without
    squares = float((u**2).sum())
    a = float((u**3).sum()) / (6 * squares**1.5) if squares > 0 else 0.0
    limits = []
    for tail in ((1 - confidence) / 2, (1 + confidence) / 2):
        z = z0 + normal_quantile(tail)
        limits.append(normal_cdf(z0 + z / (1 - a * z)))
    low, high = np.quantile(draws, limits)
    return float(low), float(high)


def bootstrap_p(draws: Floats) -> float:
    """Two-sided p that the number is 0: `2·min(P[d* ≤ 0], P[d* ≥ 0])`, each with one draw more than was seen, at most 1."""
    fewer = min(int((draws <= 0).sum()), int((draws >= 0).sum()))
    return min(1.0, 2 * (fewer + 1) / (len(draws) + 1))


def estimate(
    statistic: Weighted,
    n: int,
    *,
    cluster: Whole | None = None,
    resamples: int = RESAMPLES,
    limit: int = BOOTSTRAP_LIMIT,
) -> Estimate | None:
    """A statistic of `n` examples with its interval: BCa up to `limit` examples, above it `value ± t·se` of the jackknife.

    None where the statistic is undefined for the whole or for more than half of the resamples, and where there is one
    example (cluster) alone: then no interval means anything. Undefined resamples (a class or all spread missing) are left out.
    """
    value = whole(statistic, n)
    if not np.isfinite(value) or (n if cluster is None else int(cluster.max()) + 1) < 2:
        return None
    without = jackknife(statistic, n, cluster=cluster)
    without = without[np.isfinite(without)]
    if len(without) < 2:
        return None
    if n > limit:
        return _from_jackknife(value, without)
    draws = resampled(statistic, resample_weights(n, resamples=resamples, cluster=cluster))
    draws = draws[np.isfinite(draws)]
    if 2 * len(draws) < resamples:
        return None
    low, high = bca_limits(draws, value, without)
    # a statistic that resampling can only worsen lies outside its own draws
    return Estimate(Interval(value, min(low, value), max(high, value)), bootstrap_p(draws))


def _from_jackknife(value: float, without: Floats) -> Estimate:
    groups = len(without)
    error = float(np.sqrt((groups - 1) / groups * ((without - without.mean()) ** 2).sum()))
    half = student_quantile(0.975, groups - 1) * error
    p_value = 2 * student_tail(abs(value) / error, groups - 1) if error > 0 else float(value == 0)
    return Estimate(Interval(value, value - half, value + half), p_value)
