"""The hub's first merge that was measured beside its parents: the proof on the first page and on the sign-in page."""

from dataclasses import dataclass

from django.db.models import F
from django.utils.safestring import SafeString

from hub.catalog.models import Repo
from hub.evals.selectors import Comparison
from hub.pages.charts import promise
from hub.pages.entry import head_commit
from hub.pages.measured import Measured, measured_of, short
from hub.pages.numbers import percent


@dataclass(frozen=True)
class Showcase:
    repo: Repo
    job_number: int
    measured: Measured
    promise: SafeString
    promise_words: str


def _first_measured_merge(user) -> Repo | None:
    """With the number of the job that made it as `job_number`."""
    repos = Repo.objects.visible_to(user, "read").filter(
        type="model",
        visibility="public",
        job_outputs__role="result",
        job_outputs__job__kind="merge",
        evaluations__isnull=False,
    )
    return (
        repos.annotate(job_number=F("job_outputs__job__number"))
        .select_related("namespace")
        .order_by("job_number")
        .first()
    )


def _promise_words(comparison: Comparison) -> str:
    parents = sorted((model.mean.value for model in comparison.parents), reverse=True)
    figures = [percent(value, unit=False) for value in parents]
    listed = " and ".join(", ".join(figures).rsplit(", ", 1))
    return f"The first merge on this hub: {percent(comparison.child.mean.value)}, parents {listed}\u00a0%."


def showcase(user) -> Showcase | None:
    """None until a merge has been measured."""
    repo = _first_measured_merge(user)
    commit = head_commit(repo) if repo is not None else None
    if repo is None or commit is None:
        return None
    measured = measured_of(repo, commit, user=user)
    if measured is None:
        return None
    comparison = measured.comparison
    points = [
        promise.Parent(short(model.reference).rpartition("-")[2], model.mean.value) for model in comparison.parents
    ]
    child = comparison.child.mean
    drawn = promise.draw(points[:5], child.value, child.low, child.high, "Parents and their merge on one ruler")
    return Showcase(repo, repo.job_number, measured, drawn, _promise_words(comparison))
