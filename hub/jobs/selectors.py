"""Reads of the ledger. Everything a person sees starts at `visible_to`."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from hub.accounts.models import User
from hub.core.errors import NotFound
from hub.jobs.models import Job, JobEvent, JobInput, JobLog, JobOutput, Notice, Webhook, Worker
from hub.jobs.services.claiming import claimable
from hub.jobs.states import ACTIVE, FINAL, State

WORKER_ALIVE = timedelta(seconds=60)
GIB = 2**30


def job_get(*, user: User, ident: str | int | UUID) -> Job:
    """By number (`14`) or by id. NotFound also for a job of somebody else."""
    jobs = Job.objects.visible_to(user).select_related("owner", "parent", "reproduces")
    text = str(ident)
    found: Job | None = None
    if text.isascii() and text.isdecimal() and len(text) < 19:
        found = jobs.filter(number=int(text)).first()
    else:
        try:
            found = jobs.filter(pk=UUID(text)).first()
        except ValueError:
            found = None
    if not isinstance(found, Job):
        raise NotFound()
    return found


def job_list(*, user: User, state: str = "", kind: str = "", owner: str = "", repo: str = "") -> QuerySet[Job]:
    """Newest first. `state` is a public name: `queued` also finds jobs that wait for others. `repo` finds what read or made it."""
    jobs = Job.objects.visible_to(user).select_related("owner").order_by("-created_at", "id")
    if state:
        jobs = jobs.filter(state__in=(State.QUEUED, State.WAITING) if state == State.QUEUED else (state,))
    if kind:
        jobs = jobs.filter(kind=kind)
    if owner:
        jobs = jobs.filter(owner__username__iexact=owner)
    if repo:
        read = Q(pk__in=JobInput.objects.filter(repo__full_name__iexact=repo).values("job_id"))
        jobs = jobs.filter(read | Q(pk__in=JobOutput.objects.filter(repo__full_name__iexact=repo).values("job_id")))
    return jobs


def events_after(job: Job, after: int = 0, limit: int = 500) -> list[JobEvent]:
    return list(JobEvent.objects.filter(job=job, pk__gt=after).order_by("pk")[:limit])


def log_after(job: Job, after: int = 0, limit: int = 1000) -> list[JobLog]:
    return list(JobLog.objects.filter(job=job, pk__gt=after).order_by("pk")[:limit])


def running_count(user: User) -> int:
    return Job.objects.filter(owner=user, state__in=ACTIVE).count()


def result_of(job: Job) -> dict[str, str] | None:
    """`{repo, commit}` of the first result, as far as it is still there."""
    output = job.outputs.filter(role="result").select_related("repo", "commit").order_by("position").first()
    if output is None or output.repo is None or output.commit is None:
        return None
    return {"repo": output.repo.full_name, "commit": output.commit.oid}


def notices_of(user: User, limit: int = 20, unread_only: bool = False) -> list[Notice]:
    notices = Notice.objects.filter(user=user).select_related("job").order_by("-pk")
    return list((notices.filter(read_at=None) if unread_only else notices)[:limit])


def webhooks_of(owner: User) -> QuerySet[Webhook]:
    return Webhook.objects.filter(owner=owner).order_by("created_at")


@dataclass(frozen=True)
class WorkerSeen:
    """A row of the workers screen. `is_alive`: it has reported within the last minute."""

    worker: Worker
    is_alive: bool


def workers_seen() -> list[WorkerSeen]:
    """Workers that reported within a day, the liveliest first."""
    now = timezone.now()
    rows = Worker.objects.filter(seen_at__gt=now - timedelta(days=1)).select_related("job").order_by("-seen_at")
    return [WorkerSeen(row, row.seen_at > now - WORKER_ALIVE) for row in rows]


def device_for(*, memory_bytes: int) -> str:
    """`cuda` when a worker with a GPU that holds so much has reported within the last minute, else `cpu`."""
    alive = Worker.objects.filter(seen_at__gt=timezone.now() - WORKER_ALIVE, vram_bytes__gte=max(memory_bytes, 1))
    return "cuda" if alive.filter(queues__contains=["gpu"]).exists() else "cpu"


def queue_of(job: Job) -> dict[str, Any]:
    """Where a queued job stands and what it waits for, in words; position None for a job that waits for nothing."""
    if job.state == State.WAITING:
        numbers = job.depends_on.exclude(state=State.SUCCEEDED).order_by("number").values_list("number", flat=True)
        return {"position": None, "reason": "waits for " + ", ".join(f"job {number}" for number in numbers)}
    if job.state != State.QUEUED:
        return {"position": None, "reason": ""}
    order = list(claimable([job.queue]).values_list("pk", flat=True)[:1000])
    position = order.index(job.pk) + 1 if job.pk in order else None
    return {"position": position, "reason": _reason(job, position)}


def _reason(job: Job, position: int | None) -> str:
    now = timezone.now()
    if job.not_before is not None and job.not_before > now:
        return f"tries again in about {max(1, round((job.not_before - now).total_seconds()))} s"
    if running_count(job.owner) >= settings.RUNNING_PER_OWNER:
        return f"waits until one of your {settings.RUNNING_PER_OWNER} running jobs ends"
    alive = [seen.worker for seen in workers_seen() if seen.is_alive and job.queue in seen.worker.queues]
    if not alive:
        return f"waits for a worker: none has reported for the queue {job.queue}"
    largest = max(worker.memory_bytes for worker in alive)
    if job.needs_memory_bytes > largest > 0:
        return f"needs {job.needs_memory_bytes / GIB:.1f} GiB of memory, the largest worker has {largest / GIB:.1f} GiB"
    if position is not None and position > 1:
        return f"waits for a free {job.queue.upper()} slot, {position - 1} before it"
    return f"waits for a free {job.queue.upper()} slot"


def job_reproducible(job: Job) -> bool:
    return job.state == State.SUCCEEDED and bool(job.tensor_digest)


def job_retryable(job: Job) -> bool:
    return job.state in (State.FAILED, State.ERRORED, State.CANCELLED)


def commits_in_use() -> set[tuple[UUID, str]]:
    """Repo and hash of every commit that an unfinished job reads: the garbage collection leaves those alone."""
    inputs = JobInput.objects.filter(repo__isnull=False).exclude(job__state__in=FINAL)
    return set(inputs.values_list("repo_id", "commit_oid"))
