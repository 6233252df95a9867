"""What runs now and what came out lately, for the first page."""

from dataclasses import dataclass

from hub.catalog.models import Repo
from hub.jobs.models import Job
from hub.jobs.states import ACTIVE
from hub.pages.progress import Progress, progress_of
from hub.pages.scores import scores_of

SHOWN = 5


@dataclass(frozen=True)
class Result:
    """`difference` is the mean against the best parent measured too, None where there is nothing to compare."""

    repo: Repo
    note: str
    difference: float | None


def running_now(user) -> list[tuple[Job, Progress]]:
    if not user.is_authenticated:
        return []
    jobs = Job.objects.visible_to(user).filter(owner=user, state__in=ACTIVE).order_by("-created_at")[:3]
    return [(job, progress_of(job)) for job in jobs]


def recent_results(user) -> list[Result]:
    """Newest entries that jobs made. The difference compares means of the same kind of number, cheaply; the entry's page has the paired interval."""
    repos = list(
        Repo.objects.visible_to(user, "read")
        .filter(type="model", job_outputs__role="result")
        .defer("words", "card")
        .distinct()
        .order_by("-updated_at", "id")[:SHOWN]
    )
    parents = _parents(repos)
    scores = scores_of([*repos, *(parent for found in parents.values() for parent in found)])
    return [_result(repo, parents.get(repo.pk, []), scores) for repo in repos]


def _parents(repos: list[Repo]) -> dict:
    """Parents recorded at the heads, by child. Only their means are used, no names are shown."""
    from hub.catalog.models import LineageEdge

    rows = LineageEdge.objects.filter(
        child__repo__in=repos,
        child__oid__in=[repo.head for repo in repos],
        relation__in=("merge_of", "finetune_of"),
        parent_repo__visibility="public",
    ).select_related("child", "parent_repo")
    found: dict = {}
    for row in rows:
        found.setdefault(row.child.repo_id, []).append(row.parent_repo)
    return found


def _result(repo: Repo, parents: list[Repo], scores: dict) -> Result:
    own = scores.get(repo.pk)
    rivals = [scores[parent.pk] for parent in parents if parent.pk in scores]
    comparable = own is not None and rivals and all(rival.datasets == own.datasets for rival in rivals)
    difference = own.mean - max(rival.mean for rival in rivals) if comparable and own is not None else None
    return Result(repo, repo.summary or "", difference)
