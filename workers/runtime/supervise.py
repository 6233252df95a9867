"""From a claim to an end: prepare the folder, run the child, publish or say why not. Holds the lease all the while."""

import errno
import logging
import shutil
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workers.contracts.errors import Cancelled, ResourceError, TransientError, UserError
from workers.contracts.jobs import JOURNAL, OUT, JobRequest, JobResult
from workers.runtime import health
from workers.runtime.attempt import Attempt, Meter
from workers.runtime.heart import Heart
from workers.runtime.ledger import BUG, LOST, RELEASED, Claim, Ending, LeaseGone, Ledger, LedgerAway
from workers.runtime.spawn import Child, leftover_end, leftover_note
from workers.runtime.storage import Corrupt, Find, Storage
from workers.runtime.workspace import workspace_make

logger = logging.getLogger(__name__)
RETRY_S = 1.0
LEFTOVER = "child"


@dataclass(frozen=True)
class Options:
    """`scratch` holds one folder per job: its journal, and a folder per attempt. `deltas` says which blobs are kept as differences."""

    scratch: Path
    storage_url: str
    heartbeat_s: float
    lease_s: float
    grace_s: float
    threads: int
    deltas: Find | None = None


def supervise(claim: Claim, ledger: Ledger, options: Options, is_stopping: Callable[[], bool]) -> str:
    """Runs one attempt to its end and gives that end: `succeeded`, `lost`, or the code of the Ending."""
    place = options.scratch / "health"
    heart = Heart(
        ledger, claim, every_s=options.heartbeat_s, lease_s=options.lease_s,
        alive=lambda held: health.note(place, job=str(held.job_id) if held else ""),
    )  # fmt: skip
    heart.start()
    job_folder = options.scratch / str(claim.job_id)
    meter, read_bytes = Meter(), sum(file.size_bytes for entry in claim.request.inputs for file in entry.files)
    folder = job_folder / str(claim.attempt)
    try:
        try:
            outcome, meter = _run(claim, ledger, heart, options, job_folder, is_stopping)
        except Exception as error:  # every failure of ours ends the attempt with a word, never the worker
            outcome = ending_of(error)
        cost = meter.cost(read_bytes)
        if isinstance(outcome, JobResult):
            result = outcome
            try:
                _persist(heart, lambda: ledger.publish(claim, result, folder / OUT, cost))
            except Exception as error:
                outcome = ending_of(error)
            else:
                shutil.rmtree(job_folder, ignore_errors=True)
                return "succeeded"
        return _close(claim, ledger, heart, outcome, meter, read_bytes)
    finally:
        heart.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _run(
    claim: Claim, ledger: Ledger, heart: Heart, options: Options, job_folder: Path, is_stopping: Callable[[], bool]
) -> tuple[JobResult | Ending, Meter]:
    leftover_end(job_folder / LEFTOVER)
    folder = folder_prepare(claim, options, job_folder)
    child = Child(folder, options.threads, claim.briefing)
    try:
        leftover_note(job_folder / LEFTOVER, child)
        attempt = Attempt(claim, folder, child, ledger, heart, grace_s=options.grace_s, is_stopping=is_stopping)
        return attempt.run(), attempt.meter
    finally:
        child.end()
        child.close()
        (job_folder / LEFTOVER).unlink(missing_ok=True)


def folder_prepare(claim: Claim, options: Options, job_folder: Path) -> Path:
    """A fresh folder for this attempt. The journal is the job's: what an earlier attempt finished on this host is kept."""
    for old in job_folder.glob("[0-9]*"):
        shutil.rmtree(old, ignore_errors=True)
    folder = job_folder / str(claim.attempt)
    (job_folder / JOURNAL).mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700)
    (folder / JOURNAL).symlink_to(job_folder / JOURNAL)
    storage = Storage(options.storage_url, options.scratch / "cache", options.deltas)
    request: JobRequest = storage.request_localise(claim.request).model_copy(update={"threads": options.threads})
    workspace_make(folder, request)
    return folder


def ending_of(error: BaseException) -> Ending:
    """An exception of the supervisor, of the storage or of publishing, in the words of the ledger."""
    if isinstance(error, LeaseGone | LedgerAway):
        return Ending(LOST, "Somebody else holds the job now.")
    if isinstance(error, UserError):
        return Ending(error.code, str(error), error.findings)
    if isinstance(error, ResourceError | TransientError | Cancelled):
        return Ending(error.code, str(error))
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Ending(ResourceError.code, "The disk is full. The job needs more room for its files.")
    if isinstance(error, ConnectionError):
        return Ending(TransientError.code, "The storage did not answer.")
    if isinstance(error, Corrupt):
        logger.error("storage: %s", error)
        return Ending(BUG, str(error))
    logger.exception("attempt failed", exc_info=error)
    return Ending(
        BUG,
        "It stopped with an error of ours. The administrator finds the details in the job.",
        traceback=_trace(error),
    )


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _persist(heart: Heart, act: Callable[[], None]) -> None:
    """Does it, again and again while the database is away and the lease may still be ours."""
    while True:
        try:
            return act()
        except LedgerAway:
            if heart.is_over():
                raise
            time.sleep(RETRY_S)


def _close(claim: Claim, ledger: Ledger, heart: Heart, ending: Ending, meter: Meter, read_bytes: int) -> str:
    cost = meter.cost(read_bytes)
    try:
        if ending.code == RELEASED:
            _persist(heart, lambda: ledger.release(claim, cost))
        elif ending.code != LOST:
            _persist(heart, lambda: ledger.fail(claim, ending, cost))
    except (LeaseGone, LedgerAway):
        return LOST
    return ending.code
