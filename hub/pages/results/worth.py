"""What an entry is worth beside its parents, in a few lines: for its lineage, and for the job that made it."""

from dataclasses import dataclass
from typing import Any

from hub.catalog.models import Commit, Repo
from hub.evals.records import Comparison
from hub.jobs.models import Job
from hub.jobs.states import FINAL, State
from hub.pages.comparing import comparison_for
from hub.pages.entry import address
from hub.pages.measured import domain_words, short
from hub.pages.measures import metric_of, score_words
from hub.pages.results.apart import parents_apart
from hub.pages.results.saying import Difference, difference_of
from hub.pages.words import plural
from workers.contracts.tasks import Metric


@dataclass(frozen=True)
class WorthLine:
    """The entry on one dataset, or in the mean, against the parent that is best there."""

    word: str
    value: str
    difference: Difference
    parent: str


@dataclass(frozen=True)
class Worth:
    """`url` leads to everything that was measured; `note` says over how much."""

    metric: Metric
    lines: tuple[WorthLine, ...]
    note: str
    url: str


def worth_of(repo: Repo, commit: Commit, *, user: Any) -> Worth | None:
    """None where it was not measured on what a parent was measured on, as far as `user` may see."""
    comparison = comparison_for(repo, commit, user=user)
    if comparison is None:
        return None
    metric = metric_of(comparison.metric)
    lines = [*_mean(comparison, metric), *_domains(comparison, metric)]
    return Worth(metric, tuple(lines), _note(comparison), address(repo, "evaluations"))


def job_worth(job: Job, user: Any) -> dict[str, Any]:
    """For the page of a job that made an entry: what it is worth, or the job that measures it just now."""
    if job.state != State.SUCCEEDED:
        return {}
    output = job.outputs.filter(role="result").select_related("repo", "commit").order_by("position").first()
    if output is None or output.repo is None or output.commit is None:
        return {}
    # SECURITY: who may see the job need not be let in to what it made.
    if not Repo.objects.visible_to(user, "read").filter(pk=output.repo.pk).exists():
        return {}
    worth = worth_of(output.repo, output.commit, user=user)
    if worth is not None:
        return {"worth": worth}
    return {
        "measuring": job.children.filter(kind="evaluate").exclude(state__in=FINAL).order_by("number").first(),
        "apart": parents_apart(job, output.commit, user=user),
    }


def _mean(comparison: Comparison, metric: Metric) -> list[WorthLine]:
    gain, count = difference_of(comparison.gain, metric), len(comparison.domains)
    if gain is None or count < 2:
        return []
    word = f"mean of {count} {plural(count, 'dataset', 'datasets')}"
    return [WorthLine(word, score_words(comparison.child.mean.value, metric), gain, short(comparison.best_parent))]


def _domains(comparison: Comparison, metric: Metric) -> list[WorthLine]:
    words = dict(zip(comparison.domains, domain_words(list(comparison.domains)), strict=True))
    found = []
    for row in comparison.given_up:
        shown, score = difference_of(row.difference, metric), comparison.child.per_domain[row.data]
        if shown is not None:
            found.append(WorthLine(words[row.data], score_words(score.accuracy, metric), shown, short(row.parent)))
    return found


def _note(comparison: Comparison) -> str:
    """Gains of one seed may be those of its draw."""
    seeds = len(comparison.seeds)
    return f"mean of {seeds} seeds" if seeds > 1 else "one seed"
