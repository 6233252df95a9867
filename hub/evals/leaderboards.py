"""LEADERBOARD: every model that was measured by one version of a benchmark. Numbers of other versions are never among them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import BooleanField, Count, ExpressionWrapper, F, FloatField, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast

from hub.benchmarks.definitions import metric_first
from hub.benchmarks.models import BenchmarkVersion
from hub.benchmarks.selectors import by_name
from hub.catalog.models import Commit, LineageEdge, Repo
from hub.evals.filters import AXES, Filters
from hub.evals.frontier import front_of
from hub.evals.models import Evaluation
from hub.evals.twins import Reader
from workers.contracts.benchmarks import Definition
from workers.contracts.tasks import Metric, metric_get
from workers.statistics.noise import NoiseFloor, noise_floor

ENTRIES = 1000
_HEAVY = ("words", "card", "gate_terms", "disabled_reason", "tags", "languages")
PARENT_RELATIONS = ("merge_of", "finetune_of", "adapter_of", "quantized_of", "delta_of", "base")


@dataclass(frozen=True)
class Row:
    """One model. `costs` by axis, None where not known; `front` are the axes on whose Pareto front it is.

    `rank` are the places that it may hold among the public entries, None until they were worked out. `parents` are entries of
    this board that it was made of. `is_head`: what was measured is what the repo holds now.
    """

    evaluation: Evaluation
    repo: Repo
    score: float | None
    low: float | None
    high: float | None
    n: int
    rank: tuple[int, int] | None
    costs: dict[str, float | None]
    measured_at: datetime
    is_head: bool
    parents: tuple[str, ...] = ()
    is_parent: bool = False
    front: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.repo.full_name

    @property
    def invalid(self) -> str:
        return self.evaluation.invalid


@dataclass(frozen=True)
class Leaderboard:
    """`total` counts all entries that the reader may see, `rows` are those that the filters let through.

    `noise` is how far two runs of one model lie apart, None where nothing was run twice. `choices` are the values that
    licence and artifact have here. `is_cut`: there are more than are shown.
    """

    version: BenchmarkVersion
    definition: Definition
    metric: Metric
    rows: tuple[Row, ...]
    total: int
    hidden_invalid: int
    noise: NoiseFloor | None
    choices: dict[str, tuple[str, ...]]
    is_cut: bool = False

    def front(self, axis: str) -> tuple[Row, ...]:
        """The entries that nothing cheaper beats, cheapest first."""
        return tuple(sorted((row for row in self.rows if axis in row.front), key=lambda row: row.costs[axis] or 0))


def leaderboard(
    *, user: Reader, version: BenchmarkVersion, filters: Filters | None = None, sort: str = "score"
) -> Leaderboard:
    """The board of `version` as `user` may see it. `version` comes from a selector that asked for its data already."""
    filters = filters or Filters()
    definition = Definition.model_validate(version.definition)
    metric = metric_get(metric_first(definition))
    found = list(entries_of(version.digest, user=user)[: ENTRIES + 1])
    current, is_ranked = _current(found), metric_ranked(version.digest) == metric.name
    everything = [_row(evaluation, metric, evaluation.pk in current, is_ranked) for evaluation in found[:ENTRIES]]
    usable = [row for row in everything if filters.invalid or not row.invalid]
    rows = _with_parents([row for row in usable if _passes(row, filters)], usable)
    rows = _with_private_places(_with_fronts(rows, metric), everything, metric)
    return Leaderboard(
        version,
        definition,
        metric,
        tuple(_sorted(rows, sort, metric)),
        total=len(usable),
        hidden_invalid=len(everything) - len(usable),
        noise=noise_of(version.digest, metric, user=user),
        choices={
            "licence": tuple(sorted({row.repo.licence for row in usable if row.repo.licence})),
            "artifact": tuple(sorted({row.repo.artifact for row in usable})),
        },
        is_cut=len(found) > ENTRIES,
    )


def entries_of(digest: str, *, user: Reader) -> QuerySet[Evaluation]:
    """One evaluation per model that `user` may see: of what the repo holds now where that was measured, else the newest."""
    return best_of_repos(Evaluation.objects.visible_to(user).filter(definition_digest=digest))


def best_of_repos(rows: QuerySet[Evaluation]) -> QuerySet[Evaluation]:
    is_head = ExpressionWrapper(Q(commit_oid=F("repo__head")), output_field=BooleanField())
    return (
        rows.select_related("repo", "standing")
        .defer("definition", *(f"repo__{name}" for name in _HEAVY))
        .order_by("repo_id", "invalid", is_head.desc(), "-created_at", "repeat")
        .distinct("repo_id")
    )


def metric_ranked(digest: str) -> str:
    """The metric that places of this definition are counted in: that of the benchmark it is called by; "" without one."""
    version = by_name(BenchmarkVersion.objects.filter(digest=digest)).first()
    return metric_first(Definition.model_validate(version.definition)) if version is not None else ""


def _current(rows: list[Evaluation]) -> set[UUID]:
    """Those that measured what the repo holds now: a later commit that changes words alone keeps its measurements."""
    moved = [row for row in rows if row.commit_oid != row.repo.head]
    commits = Commit.objects.filter(
        repo__in={row.repo_id for row in moved},
        oid__in={row.commit_oid for row in moved} | {row.repo.head for row in moved},
    )
    digests = {
        (repo, oid): digest for repo, oid, digest in commits.values_list("repo_id", "oid", "manifest__tensor_digest") if digest
    }  # fmt: skip
    older = {
        row.pk
        for row in moved
        if digests.get((row.repo_id, row.commit_oid), "a") != digests.get((row.repo_id, row.repo.head), "b")
    }
    return {row.pk for row in rows} - older


def _row(evaluation: Evaluation, metric: Metric, is_head: bool, is_ranked: bool) -> Row:
    value = evaluation.metrics.get(metric.name) or {}
    standing = getattr(evaluation, "standing", None)
    return Row(
        evaluation,
        evaluation.repo,
        value.get("value"),
        value.get("low"),
        value.get("high"),
        evaluation.examples,
        (standing.rank_low, standing.rank_high) if standing is not None and is_ranked else None,
        costs_of(evaluation),
        evaluation.created_at,
        is_head,
    )


def _with_private_places(rows: list[Row], everything: list[Row], metric: Metric) -> list[Row]:
    """Places of private entries count the private ones that this reader sees, too, by the intervals of their scores.

    SECURITY: what is kept counts public entries alone, so that no place tells of a model that one may not see.
    """
    private = [row for row in everything if row.repo.visibility != "public" and not row.invalid]

    def placed(row: Row) -> Row:
        if row.rank is None or row.repo.visibility == "public":
            return row
        others = [other for other in private if other.repo.pk != row.repo.pk]
        better = sum(_is_below(row, other, metric) for other in others)
        level = sum(not _is_below(row, other, metric) and not _is_below(other, row, metric) for other in others)
        return replace(row, rank=(row.rank[0] + better, row.rank[1] + better + level))

    return [placed(row) for row in rows]


def _is_below(row: Row, other: Row, metric: Metric) -> bool:
    """Whether the whole interval of `other` is better."""
    if row.low is None or row.high is None or other.low is None or other.high is None:
        return False
    return other.low > row.high if metric.higher_is_better else other.high < row.low


def costs_of(evaluation: Evaluation) -> dict[str, float | None]:
    """By axis. What the headers say stands in for what was not measured; a latency is only ever measured."""
    cost = evaluation.cost
    latency = cost.get("latency_ms")
    return {
        "parameters": _number(cost.get("parameters")) or _number(evaluation.repo.parameters),
        "flops": _number(cost.get("flops")),
        "latency": _number(latency.get("p50")) if isinstance(latency, dict) else None,
        "size": _number(cost.get("size_bytes")) or _number(evaluation.repo.size_bytes),
    }


def _number(value: Any) -> float | None:
    """None also for nothing: no model has no parameters."""
    return value if isinstance(value, int | float) and value > 0 else None


def _passes(row: Row, filters: Filters) -> bool:
    repo, costs = row.repo, row.costs
    words = f"{repo.full_name} {repo.summary} {repo.architecture}".lower()
    limits = (
        (costs["parameters"], filters.params_max),
        (costs["flops"], filters.flops_max),
        (costs["latency"], filters.latency_max),
        (costs["size"], filters.size_max),
    )
    bases = {base.partition("@")[0].lower() for base in repo.bases}
    return (
        all(word in words for word in filters.q.lower().split())
        and filters.licence.lower() in ("", repo.licence.lower())
        and filters.artifact in ("", repo.artifact)
        and (not filters.base or filters.base.lower() in bases | {repo.full_name.lower()})
        and (filters.params_min is None or (costs["parameters"] or 0) >= filters.params_min)
        and all(limit is None or (cost is not None and cost <= limit) for cost, limit in limits)
    )


def _with_parents(rows: list[Row], board: Iterable[Row]) -> list[Row]:
    """Marks who on the board was made of whom."""
    names = {row.repo.pk: row.name for row in board}
    at: dict[tuple[UUID, str], UUID] = {(row.repo.pk, row.evaluation.commit_oid): row.repo.pk for row in rows}
    edges = LineageEdge.objects.filter(
        child__repo_id__in=names, parent_repo_id__in=names, relation__in=PARENT_RELATIONS
    ).values_list("child__repo_id", "child__oid", "parent_repo_id")
    parents: dict[UUID, dict[str, None]] = {}
    for child, oid, parent in edges.order_by("position"):
        if (child, oid) in at and parent != child:
            parents.setdefault(child, {})[names[parent]] = None
    are_parents = {name for found in parents.values() for name in found}
    return [
        replace(row, parents=tuple(parents.get(row.repo.pk, ())), is_parent=row.name in are_parents) for row in rows
    ]


def _with_fronts(rows: list[Row], metric: Metric) -> list[Row]:
    fronts: list[set[str]] = [set() for _ in rows]
    for axis in AXES:
        points = [(row.costs[axis], None if row.invalid else row.score) for row in rows]
        for place, is_on in enumerate(front_of(points, higher_is_better=metric.higher_is_better)):
            if is_on:
                fronts[place].add(axis)
    return [replace(row, front=frozenset(front)) for row, front in zip(rows, fronts, strict=True)]


def _sorted(rows: list[Row], sort: str, metric: Metric) -> list[Row]:
    """Best first, cheapest first, newest first; `-` turns it round. What is not known comes last either way."""
    name, is_turned = sort.removeprefix("-"), sort.startswith("-")
    key = _KEYS.get(name) or (lambda row: row.costs[name])
    # for scores a plain sort gives the lowest first, which is the best where lower is better
    is_descending = name == "measured" or (name == "score" and metric.higher_is_better)
    rows = sorted(rows, key=lambda row: row.name.lower())
    known = sorted((row for row in rows if key(row) is not None), key=key, reverse=is_descending != is_turned)
    return [*known, *(row for row in rows if key(row) is None)]


_KEYS: dict[str, Callable[[Row], Any]] = {
    "score": lambda row: None if row.invalid else row.score,
    "rank": lambda row: row.rank,
    "name": lambda row: row.name.lower(),
    "measured": lambda row: row.measured_at,
}


def noise_of(digest: str, metric: Metric, *, user: Reader) -> NoiseFloor | None:
    """From every model that was run more than once on the same weights."""
    value = Cast(KeyTextTransform("value", KeyTransform(metric.name, "metrics")), FloatField())
    again = (
        Evaluation.objects.visible_to(user)
        .filter(definition_digest=digest, invalid="")
        .order_by("repo_id", "commit_oid")
        .values("repo_id", "commit_oid")
        .annotate(runs=Count("pk"))
        .filter(runs__gt=1)
        .annotate(scores=ArrayAgg(value))
        .values_list("scores", flat=True)
    )
    return noise_floor([[score for score in scores if score is not None] for scores in again[:ENTRIES]])
