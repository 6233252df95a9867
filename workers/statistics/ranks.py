"""RANKS: which places a model may hold, given that other examples would have given other scores."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workers.contracts.tasks import Metric
from workers.statistics.bootstrap import resample_weights
from workers.statistics.intervals import Floats, Whole
from workers.statistics.scores import Columns, value_under

RESAMPLES = 2_000


@dataclass(frozen=True)
class RankInterval:
    """`rank` by the score itself, and the places that it holds in 95 of 100 resamples. 1 is best; equal scores share a rank."""

    rank: int
    low: int
    high: int


def rank_intervals(
    metric: Metric, models: Sequence[Columns], *, cluster: Whole | None = None, resamples: int = RESAMPLES
) -> list[RankInterval]:
    """Ranks of `models` whose answers lie in the same order of the same examples; every resample draws the same ones for all.

    Source: percentile bootstrap of ranks, Goldstein and Spiegelhalter 1996, Hall and Miller 2009.

    Raises:
        ValueError: the models were not asked the same number of examples, or a score is undefined.
    """
    n = len(models[0][next(iter(models[0]))]) if models else 0
    if any(len(column) != n for columns in models for column in columns.values()):
        raise ValueError("the models were not measured on the same examples")
    if not n:
        return []
    whole = _scores(metric, models, np.ones((1, n)))
    if not np.isfinite(whole).all():
        raise ValueError(f"{metric.name} is undefined for one of the models")
    drawn = [_scores(metric, models, weights) for weights in resample_weights(n, resamples=resamples, cluster=cluster)]
    return ranks_of_draws(whole[0], np.concatenate(drawn))


def ranks_of_draws(scores: Floats, draws: Floats) -> list[RankInterval]:
    """Rank intervals from scores `[models]` and resampled scores `[draws, models]`, higher is better; NaN comes last."""
    ranks = np.stack([_ranks(row) for row in draws])
    low, high = np.quantile(ranks, (0.025, 0.975), axis=0, method="inverted_cdf")
    own = _ranks(scores)
    return [
        RankInterval(int(rank), int(min(rank, first)), int(max(rank, last)))
        for rank, first, last in zip(own, low, high, strict=True)
    ]


def _scores(metric: Metric, models: Sequence[Columns], weights: Floats) -> Floats:
    sign = 1.0 if metric.higher_is_better else -1.0
    return np.stack([sign * value_under(metric, columns, weights) for columns in models], axis=1)


def _ranks(scores: Floats) -> Whole:
    """One more than the number of better scores."""
    scores = np.where(np.isnan(scores), -np.inf, scores)
    found: Whole = len(scores) + 1 - np.searchsorted(np.sort(scores), scores, side="right")
    return found
