"""How an attempt ends without a result: whose fault it was decides what becomes of the job."""

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from hub.catalog.json_safe import json_safe
from hub.jobs.models import Job
from hub.jobs.services.leases import LeaseLost, held
from hub.jobs.services.reporting import paths_strip
from hub.jobs.services.transition import job_transition
from hub.jobs.states import State
from workers.contracts.errors import Cancelled, ResourceError, TransientError, UserError
from workers.contracts.findings import Finding
from workers.contracts.kinds import kind_get

PAUSES_S = (10, 60, 300)
RETRIED_AT_ONCE = ("killed", "hung")
SUMMED = ("wall_s", "cpu_s", "read_bytes", "write_bytes")


def cost_add(before: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Costs of all attempts together: sums, and of memory the highest peak."""
    total: dict[str, Any] = dict(before)
    for name, value in more.items():
        total[name] = total.get(name, 0) + value if name in SUMMED else max(total.get(name, 0), value)
    return total


def job_take(*, job_id: UUID, attempt: int, lease_owner: str) -> Job:
    """The job's row, locked, if this attempt still holds it; else LeaseLost."""
    job = (
        held(job_id=job_id, attempt=attempt, lease_owner=lease_owner)
        .select_for_update(of=("self",))
        .select_related("owner")
        .first()
    )
    if job is None:
        raise LeaseLost(str(job_id))
    return job


@transaction.atomic
def job_fail(
    *,
    job_id: UUID,
    attempt: int,
    lease_owner: str,
    code: str,
    message: str,
    findings: Sequence[Finding] = (),
    traceback: str = "",
    cost: Mapping[str, Any] | None = None,
) -> Job:
    """Ends the attempt. `code` is one of `workers.contracts.errors`, or `killed`, `hung`, `limit`, `bug`.

    A cancelled job is cancelled whatever else went wrong. User errors are never tried again; lack of memory or disk once,
    with half the memory; hiccups with growing pauses; a lost or hanging process at once; our own bugs not at all.
    """
    job = job_take(job_id=job_id, attempt=attempt, lease_owner=lease_owner)
    error = {
        "code": code,
        "message": paths_strip(message),
        "findings": json_safe([finding.model_dump(mode="json") for finding in findings]),
    }
    changes: dict[str, Any] = {
        "error": error,
        "traceback": paths_strip(traceback)[-65536:],
        "cost": cost_add(job.cost, cost or {}),
    }
    if code == Cancelled.code or job.state == State.CANCELLING:
        if job.state == State.RUNNING:
            job = job_transition(job=job, to=State.CANCELLING, cancel_requested_at=Now())
        return job_transition(job=job, to=State.CANCELLED, cost=changes["cost"], error={}, traceback="")
    if code == UserError.code:
        job = job_transition(job=job, to=State.FAILED, **changes)
        _hook_call(job)
        return job
    is_left = attempt < job.max_attempts
    if code == ResourceError.code and is_left and job.error.get("code") != code:
        return job_transition(job=job, to=State.QUEUED, request=_with_less_memory(job), **changes)
    if code == TransientError.code and is_left:
        pause = PAUSES_S[min(attempt, len(PAUSES_S)) - 1] * (1 + random.random() / 4)  # noqa: S311  (spreads retries, guards nothing)
        return job_transition(job=job, to=State.QUEUED, not_before=timezone.now() + timedelta(seconds=pause), **changes)
    if code in RETRIED_AT_ONCE and is_left:
        return job_transition(job=job, to=State.QUEUED, **changes)
    return job_transition(job=job, to=State.ERRORED, **changes)


def _hook_call(job: Job) -> None:
    kind = kind_get(job.kind)
    if kind is not None and kind.failed:
        module, _, name = kind.failed.partition(":")
        getattr(import_module(module), name)(job=job)


def _with_less_memory(job: Job) -> dict[str, Any]:
    estimate = job.check_report.get("estimate", {})
    before = job.request.get("memory_bytes") or job.cost.get("peak_memory_bytes") or estimate.get("memory_bytes", 0)
    # What is refused for too little memory would not be tried at all.
    least = max(estimate.get("least_memory_bytes", 0), 64 * 2**20)
    return {**job.request, "memory_bytes": max(before // 2, least)}


@transaction.atomic
def job_release(*, job_id: UUID, attempt: int, lease_owner: str, cost: Mapping[str, Any] | None = None) -> Job:
    """Gives the job back to the queue because the worker is stopping. That is no failure: one more attempt is allowed."""
    job = job_take(job_id=job_id, attempt=attempt, lease_owner=lease_owner)
    total = cost_add(job.cost, cost or {})
    if job.state == State.CANCELLING:
        return job_transition(job=job, to=State.CANCELLED, cost=total)
    return job_transition(job=job, to=State.QUEUED, cost=total, max_attempts=job.max_attempts + 1)
