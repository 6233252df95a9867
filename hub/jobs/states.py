"""The state machine of a job, in one table. A database constraint holds the names, `job_transition` the arrows."""

from django.db import models


class State(models.TextChoices):
    WAITING = "waiting", "Waiting"  # for the jobs it depends on; holds no slot. Shown outside as queued
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    CANCELLING = "cancelling", "Cancelling"  # asked to stop; the process may still be there
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"  # the asker's fault, with findings
    ERRORED = "errored", "Errored"  # ours
    CANCELLED = "cancelled", "Cancelled"  # the process is gone


STATES = tuple(State)
ACTIVE = (State.RUNNING, State.CANCELLING)
FINAL = (State.SUCCEEDED, State.FAILED, State.ERRORED, State.CANCELLED)

ALLOWED: dict[State, tuple[State, ...]] = {
    State.WAITING: (State.QUEUED, State.CANCELLED, State.FAILED),
    State.QUEUED: (State.RUNNING, State.CANCELLED, State.FAILED),
    State.RUNNING: (State.SUCCEEDED, State.FAILED, State.ERRORED, State.CANCELLING, State.QUEUED),
    State.CANCELLING: (State.CANCELLED, State.SUCCEEDED),
    State.SUCCEEDED: (),
    State.FAILED: (State.QUEUED, State.WAITING),
    State.ERRORED: (State.QUEUED,),
    State.CANCELLED: (State.QUEUED,),
}


def public_state(state: str) -> str:
    """The name shown outside: `waiting` is `queued` there."""
    return State.QUEUED.value if state == State.WAITING else state
