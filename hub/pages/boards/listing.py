"""Every leaderboard in one line: who leads, by how much one can be sure of it, and how many were measured."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, OuterRef, QuerySet, Subquery

from hub.benchmarks.definitions import metric_first
from hub.benchmarks.models import BenchmarkVersion
from hub.evals.models import Evaluation
from hub.pages.benchmarks.showing import definition_read
from hub.pages.measures import metric_of, task_word
from workers.contracts.tasks import Metric


@dataclass(frozen=True)
class BoardLine:
    """`leader` is the newest measurement with the best score, None where nothing that the asker may see was measured."""

    version: BenchmarkVersion
    task: str
    metric: Metric
    entries: int = 0
    leader: Evaluation | None = None


def _usable(user: Any) -> QuerySet[Evaluation]:
    return Evaluation.objects.visible_to(user).filter(invalid="", score__isnull=False, commit_oid=F("repo__head"))


def board_lines(versions: list[BenchmarkVersion], *, user: Any) -> list[BoardLine]:
    """In three questions, however many boards there are. Those that have entries come first."""
    digests = [version.digest for version in versions]
    rows = _usable(user).filter(definition_digest__in=digests)
    counts = dict(
        rows.order_by().values("definition_digest").annotate(count=Count("repo", distinct=True)).values_list("definition_digest", "count")
    )  # fmt: skip
    leaders = _leaders(versions, user)
    lines = [
        BoardLine(
            version,
            task_word(version.task),
            _metric(version),
            counts.get(version.digest, 0),
            leaders.get(version.digest),
        )
        for version in versions
    ]
    return sorted(lines, key=lambda line: (not line.entries, line.version.benchmark.title.lower()))


def _metric(version: BenchmarkVersion) -> Metric:
    return metric_of(metric_first(definition_read(version)))


def _leaders(versions: list[BenchmarkVersion], user: Any) -> dict[str, Evaluation]:
    wanted: list[Any] = []
    for is_higher in (True, False):
        here = [version.pk for version in versions if _metric(version).higher_is_better is is_higher]
        order = F("score").desc() if is_higher else F("score").asc()
        same = (
            _usable(user).filter(definition_digest=OuterRef("digest")).order_by(order, "-created_at").values("pk")[:1]
        )
        wanted += BenchmarkVersion.objects.filter(pk__in=here).values_list(Subquery(same), flat=True) if here else []
    rows = Evaluation.objects.filter(pk__in=[pk for pk in wanted if pk]).select_related("repo")
    return {row.definition_digest: row for row in rows.defer("repo__words", "repo__card")}
