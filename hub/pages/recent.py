"""What runs now and what came out lately, for the first page."""

from dataclasses import dataclass

from django.core.cache import cache

from hub.catalog.models import Repo
from hub.jobs.models import Job
from hub.jobs.states import ACTIVE
from hub.pages.comparing import comparison_for
from hub.pages.entry import head_commit
from hub.pages.progress import Progress, progress_of

SHOWN, FRESH_S = 5, 60
_ABSENT = "absent"


@dataclass(frozen=True)
class Result:
    """`difference` is the gain over the best parent, None where there is nothing to compare."""

    repo: Repo
    note: str
    difference: float | None


def running_now(user) -> list[tuple[Job, Progress]]:
    if not user.is_authenticated:
        return []
    jobs = Job.objects.visible_to(user).filter(owner=user, state__in=ACTIVE).order_by("-created_at")[:3]
    return [(job, progress_of(job)) for job in jobs]


def recent_results(user) -> list[Result]:
    """Newest entries that jobs made, with the paired gain where they were measured beside their parents."""
    repos = (
        Repo.objects.visible_to(user, "read")
        .filter(type="model", job_outputs__role="result")
        .defer("words", "card")
        .distinct()
        .order_by("-updated_at", "id")[:SHOWN]
    )
    return [Result(repo, repo.summary or "", _gain(repo, user)) for repo in repos]


def _gain(repo: Repo, user) -> float | None:
    """Kept for a minute per asker: SECURITY: which parents count depends on what they may see."""
    key = f"pages:gain:{repo.pk}:{repo.head}:{user.pk or 0}"
    known = cache.get(key, _ABSENT)
    if known != _ABSENT:
        return known
    commit = head_commit(repo)
    comparison = comparison_for(repo, commit, user=user) if commit is not None else None
    gain = comparison.gain.value if comparison is not None else None
    cache.set(key, gain, FRESH_S)
    return gain
