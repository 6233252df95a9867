"""MEANS: the mean over several datasets of each of some models, with its interval. Loads no arrays itself.

Rows are examples in all their forms, as in a comparison with parents: four pictures of one digit are drawn together.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache

from hub.evals.models import Evaluation
from hub.evals.pair_checks import MOST_BYTES
from hub.evals.records import Pooling
from hub.jobs.bell import send_after_commit
from workers.contracts.tasks import metric_get
from workers.statistics.interval import Interval

CACHE_S, ASKED_S = 30 * 24 * 3600, 60
# Answers of all models on all datasets: more are gone through by a worker, and still more by nobody.
MOST_HERE, MOST = 20_000, 5_000_000


@dataclass(frozen=True)
class Means:
    """`intervals` by model, in order; empty where there are none, and `note` says why. `sources` are the different examples."""

    intervals: tuple[Interval, ...] = ()
    note: str = ""
    pooling: Pooling = "one"
    sources: int = 0
    is_waiting: bool = False


def means_kept(models: Sequence[Sequence[Evaluation]], metric: str) -> Means:
    """What was worked out before, or is now where it is little; else a worker has been asked.

    SECURITY: the caller has all rows from `visible_to`.

    Args:
        models: for each model its results on the same datasets, in one order.
    """
    rows = [row for results in models for row in results]
    answers = sum(row.examples for row in rows)
    if metric_get(metric).form != "mean":
        return Means(note=f"{metric_get(metric).label} is worked out from all answers at once: a mean of it over datasets has no interval.")  # fmt: skip
    if any(row.predictions is None for row in rows):
        return Means(note="No interval: the single answers of a result were not kept. Measure it again.")
    if answers > MOST or sum(row.predictions.size_bytes for row in rows if row.predictions is not None) > MOST_BYTES:
        return Means(note="No interval: there are too many answers to go through together.")
    key = _key(models, metric)
    found: Means | None = cache.get(key)
    if found is not None:
        return found
    if answers <= MOST_HERE:
        return means_of_results(models, metric)
    if cache.add(f"{key}:asked", 1, ASKED_S):
        send_after_commit("hub.means", [[str(row.pk) for row in results] for results in models], metric)
    return Means(note="A worker goes through the answers. The interval is there once it is done.", is_waiting=True)


def means_of_results(models: Sequence[Sequence[Evaluation]], metric: str) -> Means:
    """Worked out and kept."""
    # Arrays are loaded here only: the web stays small.
    from hub.evals.means_computing import means_compute

    found = means_compute(models, metric)
    cache.set(_key(models, metric), found, CACHE_S)
    return found


def _key(models: Sequence[Sequence[Evaluation]], metric: str) -> str:
    """Evaluations never change: their numbers name the result."""
    text = "/".join(",".join(str(row.pk) for row in results) for results in models)
    return f"means:1:{metric}:{hashlib.sha256(text.encode()).hexdigest()}"
