"""Works comparisons and places out ahead of the first reader, in a worker: the web then only reads them, and loads no arrays."""

from celery import shared_task

from hub.accounts.models import User
from hub.catalog.models import Commit, LineageEdge
from hub.evals.comparing import RELATIONS, comparison_of
from hub.evals.models import Evaluation

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


@shared_task(name="hub.rank", **_KEPT)
def rank(digest: str) -> None:
    """The places on every leaderboard of this definition."""
    # Arrays are loaded here only: whoever sends the task by its name stays small.
    from hub.evals.standings import standings_update

    standings_update(digest)
