"""What a supervisor asks of the ledger. `claim.Ledger` answers from the hub, tests with ledgers that fail on demand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from workers.contracts.events import Event
from workers.contracts.findings import Finding
from workers.contracts.jobs import JobRequest, JobResult
from workers.contracts.kinds import Limits

# Endings beside those of `workers.contracts.errors`: ours to mend; given back unharmed; somebody else's now.
BUG, RELEASED, LOST = "bug", "released", "lost"


class LedgerAway(Exception):
    """The database does not answer. Ask again; the lease decides for how long."""


class LeaseGone(Exception):
    """The job belongs to somebody else now. Stop, write nothing."""


@dataclass(frozen=True)
class Claim:
    """One attempt at one job. `limits` are those of its kind; `briefing` is for the child's standard input and for no log."""

    job_id: UUID
    attempt: int
    lease_owner: str
    request: JobRequest
    limits: Limits
    briefing: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Ending:
    """How the child ended without a result. `code` as in `hub.jobs.services.job_fail`, or RELEASED or LOST."""

    code: str
    message: str
    findings: tuple[Finding, ...] = field(default=())
    traceback: str = ""


@dataclass(frozen=True)
class Beat:
    is_held: bool
    is_cancelled: bool = False


class Ledger(Protocol):
    """Every call may raise LedgerAway; `publish` also LeaseGone or an error of `workers.contracts.errors`.

    `close` gives up the connection of the calling thread.
    """

    def heartbeat(self, claim: Claim) -> Beat: ...
    def watch(self, claim: Claim) -> Beat: ...
    def seen(self, claim: Claim | None) -> None: ...
    def append(self, claim: Claim, events: Sequence[Event]) -> bool: ...
    def publish(self, claim: Claim, result: JobResult, folder: Path, cost: Mapping[str, Any]) -> None: ...
    def fail(self, claim: Claim, ending: Ending, cost: Mapping[str, Any]) -> None: ...
    def release(self, claim: Claim, cost: Mapping[str, Any]) -> None: ...
    def close(self) -> None: ...
