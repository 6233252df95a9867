"""What runs now and what came out lately, for the first page."""

from dataclasses import dataclass
from typing import Any

from django.core.cache import cache

from hub.catalog.models import Repo
from hub.jobs.models import Job, JobOutput
from hub.jobs.states import ACTIVE
from hub.pages.comparing import comparison_for
from hub.pages.entry import head_commit
from hub.pages.progress import Progress, progress_of
from hub.pages.templatetags.parts import job_what

SHOWN, FRESH_S = 5, 60
_ABSENT = "absent"


@dataclass(frozen=True)
class Result:
    """`note` says how it was made. `difference` is the gain over the best parent, None where there is nothing to compare."""

    repo: Repo
    note: str
    difference: float | None
    is_clear: bool = True


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
    notes = _notes(repos, user)
    return [
        Result(repo, notes.get(repo.pk) or first_sentence(repo.summary or ""), *_gain(repo, user)) for repo in repos
    ]


def first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".")


def _notes(repos, user) -> dict[Any, str]:
    """What the job did that made each. SECURITY: a title may name private inputs, so only of jobs the asker may see."""
    if not user.is_authenticated:
        return {}
    outputs = JobOutput.objects.filter(repo__in=list(repos), role="result", job__in=Job.objects.visible_to(user))
    return {
        output.repo_id: f"{job_what(output.job.title)} · job {output.job.number}"
        for output in outputs.select_related("job").order_by("job__number")
    }


def _gain(repo: Repo, user) -> tuple[float | None, bool]:
    """The gain, and whether it is more than chance. Kept for a minute per asker: SECURITY: which parents count depends on what they may see."""
    key = f"pages:gain:{repo.pk}:{repo.head}:{user.pk or 0}"
    known = cache.get(key, _ABSENT)
    if known != _ABSENT:
        return known
    commit = head_commit(repo)
    comparison = comparison_for(repo, commit, user=user) if commit is not None else None
    has_gain = comparison is not None and comparison.unit == "share"
    gain = (comparison.gain.value, not comparison.gain.includes_zero) if has_gain else (None, False)
    cache.set(key, gain, FRESH_S)
    return gain
