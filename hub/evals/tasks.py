"""Works comparisons and places out ahead of the first reader, in a worker: the web then only reads them, and loads no arrays."""

import logging

from celery import shared_task

from hub.accounts.models import User
from hub.benchmarks.models import BenchmarkVersion
from hub.catalog.models import Commit, LineageEdge
from hub.core.errors import ApplicationError
from hub.evals.comparing import RELATIONS, comparison_of, pairs_with_parents
from hub.evals.means import means_of_results
from hub.evals.models import Evaluation
from hub.evals.pairs import pair_of

logger = logging.getLogger(__name__)

_KEPT = {
    "acks_late": True,
    "reject_on_worker_lost": True,
    "soft_time_limit": 540,
    "time_limit": 600,
    "ignore_result": True,
}


@shared_task(name="hub.compare", **_KEPT)
def compare(job_id: str) -> None:
    """Every measured commit of an evaluation that has parents, as its asker sees it and as everybody does."""
    rows = Evaluation.objects.filter(job_id=job_id).select_related("repo", "job")
    asker = User.objects.filter(jobs=job_id).first()
    measured = {(row.repo, row.commit_oid) for row in rows}
    for repo, oid in measured:
        commit = Commit.objects.filter(repo=repo, oid=oid).first()
        if commit is None or not LineageEdge.objects.filter(child=commit, relation__in=RELATIONS).exists():
            continue
        for reader in (asker, None):
            comparison_of(repo, commit, user=reader)
        for first, second in pairs_with_parents(repo, commit, user=asker):
            _pair_keep(first, second)


@shared_task(name="hub.rank", **_KEPT)
def rank(digest: str) -> None:
    """The places on every leaderboard of this definition."""
    # Arrays are loaded here only: whoever sends the task by its name stays small.
    from hub.evals.standings import standings_update

    standings_update(digest)


@shared_task(name="hub.pair", **_KEPT)
def pair(first_id: str, second_id: str) -> None:
    """Two results side by side, for whoever asked. Nobody reads it here: rights are looked at where it is read."""
    rows = Evaluation.objects.select_related("predictions").in_bulk([first_id, second_id])
    found = {str(pk): row for pk, row in rows.items()}
    if {first_id, second_id} <= set(found):
        _pair_keep(found[first_id], found[second_id])


@shared_task(name="hub.means", **_KEPT)
def means(models: list[list[str]], metric: str) -> None:
    """The means of several models over several datasets, for whoever asked. Nobody reads it here, as above."""
    rows = Evaluation.objects.select_related("predictions").in_bulk([pk for results in models for pk in results])
    found = {str(pk): row for pk, row in rows.items()}
    if all(pk in found for results in models for pk in results):
        means_of_results([[found[pk] for pk in results] for results in models], metric)


def _pair_keep(first: Evaluation, second: Evaluation) -> None:
    try:
        pair_of(first, second)
    except ApplicationError as error:
        logger.info("not put side by side: %s", error.message)


@shared_task(name="hub.rank_all", **_KEPT)
def rank_all() -> None:
    """Every night: entries have meanwhile been hidden, deleted, or shown to everybody, and nobody rang for that."""
    digests = BenchmarkVersion.objects.filter(retired="").values_list("digest", flat=True).distinct()
    for digest in digests.filter(digest__in=Evaluation.objects.values("definition_digest")):
        rank.delay(digest)
