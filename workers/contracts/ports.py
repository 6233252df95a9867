"""PORTS: what a job runner asks of its surroundings. The child gives the real ones, tests give fakes that fail on demand."""

from pathlib import Path
from typing import Protocol

from workers.contracts.jobs import JobRequest


class Reporter(Protocol):
    """Progress, log, metrics. Every call is also a sign of life and may raise `Cancelled`."""

    def progress(self, done: float, total: float, unit: str = "", message: str = "") -> None: ...
    def log(self, message: str, level: str = "info") -> None: ...
    def metric(self, name: str, step: float, value: float) -> None: ...
    def step(self, name: str, state: str, weight: float = 1.0) -> None: ...
    def checkpoint(self, unit: str, **data: object) -> None: ...


class Cancel(Protocol):
    """Raises `Cancelled` once somebody asked the job to stop. Called between tensors, batches, shards."""

    def raise_if_requested(self) -> None: ...


class Workspace(Protocol):
    """The child's directory."""

    @property
    def request(self) -> JobRequest: ...
    @property
    def out(self) -> Path: ...
    @property
    def journal(self) -> Path: ...

    def input_folder(self, role: str, index: int = 0) -> Path: ...


class Ports(Protocol):
    @property
    def workspace(self) -> Workspace: ...
    @property
    def reporter(self) -> Reporter: ...
    @property
    def cancel(self) -> Cancel: ...
