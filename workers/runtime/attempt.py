"""One attempt: watch the child until it ends, and end it when it must not go on."""

import os
import selectors
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workers.contracts.errors import ENDINGS, Cancelled, ResourceError
from workers.contracts.findings import Finding
from workers.contracts.jobs import JOURNAL, OUT, JobResult
from workers.runtime.heart import Heart
from workers.runtime.ledger import BUG, LOST, RELEASED, Claim, Ending, Ledger, LedgerAway
from workers.runtime.processes import group_memory_bytes
from workers.runtime.progress import EventReader
from workers.runtime.spawn import Child
from workers.runtime.workspace import result_read

READ_BYTES = 65536
POLL_S = 0.2
FLUSH_S = 0.5
METER_S = 1.0
CODES = (*(kind.code for kind in ENDINGS), BUG)
BY_EXIT = {kind.exit_code: kind.code for kind in ENDINGS}


@dataclass
class Meter:
    """What the attempt used so far."""

    started: float = field(default_factory=time.monotonic)
    peak_memory_bytes: int = 0
    write_bytes: int = 0
    cpu_s: float = 0.0

    def cost(self, read_bytes: int) -> dict[str, Any]:
        return {
            "wall_s": round(time.monotonic() - self.started, 3),
            "cpu_s": round(self.cpu_s, 3),
            "peak_memory_bytes": self.peak_memory_bytes,
            "read_bytes": read_bytes,
            "write_bytes": self.write_bytes,
        }


@dataclass(frozen=True)
class Stop:
    """Why the child has to end. `at_once`: there is nothing it could save."""

    ending: Ending
    at_once: bool = False


def bytes_under(*folders: Path) -> int:
    """Bytes of all files, those with two names counted once."""
    seen: dict[tuple[int, int], int] = {}
    for folder in folders:
        for path in folder.rglob("*"):
            try:
                stat = path.lstat()
            except FileNotFoundError:
                continue
            seen[stat.st_dev, stat.st_ino] = stat.st_size
    return sum(seen.values())


class Attempt:
    """Runs a prepared working folder to its end: a JobResult, or an Ending that says why there is none."""

    def __init__(
        self, claim: Claim, folder: Path, child: Child, ledger: Ledger, heart: Heart, *, grace_s: float, is_stopping: Callable[[], bool]
    ) -> None:  # fmt: skip
        self._claim, self._folder, self._child, self._ledger, self._heart = claim, folder, child, ledger, heart
        self._grace_s, self._is_stopping = grace_s, is_stopping
        self._reader = EventReader(claim.limits.log_bytes)
        self.meter = Meter()
        now = time.monotonic()
        self._last_sign = self._started = now
        self._last_flush = self._last_meter = 0.0
        self._stop: Stop | None = None

    def run(self) -> JobResult | Ending:
        kill_at = 0.0
        with selectors.DefaultSelector() as selector:
            for descriptor in (self._child.events, self._child.output):
                selector.register(descriptor, selectors.EVENT_READ)
            while True:
                self._read(selector)
                now = time.monotonic()
                if self._child.poll() is not None:
                    break
                if self._stop is None:
                    self._stop = self._why_stop(now)
                    if self._stop is not None:
                        self._child.signal(signal.SIGTERM)
                        kill_at = now if self._stop.at_once else now + self._grace_s
                if self._stop is not None and (now >= kill_at or self._heart.is_over()):
                    self._child.signal(signal.SIGKILL)
                self._flush(now)
        is_gone = self._child.end()
        self._drain()
        self.meter.cpu_s = self._child.cpu_s
        self.meter.write_bytes = self._written()
        self._flush_rest()
        if not is_gone:
            return Ending(BUG, "A process of this job does not end. The worker has to be restarted.")
        return self._ending(self._child.poll())

    def _read(self, selector: selectors.BaseSelector) -> None:
        for key, _ in selector.select(POLL_S):
            data = self._read_from(key.fd)
            if not data:
                selector.unregister(key.fd)
        if not selector.get_map():
            time.sleep(POLL_S)

    def _read_from(self, descriptor: int) -> bytes:
        try:
            data = os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return b""
        if descriptor == self._child.output:
            self._child.keep(data)
        elif data and self._reader.feed(data):
            self._last_sign = time.monotonic()
        return data

    def _drain(self) -> None:
        for descriptor in (self._child.events, self._child.output):
            while self._read_from(descriptor):
                continue

    def _flush_rest(self) -> None:
        """The last words count most: while the database is away and the lease may still be ours, they wait."""
        self._flush(time.monotonic(), is_last=True)
        while self._reader.pending and not self._heart.is_over():
            time.sleep(FLUSH_S)
            self._flush(time.monotonic(), is_last=True)

    def _flush(self, now: float, is_last: bool = False) -> None:
        """Stores what came in. The first event goes at once; a database that is away gets them later."""
        if not self._reader.pending or not (is_last or now - self._last_flush >= FLUSH_S):
            return
        self._last_flush = now
        batch = list(self._reader.pending)
        try:
            self._ledger.append(self._claim, batch)
        except LedgerAway:
            return
        del self._reader.pending[: len(batch)]

    def _written(self) -> int:
        return bytes_under(self._folder / OUT, (self._folder / JOURNAL).resolve())

    def _why_stop(self, now: float) -> Stop | None:
        limits, heart = self._claim.limits, self._heart
        if heart.is_over():
            return Stop(Ending(LOST, "Somebody else holds the job now."), at_once=True)
        if heart.is_cancelled:
            return Stop(Ending(Cancelled.code, "Cancelled."))
        if self._is_stopping():
            return Stop(Ending(RELEASED, "The worker stops."))
        if now - self._started > limits.wall_s:
            return Stop(Ending("limit", f"It ran longer than the {limits.wall_s} s allowed for this kind of job."))
        if now - self._last_sign > limits.hang_s:
            return Stop(Ending("hung", f"Nothing was heard from it for {limits.hang_s} s."))
        if now - self._last_meter < METER_S:
            return None
        self._last_meter = now
        memory = group_memory_bytes(self._child.pid)
        self.meter.peak_memory_bytes = max(self.meter.peak_memory_bytes, memory)
        if memory > limits.memory_bytes:
            return Stop(
                Ending(ResourceError.code, f"It used {memory} bytes of memory; {limits.memory_bytes} are allowed."),
                at_once=True,
            )
        written = self._written()
        if written > limits.output_bytes:
            return Stop(self._too_much(written), at_once=True)
        return None

    def _too_much(self, written: int) -> Ending:
        return Ending(
            "limit", f"It wrote {written} bytes; {self._claim.limits.output_bytes} are allowed for this kind of job."
        )

    def _ending(self, code: int | None) -> JobResult | Ending:
        stop = self._stop.ending if self._stop is not None else None
        if stop is not None and stop.code not in (RELEASED, Cancelled.code):
            return stop
        if code == 0 and self.meter.write_bytes > self._claim.limits.output_bytes:
            return self._too_much(self.meter.write_bytes)
        if code == 0:
            # It was done before it noticed that it should stop; publishing decides whether that still counts.
            return self._result()
        if stop is not None:
            return stop
        error = self._reader.error
        output = self._child.tail.decode(errors="replace")
        if code is not None and (code < 0 or code == Cancelled.exit_code):
            name = signal.Signals(-code).name if code < 0 else "SIGTERM"
            return Ending("killed", f"The process of this job was killed ({name}).", traceback=output)
        if error is not None and error.code in CODES:
            findings = tuple(Finding.model_validate(finding) for finding in error.findings)
            return Ending(error.code, error.message, findings, error.traceback or output)
        named = BY_EXIT.get(code or 0, BUG)
        return Ending(
            named, "It stopped with an error of ours. The administrator finds the details in the job.", traceback=output
        )

    def _result(self) -> JobResult | Ending:
        try:
            result = result_read(self._folder)
        except (OSError, ValidationError) as error:
            return Ending(BUG, "It ended without a readable result.", traceback=str(error))
        return result or Ending(BUG, "It ended without a result.")
