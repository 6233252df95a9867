"""What people do to a job: cancel it, run it again, check that it gives the same result twice."""

from django.db import transaction
from django.db.models.functions import Now

from hub.accounts.models import User
from hub.core.errors import Conflict, NotFound
from hub.jobs.models import Job
from hub.jobs.services.submitting import job_submit
from hub.jobs.services.transition import job_transition, job_wake
from hub.jobs.states import FINAL, State
from workers.contracts.jobs import JobRequest
from workers.contracts.kinds import kind_get
from workers.contracts.plans import Check


def _locked(user: User, job: Job) -> Job:
    row: Job | None = (
        Job.objects.visible_to(user, "write")
        .select_for_update(of=("self",))
        .select_related("owner")
        .filter(pk=job.pk)
        .first()
    )
    if row is None:
        raise NotFound()
    return row


@transaction.atomic
def job_cancel(*, user: User, job: Job) -> Job:
    """A job that holds no process is cancelled at once; a running one is asked to stop and is cancelled when its process is gone."""
    row = _locked(user, job)
    if row.state in FINAL:
        raise Conflict(f"Job {row.number} has ended already: {State(row.state).label.lower()}.")
    for child in row.children.select_for_update(of=("self",)).exclude(state__in=FINAL).order_by("number"):
        _stop(child)
    return _stop(row)


def _stop(job: Job) -> Job:
    if job.state in (State.WAITING, State.QUEUED):
        return job_transition(job=job, to=State.CANCELLED, cancel_requested_at=Now())
    if job.state == State.RUNNING:
        return job_transition(job=job, to=State.CANCELLING, cancel_requested_at=Now())
    return job


@transaction.atomic
def job_retry(*, user: User, job: Job, reproduce: bool = False) -> Job:
    """Puts a job that did not succeed back into the queue; with `reproduce`, runs one that did again and compares the digests."""
    row = _locked(user, job)
    if reproduce:
        return _reproduce(user, row)
    if row.state == State.SUCCEEDED:
        raise Conflict(f"Job {row.number} succeeded. Reproduce runs it again and compares the result.")
    if row.state not in FINAL:
        raise Conflict(f"Job {row.number} has not ended yet: {State(row.state).label.lower()}.")
    kind = kind_get(row.kind)
    more = kind.max_attempts if kind is not None else 1
    waits = row.state == State.FAILED and row.depends_on.exclude(state=State.SUCCEEDED).exists()
    if row.request.get("unresolved") and not waits:
        raise Conflict(f"The inputs of job {row.number} were never worked out. Submit its recipe again.")
    again = job_transition(
        job=row,
        to=State.WAITING if waits else State.QUEUED,
        max_attempts=row.attempt + more,
        error={},
        traceback="",
        progress={},
        not_before=None,
        cancel_requested_at=None,
        finished_at=None,
    )
    return job_wake(job=again) if waits else again


def _reproduce(user: User, original: Job) -> Job:
    if original.state != State.SUCCEEDED or not original.tensor_digest:
        raise Conflict(
            f"Job {original.number} has no weights to compare with. Only a job that succeeded and made weights can be reproduced."
        )
    first = original.reproduces or original
    request = JobRequest.model_validate({**first.request, "memory_bytes": None})
    check = Check.model_validate(first.check_report)
    title = f"Reproduction of job {first.number}"
    job, _ = job_submit(
        owner=user, request=request, title=title, check=check, force=True, reproduces=first, document=first.recipe
    )
    return job
