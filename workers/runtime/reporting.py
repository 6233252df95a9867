"""The child's side of the event pipe: NDJSON lines, thinned out where more would say nothing new."""

import os
import threading
import time
from collections.abc import Callable
from typing import Any, Literal, cast

from pydantic import BaseModel

from workers.contracts.errors import Cancelled
from workers.contracts.events import CheckpointEvent, ErrorEvent, LogEvent, MetricEvent, ProgressEvent, StepEvent

PROGRESS_S = 0.1
_MESSAGE = 8000


class CancelFlag:
    """Set by a signal handler, asked at the job's boundaries."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def ask(self) -> None:
        self._asked.set()

    def raise_if_requested(self) -> None:
        if self._asked.is_set():
            raise Cancelled("The job was cancelled.")


class PipeReporter:
    """Writes events to a descriptor. Progress at most ten times a second, except the first, the last and a new message's total.

    A pipe whose reader is gone is silently left: the alive pipe ends the child in that case.
    """

    def __init__(self, descriptor: int, cancel: CancelFlag, clock: Callable[[], float] = time.monotonic) -> None:
        self._descriptor, self._cancel, self._clock = descriptor, cancel, clock
        self._lock = threading.Lock()
        self._next_progress = 0.0

    def progress(self, done: float, total: float, unit: str = "", message: str = "") -> None:
        self._cancel.raise_if_requested()
        now = self._clock()
        if done < total and now < self._next_progress:
            return
        self._next_progress = now + PROGRESS_S
        self._send(ProgressEvent(done=done, total=total, unit=unit, message=message[:_MESSAGE]))

    def log(self, message: str, level: str = "info") -> None:
        self._cancel.raise_if_requested()
        known = level if level in ("info", "warning", "error") else "info"
        self._send(LogEvent(level=cast(Literal["info", "warning", "error"], known), message=message[:_MESSAGE]))

    def metric(self, name: str, step: float, value: float) -> None:
        self._cancel.raise_if_requested()
        self._send(MetricEvent(name=name, step=step, value=value))

    def step(self, name: str, state: str, weight: float = 1.0) -> None:
        self._cancel.raise_if_requested()
        self._send(StepEvent(name=name, state=cast(Literal["started", "finished"], state), weight=weight))

    def checkpoint(self, unit: str, **data: Any) -> None:
        self._cancel.raise_if_requested()
        self._send(CheckpointEvent(unit=unit, data=data))

    def error(self, event: ErrorEvent) -> None:
        """The last word: not subject to cancellation."""
        self._send(event)

    def _send(self, event: BaseModel) -> None:
        line = memoryview(event.model_dump_json().encode() + b"\n")
        with self._lock:
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
            except BrokenPipeError:
                return
