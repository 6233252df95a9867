"""Who holds a job: an owner of the lease, and the one filter that every write of a worker goes through."""

import os
import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import DateTimeField, ExpressionWrapper, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from hub.jobs.models import Job
from hub.jobs.states import ACTIVE


class LeaseLost(Exception):
    """Somebody else holds the job now, or nobody: the caller must stop and write nothing."""


@dataclass(frozen=True)
class LeaseOwner:
    """`started` is the start of the process in clock ticks since boot, so that a reused pid is not taken for it."""

    name: str
    host: str
    pid: int
    started: float | None


def process_started(pid: int) -> float | None:
    """Start time of a process in clock ticks since boot; None when there is no such process.

    Where the system has no /proc, 0.0 for every living process: pids then count alone.
    """
    if not Path("/proc/self/stat").exists():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except PermissionError:
            return 0.0
        return 0.0
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else float(fields[19])


def lease_owner_make() -> LeaseOwner:
    """The identity of this process, new at each call: host, pid and a random part."""
    host, pid = socket.gethostname(), os.getpid()
    return LeaseOwner(f"{host}:{pid}:{secrets.token_hex(4)}", host, pid, process_started(pid))


def database_time(seconds: float = 0.0) -> Combinable:
    """The database's clock, so many seconds from now. Host clocks decide nothing."""
    return ExpressionWrapper(Now() + Value(timedelta(seconds=seconds)), output_field=DateTimeField())


def lease_end() -> Combinable:
    return database_time(settings.LEASE_S)


def held(*, job_id: UUID, attempt: int, lease_owner: str) -> QuerySet[Job]:
    """The job, if this attempt of this owner still holds it. A late zombie finds nothing."""
    return Job.objects.filter(id=job_id, attempt=attempt, lease_owner=lease_owner, state__in=ACTIVE)
