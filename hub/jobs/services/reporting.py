"""What a worker says while it runs a job: beats, events, log lines. Every write names the attempt."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from hub.catalog.json_safe import json_safe, text_safe
from hub.jobs.models import Job, JobEvent, JobLog, Worker
from hub.jobs.services.leases import held, lease_end
from hub.jobs.states import State
from workers.contracts.events import Event, LogEvent, ProgressEvent, StepEvent

_HOST_PATH = re.compile(r"(?<![\w:/.~-])~?/(?:[\w.@+~-]+/)+")


@dataclass(frozen=True)
class Beat:
    """What the ledger answers a worker: is the job still its own, and has somebody asked it to stop."""

    is_held: bool
    is_cancelled: bool = False


def paths_strip(text: str) -> str:
    """Leaves of each host path its last part: where a worker keeps its files is nobody's business."""
    return _HOST_PATH.sub("…/", text_safe(text))


def job_heartbeat(*, job_id: UUID, attempt: int, lease_owner: str) -> Beat:
    """Renews the lease by the database's clock."""
    renewed = held(job_id=job_id, attempt=attempt, lease_owner=lease_owner).update(lease_until=lease_end())
    return job_watch(job_id=job_id, attempt=attempt, lease_owner=lease_owner) if renewed else Beat(False)


def job_watch(*, job_id: UUID, attempt: int, lease_owner: str) -> Beat:
    """Looks without writing: cheap enough for every second."""
    state = held(job_id=job_id, attempt=attempt, lease_owner=lease_owner).values_list("state", flat=True).first()
    return Beat(state is not None, state == State.CANCELLING)


def _steps(progress: dict[str, Any], event: StepEvent) -> dict[str, Any]:
    steps = [dict(step) for step in progress.get("steps", [])]
    entry = {"name": text_safe(event.name), "state": event.state, "weight": event.weight}
    known = next((index for index, step in enumerate(steps) if step["name"] == event.name), None)
    steps = [*steps, entry] if known is None else [*steps[:known], entry, *steps[known + 1 :]]
    return {**progress, "steps": steps}


@transaction.atomic
def job_events_append(*, job_id: UUID, attempt: int, lease_owner: str, events: Sequence[Event]) -> bool:
    """Stores a batch in order. False, and nothing written, when the job is no longer this attempt's.

    Of several progress points in a batch the last one is kept: it is the state of the bar, not a history.
    """
    job = held(job_id=job_id, attempt=attempt, lease_owner=lease_owner).select_for_update(no_key=True).first()
    if job is None:
        return False
    progress, rows, lines = job.progress, [], []
    last: ProgressEvent | None = None
    for event in events:
        if isinstance(event, LogEvent):
            lines.append(JobLog(job=job, attempt=attempt, level=event.level, message=paths_strip(event.message)))
            continue
        if isinstance(event, ProgressEvent):
            last = event
            continue
        if isinstance(event, StepEvent):
            progress = _steps(progress, event)
        data = json_safe(event.model_dump(mode="json", exclude={"type"}))
        rows.append(JobEvent(job=job, attempt=attempt, type=event.type, data=data))
    if last is not None:
        point = json_safe(last.model_dump(mode="json", exclude={"type"}))
        progress = {**progress, **point}
        rows.append(JobEvent(job=job, attempt=attempt, type="progress", data=point))
    JobEvent.objects.bulk_create(rows)
    JobLog.objects.bulk_create(lines)
    if progress != job.progress:
        Job.objects.filter(pk=job.pk).update(progress=progress)
    return True


def worker_seen(
    *,
    name: str,
    host: str,
    queues: Sequence[str],
    device: str = "cpu",
    vram_bytes: int = 0,
    memory_bytes: int = 0,
    version: str = "",
    job_id: UUID | None = None,
    bell: bool = False,
) -> None:
    """The heartbeat row of one worker process. `bell` also notes that it was rung."""
    values: dict[str, Any] = {
        "host": host,
        "queues": list(queues),
        "device": device,
        "vram_bytes": vram_bytes,
        "memory_bytes": memory_bytes,
        "version": version,
        "job_id": job_id,
        "seen_at": Now(),
    }
    if bell:
        values["last_bell_at"] = Now()
    Worker.objects.update_or_create(name=name, defaults=values)
