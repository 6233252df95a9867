"""A ledger in memory that fails on demand."""

import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from workers.contracts.jobs import JobRequest
from workers.contracts.kinds import Limits
from workers.runtime.ledger import Beat, Claim, LedgerAway


@dataclass
class FakeLedger:
    """`cancel_when` and `lose_when` are asked at each look; while `away` is positive every call fails and counts it down."""

    cancel_when: object = None
    lose_when: object = None
    away: int = 0
    events: list = field(default_factory=list)
    published: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    released: list = field(default_factory=list)
    publish_error: Exception | None = None
    beats: int = 0
    closed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def _answer(self):
        with self.lock:
            if self.away > 0:
                self.away -= 1
                raise LedgerAway("gone")

    def _beat(self):
        self._answer()
        return Beat(not (self.lose_when and self.lose_when(self)), bool(self.cancel_when and self.cancel_when(self)))

    def heartbeat(self, claim):
        self.beats += 1
        return self._beat()

    def watch(self, claim):
        return self._beat()

    def seen(self, claim):
        self._answer()

    def append(self, claim, events):
        self._answer()
        self.events += events
        return True

    def publish(self, claim, result, folder, cost):
        self._answer()
        if self.publish_error is not None:
            raise self.publish_error
        self.published.append((result, sorted(path.name for path in Path(folder).iterdir()), cost))

    def fail(self, claim, ending, cost):
        self._answer()
        self.failed.append((ending, cost))

    def release(self, claim, cost):
        self._answer()
        self.released.append(cost)

    def close(self):
        self.closed += 1

    def messages(self):
        return [event.message for event in self.events if event.type == "log"]


def claim_of(script: str, *, attempt: int = 1, job_id: uuid.UUID | None = None, **limits) -> Claim:
    request = JobRequest(kind="train", recipe={"kind": "train", "script": script})
    return Claim(job_id or uuid.uuid4(), attempt, "here:1:aa", request, Limits(**limits))
