"""STANDINGS: which places each entry of a leaderboard may hold, worked out from its single answers, in a worker.

SECURITY: places are counted among the public entries alone; a private entry is placed among the public ones and itself. Else
the places would tell of models that the reader may not see.
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from django.db import transaction
from numpy.typing import NDArray

from hub.blobs.services import blob_bytes
from hub.evals.leaderboards import ENTRIES, best_of_repos, metric_ranked
from hub.evals.models import Evaluation, Standing
from workers.contracts.benchmarks import CLUSTER_COLUMN
from workers.contracts.tasks import Metric, metric_get
from workers.statistics.bootstrap import cluster_codes_shared, resample_weights
from workers.statistics.distributions import Z95
from workers.statistics.ranks import RankInterval, ranks_of_draws
from workers.statistics.scores import value_under

LEAST_OVERLAP = 0.95
# Examples × entries that are held in memory and resampled; above it places come from the intervals of the scores alone.
MOST_CELLS = 20_000_000
_DRAWS = 2_000
_SEED = 20_260_101
Columns = dict[str, NDArray[Any]]
Floats = NDArray[np.float64]


def standings_update(digest: str) -> int:
    """Works out the places of everything that was measured by this definition. How many entries have one now."""
    name = metric_ranked(digest)
    if not name:
        return 0
    entries = list(best_of_repos(Evaluation.objects.filter(definition_digest=digest, invalid=""))[:ENTRIES])
    places = _places(entries, metric_get(name))
    rows = [
        Standing(
            evaluation=entry, definition_digest=digest, rank_low=places[entry.pk].low, rank_high=places[entry.pk].high
        )
        for entry in entries
        if entry.pk in places
    ]
    with transaction.atomic():
        # Two workers at once: the later one has seen at least as much.
        list(
            Evaluation.objects.filter(pk__in=[entry.pk for entry in entries])
            .order_by("pk")
            .select_for_update(no_key=True)
        )
        Standing.objects.filter(definition_digest=digest).delete()
        Standing.objects.bulk_create(rows)
    return len(rows)


def _places(entries: list[Evaluation], metric: Metric) -> dict[Any, RankInterval]:
    if sum(entry.examples for entry in entries) > MOST_CELLS:
        scores, draws = _from_intervals(entries, metric)
    else:
        scores, draws = _resampled(_answers(entries, metric), metric)
    public = [entry.pk for entry in entries if entry.repo.visibility == "public" and entry.pk in scores]
    others = [entry.pk for entry in entries if entry.pk in scores and entry.pk not in set(public)]
    found: dict[Any, RankInterval] = dict(zip(public, _ranked(public, scores, draws), strict=True)) if public else {}
    return found | {key: _ranked([*public, key], scores, draws)[-1] for key in others}


def _ranked(keys: list[Any], scores: dict[Any, float], draws: dict[Any, Floats]) -> list[RankInterval]:
    return ranks_of_draws(np.array([scores[key] for key in keys]), np.stack([draws[key] for key in keys], axis=1))


def _resampled(answers: dict[Any, Columns], metric: Metric) -> tuple[dict[Any, float], dict[Any, Floats]]:
    """Scores of all examples and of resamples of them, higher is better. Every resample draws the same examples for all."""
    sign = 1.0 if metric.higher_is_better else -1.0
    scores: dict[Any, float] = {}
    for key, columns in answers.items():
        try:
            score = sign * float(value_under(metric, columns, np.ones((1, len(columns["example_sha"]))))[0])
        except ValueError:
            continue  # NaN among the answers: the number is shown, a place it has not
        if np.isfinite(score):
            scores[key] = score
    if not scores:
        return {}, {}
    # The examples are the same for all and in one order, so the first one's clusters are everybody's.
    first = answers[next(iter(scores))]
    cluster = cluster_codes_shared(first[CLUSTER_COLUMN]) if CLUSTER_COLUMN in first else None
    parts: dict[Any, list[Floats]] = {key: [] for key in scores}
    for weights in resample_weights(len(first["example_sha"]), resamples=_DRAWS, cluster=cluster):
        for key, found in parts.items():
            found.append(sign * value_under(metric, answers[key], weights))
    return scores, {key: np.concatenate(found) for key, found in parts.items()}


def _answers(entries: Sequence[Evaluation], metric: Metric) -> dict[Any, Columns]:
    """The columns that the metric needs, in one order of the examples that all have.

    An entry whose answers were not kept, or to other examples, has none and gets no place.
    """
    names = ("example_sha", *columns_of(metric))
    read = {entry.pk: table for entry in entries if (table := _read(entry, names)) is not None}
    if not read:
        return {}
    largest = max(len(table["example_sha"]) for table in read.values())
    common: set[str] | None = None
    for pk in list(read):
        shas = set(read[pk]["example_sha"])
        kept = shas if common is None else common & shas
        if len(kept) < LEAST_OVERLAP * largest:
            del read[pk]
        else:
            common = kept
    order = sorted(common or ())
    found = {}
    for pk, table in read.items():
        place = {sha: row for row, sha in enumerate(table["example_sha"])}
        rows = np.array([place[sha] for sha in order], dtype=np.int64)
        found[pk] = {name: column[rows] for name, column in table.items()}
    return found


def columns_of(metric: Metric) -> tuple[str, ...]:
    """The answer columns that a metric is worked out from."""
    if metric.form == "statistic":
        return ("confidence", "correct") if metric.name == "ece" else ("gold", "prediction")
    return (metric.value, metric.weight) if metric.weight else (metric.value,)


def _read(entry: Evaluation, names: Sequence[str]) -> Columns | None:
    if entry.predictions is None:
        return None
    table = pq.read_table(io.BytesIO(blob_bytes(blob=entry.predictions)))
    if not set(names) <= set(table.column_names) or not table.num_rows:
        return None
    kept = [*names, *([CLUSTER_COLUMN] if CLUSTER_COLUMN in table.column_names else [])]
    return {name: table[name].to_numpy() for name in kept}


def _from_intervals(entries: Sequence[Evaluation], metric: Metric) -> tuple[dict[Any, float], dict[Any, Floats]]:
    """Scores drawn from normal distributions as wide as their intervals, each by itself: wider than pairing would say."""
    generator = np.random.Generator(np.random.Philox(_SEED))
    sign = 1.0 if metric.higher_is_better else -1.0
    scores, draws = {}, {}
    for entry in entries:
        value = entry.metrics.get(metric.name) or {}
        if value.get("value") is None:
            continue
        low, high = value.get("low"), value.get("high")
        spread = (high - low) / (2 * Z95) if low is not None and high is not None else 0.0
        scores[entry.pk] = sign * value["value"]
        draws[entry.pk] = scores[entry.pk] + spread * generator.standard_normal(_DRAWS)
    return scores, draws
