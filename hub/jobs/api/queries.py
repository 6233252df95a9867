"""Reads that only the JSON of jobs needs."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from hub.accounts.models import User
from hub.blobs.models import Blob
from hub.catalog.models import Repo
from hub.core.errors import NotFound
from hub.jobs.models import Job, JobOutput
from hub.jobs.services.claiming import claimable

PLACES_LIMIT = 1000


def queue_places(queues: Iterable[str]) -> dict[UUID, int]:
    """Place in line of every queued job, one query per queue."""
    places: dict[UUID, int] = {}
    for queue in queues:
        order = claimable([queue]).values_list("pk", flat=True)[:PLACES_LIMIT]
        places |= {key: position for position, key in enumerate(order, start=1)}
    return places


def outputs_of(job: Job, *, user: User) -> list[JobOutput]:
    """What the job left, less results in repos that `user` may no longer see."""
    visible = Q(repo=None) | Q(repo__in=Repo.objects.visible_to(user, "read"))
    return list(job.outputs.filter(visible).select_related("repo", "commit", "blob").order_by("role", "position"))


def results_of(jobs: Iterable[Job]) -> dict[UUID, dict[str, str]]:
    """The first result of each job that has one."""
    rows = JobOutput.objects.filter(
        job__in=[job.pk for job in jobs], role="result", repo__isnull=False, commit__isnull=False
    )
    named = rows.order_by("-position").values_list("job_id", "repo__full_name", "commit__oid")
    return {job: {"repo": repo, "commit": commit} for job, repo, commit in named}


def output_file(job: Job, path: str) -> Blob:
    output = job.outputs.filter(path=path, blob__isnull=False).select_related("blob").first()
    if output is None or output.blob is None:
        raise NotFound()
    return output.blob
