"""What a job's child is told beside its request: made fresh at each claim, kept nowhere."""

from importlib import import_module

from hub.jobs.models import Job
from workers.contracts.kinds import kind_get


def job_briefing(*, job: Job) -> bytes:
    """The briefing of the job's kind; b"" for kinds without one. An ApplicationError says why the job cannot run any more."""
    kind = kind_get(job.kind)
    if kind is None or not kind.briefing:
        return b""
    module, _, name = kind.briefing.partition(":")
    return bytes(getattr(import_module(module), name)(job=job))
