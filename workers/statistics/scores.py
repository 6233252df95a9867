"""SCORES: every number of the metric table, worked out from the answers to the examples, with its interval.

`value_under` gives a metric for many weightings of the examples at once: it is the one definition behind the score, its
resamples and every difference of two models. Statistics are named in the table as `workers.statistics.scores:<name>`.
"""

from collections.abc import Callable, Mapping, Sequence
from math import exp, isfinite, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.contracts.tasks import Metric, Task, metric_get
from workers.statistics.bootstrap import cluster_codes_shared, estimate
from workers.statistics.calibration import ece_under
from workers.statistics.classes import balanced_accuracy_under, f1_macro_under
from workers.statistics.interval import Interval
from workers.statistics.intervals import Floats, Whole, ratio_interval, wilson_interval
from workers.statistics.relations import pearson_under, r2_under, spearman_under

Columns = Mapping[str, NDArray[Any]]
RESAMPLES = 2_000


def f1_macro(columns: Columns, weights: Floats) -> Floats:
    return f1_macro_under(_whole(columns, "gold"), _whole(columns, "prediction"), weights)


def balanced_accuracy(columns: Columns, weights: Floats) -> Floats:
    return balanced_accuracy_under(_whole(columns, "gold"), _whole(columns, "prediction"), weights)


def ece(columns: Columns, weights: Floats) -> Floats:
    return ece_under(_floats(columns, "confidence"), _floats(columns, "correct"), weights)


def r2(columns: Columns, weights: Floats) -> Floats:
    return r2_under(_floats(columns, "gold"), _floats(columns, "prediction"), weights)


def spearman(columns: Columns, weights: Floats) -> Floats:
    return spearman_under(_floats(columns, "gold"), _floats(columns, "prediction"), weights)


def pearson(columns: Columns, weights: Floats) -> Floats:
    return pearson_under(_floats(columns, "gold"), _floats(columns, "prediction"), weights)


STATISTICS: dict[str, Callable[[Columns, Floats], Floats]] = {
    "f1_macro": f1_macro,
    "balanced_accuracy": balanced_accuracy,
    "ece": ece,
    "r2": r2,
    "spearman": spearman,
    "pearson": pearson,
}


def metrics_of(
    task: Task, columns: Columns, *, names: Sequence[str] = (), cluster: NDArray[Any] | None = None
) -> dict[str, dict[str, float | int | None]]:
    """Each metric of `task` (or those of `names`): `{"value", "low", "high", "n"}`, n the number of examples.

    Intervals at 95 %: Wilson's for the share of a yes-or-no column, `± t·se` for other means and ratios (carried through exp
    or root where the metric is one), BCa bootstrap for statistics of the whole.

    Args:
        columns: the answer columns of the task, one value per example.
        cluster: equal values belong together (questions about one passage): intervals are then over clusters. Where no value
            comes twice, there are none.

    Returns:
        `value` None: undefined for these answers (no spread, or beyond float64). `low` and `high` None: a value without
        an interval, because too few resamples had one.

    Raises:
        ValueError: no examples, columns of different lengths, or NaN or infinity among the answers.
        KeyError: a metric or a column is not there.
    """
    n = len(next(iter(columns.values()), ()))
    if n == 0 or any(len(column) != n for column in (*columns.values(), *([] if cluster is None else [cluster]))):
        raise ValueError("answers need at least one example, and as many values in each column")
    codes = None if cluster is None else cluster_codes_shared(cluster)
    return {name: score_of(metric_get(name), columns, n, codes) for name in names or task.metrics}


def score_of(metric: Metric, columns: Columns, n: int, cluster: Whole | None = None) -> dict[str, float | int | None]:
    """One entry of `metrics_of`."""
    value = _finite(float(value_under(metric, columns, np.ones((1, n)))[0]))
    found = None if value is None else _interval(metric, columns, n, cluster)
    low, high = (None, None) if found is None else (_finite(found.low), _finite(found.high))
    return {"value": value, "low": low, "high": high, "n": n}


def value_under(metric: Metric, columns: Columns, weights: Floats) -> Floats:
    """The metric for each row of `weights` `[draws, n]`, `[draws]` float64; NaN where it is undefined.

    mean: `sign · Σ w value / Σ w weight`; exp_mean its exponential, root_mean its square root (see `Metric`).
    """
    if metric.form == "statistic":
        return STATISTICS[metric.name](columns, weights)
    value, weight = _sums(metric, columns)
    total = weights @ weight
    found: Floats = metric.sign * np.divide(weights @ value, total, out=np.full(len(total), np.nan), where=total > 0)
    if metric.form == "exp_mean":
        with np.errstate(over="ignore"):
            found = np.exp(found)
    return np.sqrt(found) if metric.form == "root_mean" else found


def _interval(metric: Metric, columns: Columns, n: int, cluster: Whole | None) -> Interval | None:
    if metric.form == "statistic":
        found = estimate(lambda weights: value_under(metric, columns, weights), n, cluster=cluster, resamples=RESAMPLES)
        return _clipped(metric, found.interval) if found is not None else None
    value, weight = _sums(metric, columns)
    if cluster is None and not metric.weight and columns[metric.value].dtype == np.bool_:
        return wilson_interval(int(value.sum()), n)
    mean = ratio_interval(metric.sign * value, weight, cluster=cluster)
    if metric.form == "exp_mean":
        return Interval(*(_exp(end) for end in (mean.value, mean.low, mean.high)))
    if metric.form == "root_mean":
        return Interval(*(sqrt(max(0.0, end)) for end in (mean.value, mean.low, mean.high)))
    return _clipped(metric, mean)


def _clipped(metric: Metric, found: Interval) -> Interval:
    return Interval(found.value, max(0.0, found.low), min(1.0, found.high)) if metric.unit == "share" else found


def _sums(metric: Metric, columns: Columns) -> tuple[Floats, Floats]:
    value = _floats(columns, metric.value)
    return value, _floats(columns, metric.weight) if metric.weight else np.ones_like(value)


def _floats(columns: Columns, name: str) -> Floats:
    column: Floats = np.asarray(columns[name], dtype=np.float64)
    if not np.isfinite(column).all():
        raise ValueError(f"the answers hold NaN or infinity in {name}")
    return column


def _whole(columns: Columns, name: str) -> Whole:
    return np.asarray(columns[name], dtype=np.int64)


def _exp(x: float) -> float:
    return exp(x) if x < 709 else float("inf")


def _finite(x: float) -> float | None:
    return x if isfinite(x) else None
