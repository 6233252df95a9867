"""What sets right whatever a crash left behind. Every function may run at any time, twice at once, or half."""

import shutil
import socket
import time
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from hub.jobs.models import Job, JobLog, WebhookDelivery
from hub.jobs.services.leases import database_time, process_started
from hub.jobs.services.transition import job_transition, job_wake
from hub.jobs.states import ACTIVE, FINAL, State

KEEP_SCRATCH_S = 24 * 3600
KEEP_LOG_S = 30 * 24 * 3600
KEEP_DELIVERIES_S = 30 * 24 * 3600


def leases_sweep() -> int:
    """Frees the jobs whose lease ran out, and at once those whose process on this host is gone. Gives their number."""
    host = socket.gethostname()
    freed = 0
    for job_id in list(
        Job.objects.filter(Q(lease_until__lt=Now()) | Q(lease_host=host), state__in=ACTIVE).values_list("pk", flat=True)
    ):
        with transaction.atomic():
            rows = Job.objects.filter(Q(lease_until__lt=Now()) | Q(lease_host=host), pk=job_id, state__in=ACTIVE)
            job = rows.select_for_update(skip_locked=True, of=("self",)).first()
            if job is not None and (_is_gone(job, host) or rows.filter(lease_until__lt=Now()).exists()):
                _free(job)
                freed += 1
    return freed


def _is_gone(job: Job, host: str) -> bool:
    """Whether the process that holds the lease is certainly dead: it ran here, and pid or start time no longer match."""
    if job.lease_host != host or job.lease_pid is None:
        return False
    started = process_started(job.lease_pid)
    return started is None or (job.lease_started is not None and started != job.lease_started)


def _free(job: Job) -> None:
    if job.state == State.CANCELLING:
        job_transition(job=job, to=State.CANCELLED)
        return
    error = {"code": "lost", "message": "The worker that ran this job is gone.", "findings": []}
    if job.attempt < job.max_attempts:
        job_transition(job=job, to=State.QUEUED, error=error)
        return
    error["message"] = f"The worker that ran this job was lost {job.attempt} times. It is not tried again by itself."
    job_transition(job=job, to=State.ERRORED, error=error)


def waiting_sweep() -> int:
    """Wakes waiting jobs whose dependencies have ended, should nobody have told them. Gives the number looked at."""
    looked = 0
    for job_id in list(Job.objects.filter(state=State.WAITING).values_list("pk", flat=True)):
        with transaction.atomic():
            job = (
                Job.objects.select_for_update(skip_locked=True, of=("self",))
                .filter(pk=job_id, state=State.WAITING)
                .first()
            )
            if job is not None:
                job_wake(job=job)
                looked += 1
    return looked


def scratch_sweep(*, root: Path) -> int:
    """Deletes working folders of jobs that ended, or are unknown, a day ago. Gives their number."""
    if not root.is_dir():
        return 0
    folders: dict[UUID, Path] = {}
    for folder in root.iterdir():
        try:
            folders[UUID(folder.name)] = folder
        except ValueError:
            continue  # not one of ours
    unfinished = set(Job.objects.filter(pk__in=folders).exclude(state__in=FINAL).values_list("pk", flat=True))
    recent = set(
        Job.objects.filter(pk__in=folders, finished_at__gt=database_time(-KEEP_SCRATCH_S)).values_list("pk", flat=True)
    )
    deleted = 0
    for job_id, folder in folders.items():
        is_old = folder.lstat().st_mtime < time.time() - KEEP_SCRATCH_S
        if job_id not in unfinished and job_id not in recent and (is_old or Job.objects.filter(pk=job_id).exists()):
            shutil.rmtree(folder, ignore_errors=True)
            deleted += 1
    return deleted


def history_sweep() -> int:
    """Deletes log lines and closed webhook deliveries after thirty days. Gives the number of rows."""
    ended = Job.objects.filter(state__in=FINAL, finished_at__lt=database_time(-KEEP_LOG_S))
    lines, _ = JobLog.objects.filter(job__in=ended).delete()
    closed = Q(delivered_at__isnull=False) | Q(gave_up_at__isnull=False)
    deliveries, _ = WebhookDelivery.objects.filter(closed, created_at__lt=database_time(-KEEP_DELIVERIES_S)).delete()
    return lines + deliveries
