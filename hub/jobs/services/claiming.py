"""How a worker gets a job. One claim at a time, so that quotas hold; one statement decides which job it is."""

from collections.abc import Sequence

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Extract, Floor, Now

from hub.jobs.models import Job
from hub.jobs.rights import inputs_check
from hub.jobs.services.leases import LeaseOwner, lease_end
from hub.jobs.services.transition import job_transition
from hub.jobs.states import ACTIVE, State
from workers.contracts.errors import UserError

CLAIM_LOCK = 0x67656E65  # any number that no other advisory lock of ours uses
AGE_STEP_S = 3600  # an hour of waiting is worth one priority class: nothing starves


def claimable(queues: Sequence[str]) -> QuerySet[Job]:
    """Queued jobs whose time has come and whose owner is below the quota, in the order in which they are taken."""
    running = (
        Job.objects.filter(owner=OuterRef("owner"), state__in=ACTIVE)
        .order_by()
        .values("owner")
        .annotate(n=Count("pk"))
        .values("n")
    )
    jobs: QuerySet[Job] = (
        Job.objects.filter(Q(not_before=None) | Q(not_before__lte=Now()), state=State.QUEUED, queue__in=list(queues))
        .annotate(
            owner_running=Coalesce(Subquery(running, output_field=IntegerField()), 0),
            urgency=F("priority") + Floor(Extract(Now() - F("created_at"), "epoch") / AGE_STEP_S),
        )
        .filter(owner_running__lt=settings.RUNNING_PER_OWNER)
        .order_by("-urgency", "owner_running", "created_at", "number")
    )
    return jobs


@transaction.atomic
def job_claim(*, worker: LeaseOwner, queues: Sequence[str], memory_bytes: int | None = None) -> Job | None:
    """Takes the next job that fits this worker and leases it; None when nothing fits.

    The advisory lock makes claims happen one after the other: SKIP LOCKED alone would let two claimers both find an
    owner just below the quota. `memory_bytes` is what the worker's host has; what its running jobs were estimated at is
    taken. A job whose inputs are no longer visible to its owner fails here, before it costs anything.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIM_LOCK])
    candidates = claimable(queues)
    if memory_bytes is not None:
        taken = (
            Job.objects.filter(lease_host=worker.host, state__in=ACTIVE).aggregate(sum=Sum("needs_memory_bytes"))["sum"]
            or 0
        )
        candidates = candidates.filter(needs_memory_bytes__lte=memory_bytes - taken)
    while True:
        job = candidates.select_for_update(skip_locked=True, of=("self",)).first()
        if job is None:
            return None
        findings = inputs_check(job=job)
        if findings:
            error = {
                "code": UserError.code,
                "message": findings[0].message,
                "findings": [finding.model_dump(mode="json") for finding in findings],
            }
            job_transition(job=job, to=State.FAILED, error=error)
            continue
        return job_transition(
            job=job,
            to=State.RUNNING,
            attempt=job.attempt + 1,
            lease_owner=worker.name,
            lease_host=worker.host,
            lease_pid=worker.pid,
            lease_started=worker.started,
            lease_until=lease_end(),
            started_at=job.started_at or Now(),
            not_before=None,
        )
