"""What an attempt that ended left for the next one to go on from, as its checkpoints tell."""

from hub.jobs.models import Job, JobEvent
from hub.jobs.states import ACTIVE, State


def last_checkpoint(job: Job, *, before_attempt: int | None = None) -> str:
    """Its name, such as `step 364`; "" where there is none."""
    events = JobEvent.objects.filter(job=job, type="checkpoint")
    if before_attempt is not None:
        events = events.filter(attempt__lt=before_attempt)
    data = events.order_by("-pk").values_list("data", flat=True).first() or {}
    return str(data.get("unit") or "")


def again_words(job: Job) -> str:
    """Of a job whose last attempt broke off and that goes on: what became of it. "" for one that has ended, or never broke off."""
    if not job.error or not (job.state in ACTIVE or job.state == State.QUEUED):
        return ""
    begun = "It was started again" if job.state in ACTIVE else "It is back in the queue"
    unit = last_checkpoint(job, before_attempt=job.attempt if job.state in ACTIVE else None)
    from_where = f"from {unit}" if unit.startswith("step ") else "with what was done by then" if unit else ""
    goes_on = "goes on" if job.state in ACTIVE else "will go on"
    return f"{begun} and {goes_on} {from_where}." if from_where else f"{begun}."
