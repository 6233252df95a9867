"""A job that waited for its inputs gets the request that was not possible before."""

from hub.jobs.models import Job
from hub.jobs.services.submitting import inputs_add, request_hash_make
from hub.jobs.services.transition import job_transition
from hub.jobs.states import State
from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.contracts.jobs import JobRequest
from workers.contracts.kinds import kind_get
from workers.contracts.plans import Check


def job_resolve(*, job: Job, request: JobRequest, check: Check) -> Job:
    """Writes the request of a job that has not run, as if it were submitted now. The caller has locked the row."""
    kind = kind_get(request.kind)
    job.request = request.model_dump(mode="json", by_alias=True)
    job.request_hash = request_hash_make(request)
    job.check_report = check.model_dump(mode="json", by_alias=True, exclude={"plan"})
    job.needs_memory_bytes = check.estimate.memory_bytes
    job.queue = "gpu" if request.device.startswith("cuda") else kind.queue if kind is not None else job.queue
    job.save(update_fields=["request", "request_hash", "check_report", "needs_memory_bytes", "queue", "updated_at"])
    job.inputs.all().delete()
    inputs_add(job, request)
    return job


def job_refuse(*, job: Job, message: str, findings: tuple[Finding, ...]) -> Job:
    """What came makes the recipe impossible: the waiting job fails with the findings that a check would have given."""
    error = {
        "code": UserError.code,
        "message": message,
        "findings": [finding.model_dump(mode="json") for finding in findings],
    }
    return job_transition(job=job, to=State.FAILED, error=error)
