"""CHANGES: what flips are for scores by example that are not just right or wrong (F1 over words, nDCG, an error)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.statistics.interval import Interval
from workers.statistics.intervals import Floats, Whole, mean_interval, wilson_interval

MARGIN = 0.05


@dataclass(frozen=True)
class Changes:
    """Over all examples: mean loss, mean gain, and the shares that lost or gained more than `margin`, each with its interval."""

    regress: Interval
    gain: Interval
    lost: Interval
    gained: Interval
    margin: float


def changes_of(old: Floats, new: Floats, *, margin: float = MARGIN, cluster: Whole | None = None) -> Changes:
    """`E[max(old − new, 0)]`, `E[max(new − old, 0)]` and the shares beyond the margin. `new − old = gain − regress`, exactly in the mean.

    Source: Echterhoff et al. 2024 (MUSCLE), arXiv 2407.09435.

    Args:
        old, new: `[n]` float64, higher is better.
    """
    step = np.asarray(new, dtype=np.float64) - np.asarray(old, dtype=np.float64)
    return Changes(
        mean_interval(np.maximum(-step, 0), cluster=cluster),
        mean_interval(np.maximum(step, 0), cluster=cluster),
        _share(step < -margin, cluster),
        _share(step > margin, cluster),
        margin,
    )


def _share(column: NDArray[np.bool_], cluster: Whole | None) -> Interval:
    if cluster is None:
        return wilson_interval(int(column.sum()), len(column))
    found = mean_interval(column, cluster=cluster)
    return Interval(found.value, max(0.0, found.low), min(1.0, found.high))
