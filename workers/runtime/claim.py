"""The one place where workers touch the hub: claims and reports become calls of `hub.jobs.services`."""

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import django
from pydantic import ValidationError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.config.settings")
django.setup()

from django.conf import settings  # noqa: E402  (Django has to be set up first)
from django.db import Error, InterfaceError, OperationalError, connection  # noqa: E402

from hub.blobs.drivers.deltas import Kept  # noqa: E402
from hub.blobs.errors import OutOfStorage  # noqa: E402
from hub.blobs.selectors import kept_find  # noqa: E402
from hub.core.errors import ApplicationError, Conflict, Unavailable  # noqa: E402
from hub.jobs import services  # noqa: E402
from hub.jobs.models import Job  # noqa: E402
from workers.contracts.errors import ResourceError, TransientError, UserError  # noqa: E402
from workers.contracts.events import Event  # noqa: E402
from workers.contracts.jobs import SCHEMA, JobRequest, JobResult  # noqa: E402
from workers.contracts.kinds import Limits, kind_get  # noqa: E402
from workers.contracts.version import VERSION  # noqa: E402
from workers.runtime.gpu import Device  # noqa: E402
from workers.runtime.ledger import BUG, Beat, Claim, Ending, LeaseGone, LedgerAway  # noqa: E402
from workers.runtime.supervise import Options  # noqa: E402


def options_make() -> Options:
    return Options(
        scratch=Path(settings.SCRATCH_DIR),
        storage_url=settings.STORAGE_URL,
        heartbeat_s=settings.HEARTBEAT_S,
        lease_s=settings.LEASE_S,
        grace_s=settings.CANCEL_GRACE_S,
        threads=settings.WORKER_THREADS,
        deltas=_kept_find,
    )


def _kept_find(sha256: str) -> Kept | None:
    with _database():
        return kept_find(sha256)


@contextmanager
def _database() -> Iterator[None]:
    """Turns a database that is away into LedgerAway and drops the broken connection, so that the next call makes a new one."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        connection.close()
        raise LedgerAway(str(error)) from error
    except services.LeaseLost as error:
        raise LeaseGone(str(error)) from error
    except Error:
        connection.close()
        raise


class Ledger:
    """The ledger as one worker process sees it."""

    def __init__(self, *, name: str, queues: Sequence[str], device: Device, memory_bytes: int) -> None:
        self._name, self._queues, self._device, self._memory_bytes = name, list(queues), device, memory_bytes

    def claim(self) -> Claim | None:
        with _database():
            job = services.job_claim(
                worker=services.lease_owner_make(), queues=self._queues, memory_bytes=self._memory_bytes
            )
        if job is None:
            return None
        kind = kind_get(job.kind)
        request = _request_of(job.request)
        known = Claim(
            job.pk,
            job.attempt,
            job.lease_owner,
            request or JobRequest(kind=job.kind, recipe={}),
            kind.limits if kind else Limits(),
        )
        if kind is None or request is None:
            self.fail(
                known, Ending(BUG, "This job was made by another release of Genepool. Submit its recipe again."), {}
            )
            return self.claim()
        return self._briefed(known, job)

    def _briefed(self, claim: Claim, job: Job) -> Claim | None:
        """What the hub tells the child of this attempt; a job for which there is nothing to tell any more ends here."""
        try:
            with _database():
                return replace(claim, briefing=services.job_briefing(job=job))
        except ApplicationError as error:
            self.fail(claim, Ending(UserError.code, error.message, tuple(error.findings)), {})
            return self.claim()

    def heartbeat(self, claim: Claim) -> Beat:
        with _database():
            beat = services.job_heartbeat(**_key(claim))
        return Beat(beat.is_held, beat.is_cancelled)

    def watch(self, claim: Claim) -> Beat:
        with _database():
            beat = services.job_watch(**_key(claim))
        return Beat(beat.is_held, beat.is_cancelled)

    def seen(self, claim: Claim | None, is_bell: bool = False) -> None:
        with _database():
            services.worker_seen(
                name=self._name,
                host=socket.gethostname(),
                queues=self._queues,
                device=self._device.name,
                vram_bytes=self._device.vram_bytes,
                memory_bytes=self._memory_bytes,
                version=VERSION,
                job_id=claim.job_id if claim is not None else None,
                bell=is_bell,
            )

    def append(self, claim: Claim, events: Sequence[Event]) -> bool:
        with _database():
            return services.job_events_append(**_key(claim), events=events)

    def publish(self, claim: Claim, result: JobResult, folder: Path, cost: Mapping[str, Any]) -> None:
        try:
            with _database():
                services.job_publish(**_key(claim), result=result, folder=folder, cost=cost)
        except OutOfStorage as error:
            raise ResourceError(error.message) from error
        except (Conflict, Unavailable) as error:
            raise TransientError(error.message) from error

    def fail(self, claim: Claim, ending: Ending, cost: Mapping[str, Any]) -> None:
        with _database():
            services.job_fail(
                **_key(claim),
                code=ending.code,
                message=ending.message,
                findings=ending.findings,
                traceback=ending.traceback,
                cost=cost,
            )

    def release(self, claim: Claim, cost: Mapping[str, Any]) -> None:
        with _database():
            services.job_release(**_key(claim), cost=cost)

    def close(self) -> None:
        connection.close()


def _request_of(document: Mapping[str, Any]) -> JobRequest | None:
    """None for a request of a form that this release does not know."""
    if document.get("schema") != SCHEMA:
        return None
    try:
        return JobRequest.model_validate(document)
    except ValidationError:
        return None


def _key(claim: Claim) -> dict[str, Any]:
    return {"job_id": claim.job_id, "attempt": claim.attempt, "lease_owner": claim.lease_owner}


def scratch_clean() -> int:
    """Deletes the working folders of jobs that ended a day ago."""
    with _database():
        return services.scratch_sweep(root=Path(settings.SCRATCH_DIR))
