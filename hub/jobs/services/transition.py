"""The one door through which a job changes its state. Event, webhook deliveries and notice go in with the same transaction."""

from typing import Any

from django.db.models.functions import Now

from hub.core.errors import Conflict
from hub.jobs import bell
from hub.jobs.models import Job, JobEvent
from hub.jobs.services.notices import notice_add
from hub.jobs.services.webhooks import deliveries_add
from hub.jobs.states import ALLOWED, FINAL, State, public_state


def state_announce(job: Job) -> None:
    """Writes down that the job is in its state now: event, deliveries, and a notice when it ended."""
    data: dict[str, Any] = {"state": public_state(job.state)}
    if job.error:
        data["error"] = {key: job.error.get(key) for key in ("code", "message")}
    event = JobEvent.objects.create(job=job, attempt=job.attempt, type="state", data=data)
    deliveries_add(job=job, event=event)
    if job.state in FINAL:
        notice_add(job=job)


def job_transition(*, job: Job, to: State, **changes: Any) -> Job:
    """Moves `job`, whose row the caller has locked, to state `to`, and writes `changes` with it.

    Leaving the active states gives up the lease; `lease_owner` stays, so that whoever held it last can be told from others.
    """
    before = State(job.state)
    if to not in ALLOWED[before]:
        raise Conflict(f"Job {job.number} is {before.label.lower()} and cannot become {to.label.lower()}.")
    job.state = to
    for name, value in changes.items():
        setattr(job, name, value)
    if to not in (State.RUNNING, State.CANCELLING):
        job.lease_until = job.lease_pid = job.lease_started = None
        job.lease_host = ""
        changes |= dict.fromkeys(("lease_until", "lease_pid", "lease_started", "lease_host"))
    if to in FINAL:
        job.finished_at = Now()
        changes["finished_at"] = None
    job.save(update_fields=["state", "updated_at", *changes])
    job.refresh_from_db()
    state_announce(job)
    if to == State.QUEUED or to in FINAL:
        bell.ring(job.queue)  # a slot, or a place under the owner's quota, may be free now
    if to in FINAL:
        _dependents_wake(job)
    return job


def _dependents_wake(job: Job) -> None:
    for dependent in job.dependents.select_for_update(of=("self",)).filter(state=State.WAITING).order_by("id"):
        job_wake(job=dependent)


def job_wake(*, job: Job) -> Job:
    """A waiting job whose dependencies have all ended is queued, or fails when one of them did not succeed."""
    others = list(job.depends_on.order_by("number").values_list("number", "state"))
    lost = [(number, state) for number, state in others if state in FINAL and state != State.SUCCEEDED]
    if lost:
        number, state = lost[0]
        message = f"Job {number}, which this one waits for, ended {State(state).label.lower()}. Retry that one, then this one."
        return job_transition(
            job=job, to=State.FAILED, error={"code": "dependency", "message": message, "findings": []}
        )
    if all(state == State.SUCCEEDED for _, state in others):
        return job_transition(job=job, to=State.QUEUED)
    return job
