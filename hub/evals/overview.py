"""Every leaderboard in a line: how many entries it has, and who leads. Three questions, however many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import BooleanField, Count, ExpressionWrapper, F, Q

from hub.benchmarks.definitions import metric_first
from hub.benchmarks.models import BenchmarkVersion
from hub.benchmarks.selectors import versions_visible
from hub.evals.models import Evaluation
from hub.evals.twins import Reader
from workers.contracts.benchmarks import Definition
from workers.contracts.tasks import Metric, metric_get


@dataclass(frozen=True)
class Leader:
    name: str
    score: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class BoardLine:
    """`leader` is None where nothing that the reader may see was measured; `level` others have exactly its score.

    `older` are (number, entries) of measured versions before one that nobody measured yet.
    """

    version: BenchmarkVersion
    metric: Metric
    entries: int
    leader: Leader | None
    measured_at: datetime | None
    level: int = 0
    older: tuple[tuple[int, int], ...] = ()


def boards_overview(*, user: Reader, versions: Sequence[BenchmarkVersion]) -> list[BoardLine]:
    """One line per version, in their order. `versions` come from a selector that asked for their data already."""
    is_head = ExpressionWrapper(Q(commit_oid=F("repo__head")), output_field=BooleanField())
    rows = (
        Evaluation.objects.visible_to(user)
        .filter(definition_digest__in={version.digest for version in versions}, invalid="")
        .order_by("definition_digest", "repo_id", is_head.desc(), "-created_at", "repeat")
        .distinct("definition_digest", "repo_id")
        .values_list("definition_digest", "repo__full_name", "metrics", "created_at")
    )
    found: dict[str, list[tuple[str, dict[str, dict[str, float | None]], datetime]]] = {}
    for digest, name, metrics, at in rows:
        found.setdefault(digest, []).append((name, metrics, at))
    older = _older(user, [version for version in versions if version.digest not in found])
    return [_line(version, found.get(version.digest, []), older.get(version.benchmark_id, ())) for version in versions]


def _older(user: Reader, versions: Sequence[BenchmarkVersion]) -> dict[UUID, tuple[tuple[int, int], ...]]:
    """By benchmark, newest first, what was measured of the versions before these."""
    newest = {version.benchmark_id: version.number for version in versions if version.number > 1}
    if not newest:
        return {}
    rows = [row for row in versions_visible(user).filter(benchmark__in=newest) if row.number < newest[row.benchmark_id]]
    counted = (
        Evaluation.objects.visible_to(user)
        .filter(definition_digest__in={row.digest for row in rows}, invalid="")
        .values_list("definition_digest")
        .annotate(entries=Count("repo", distinct=True))
    )
    entries = dict(counted)
    found: dict[UUID, tuple[tuple[int, int], ...]] = {}
    for row in sorted(rows, key=lambda row: -row.number):
        if entries.get(row.digest):
            found[row.benchmark_id] = (*found.get(row.benchmark_id, ()), (row.number, entries[row.digest]))
    return found


def _line(
    version: BenchmarkVersion,
    entries: Sequence[tuple[str, dict[str, dict[str, float | None]], datetime]],
    older: tuple[tuple[int, int], ...],
) -> BoardLine:
    metric = metric_get(metric_first(Definition.model_validate(version.definition)))
    leaders = []
    for name, metrics, _ in entries:
        value = metrics.get(metric.name) or {}
        score = value.get("value")
        if score is not None:
            leaders.append(Leader(name, score, value.get("low"), value.get("high")))
    leaders.sort(key=lambda leader: (-leader.score if metric.higher_is_better else leader.score, leader.name.lower()))
    return BoardLine(
        version,
        metric,
        len(entries),
        leaders[0] if leaders else None,
        max((at for _, _, at in entries), default=None),
        sum(leader.score == leaders[0].score for leader in leaders[1:]) if leaders else 0,
        older,
    )
