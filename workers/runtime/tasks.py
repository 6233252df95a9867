"""The Celery side: a bell makes this process claim jobs until nothing fits. Never loads torch."""

import logging
import mmap
import os
import time
from contextlib import suppress

from billiard import current_process
from celery import Task, shared_task
from celery.signals import worker_shutting_down

from workers.runtime import claim as hub
from workers.runtime import health
from workers.runtime.gpu import Device, device_probe
from workers.runtime.ledger import LedgerAway
from workers.runtime.processes import machine_memory_bytes
from workers.runtime.supervise import supervise

logger = logging.getLogger(__name__)
CLEAN_EVERY_S = 3600.0

# The signal fires in the main process only. One shared byte, made before the fork, tells its children.
_stopping = mmap.mmap(-1, 1)
_next_clean = 0.0


@worker_shutting_down.connect
def _note_shutdown(**_: object) -> None:
    _stopping[0] = 1


def is_stopping() -> bool:
    return bool(_stopping[0])


def worker_name(task: Task) -> str:
    """The Celery node and the number of this process in its pool: the same after the process was replaced."""
    index = getattr(current_process(), "index", None)
    return f"{task.request.hostname or 'worker'}/{0 if index is None else index}"


@shared_task(name="workers.ring", bind=True, ignore_result=True, acks_late=False)
def ring(self: Task, queue: str) -> int:
    """Claims and runs jobs of `queue` until nothing fits; gives their number. Lost and doubled bells do no harm."""
    device = device_probe() if queue == "gpu" else Device()
    ledger = hub.Ledger(name=worker_name(self), queues=[queue], device=device, memory_bytes=machine_memory_bytes())
    return claim_all(ledger)


def claim_all(ledger: hub.Ledger) -> int:
    options = hub.options_make()
    place = options.scratch / "health"
    parent = os.getppid()
    done = 0
    try:
        with suppress(OSError):  # a disk that is full is told by the job that needs it
            health.note(place, is_bell=True)
        ledger.seen(None, is_bell=True)
        _clean_sometimes()
        # A process whose Celery parent is gone finishes its job and takes no other.
        while not is_stopping() and os.getppid() == parent:
            claim = ledger.claim()
            if claim is None:
                break
            logger.info("job %s, attempt %s: started", claim.job_id, claim.attempt)
            end = supervise(claim, ledger, options, is_stopping)
            logger.info("job %s, attempt %s: %s", claim.job_id, claim.attempt, end)
            done += 1
            ledger.seen(None)
    except LedgerAway as error:
        logger.warning("the database does not answer; the next bell tries again: %s", error)
    return done


def _clean_sometimes() -> None:
    global _next_clean
    if time.monotonic() >= _next_clean:
        _next_clean = time.monotonic() + CLEAN_EVERY_S
        hub.scratch_clean()
