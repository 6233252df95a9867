"""The hub's first merge that was measured beside its parents: the proof on the first page and on the sign-in page."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from hub.catalog.models import Repo
from hub.catalog.selectors import commit_resolve
from hub.evals.selectors import Comparison
from hub.pages.charts import promise
from hub.pages.measured import Measured, measured_of, short
from hub.pages.numbers import percent


@dataclass(frozen=True)
class Showcase:
    repo: Repo
    job_number: int
    measured: Measured
    promise: SafeString
    promise_words: str


def _first_measured_merge(user) -> tuple[Repo, int] | None:
    repos = Repo.objects.visible_to(user, "read").filter(
        type="model",
        visibility="public",
        job_outputs__role="result",
        job_outputs__job__kind="merge",
        evaluations__isnull=False,
    )
    row = repos.order_by("job_outputs__job__number").values_list("pk", "job_outputs__job__number").first()
    if row is None:
        return None
    return Repo.objects.visible_to(user, "read").select_related("namespace").get(pk=row[0]), row[1]


def _promise_words(comparison: Comparison) -> str:
    parents = sorted((model.mean.value for model in comparison.parents), reverse=True)
    figures = [percent(value, unit=False) for value in parents]
    listed = " and ".join(", ".join(figures).rsplit(", ", 1))
    return f"The first merge on this hub: {percent(comparison.child.mean.value)}, parents {listed}\u00a0%."


def showcase(user) -> Showcase | None:
    """None until a merge has been measured."""
    found = _first_measured_merge(user)
    if found is None:
        return None
    repo, job_number = found
    measured = measured_of(repo, commit_resolve(repo, repo.default_branch), user=user)
    if measured is None:
        return None
    comparison = measured.comparison
    points = [
        promise.Parent(short(model.reference).rpartition("-")[2], model.mean.value) for model in comparison.parents
    ]
    child = comparison.child.mean
    drawn = promise.draw(points[:5], child.value, child.low, child.high, "Parents and their merge on one ruler")
    return Showcase(repo, job_number, measured, drawn, _promise_words(comparison))
