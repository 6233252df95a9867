"""Fake ports: a folder per input, everything reported kept, and a cancel that comes when a test wants it."""

from dataclasses import dataclass, field
from pathlib import Path

from workers.contracts.errors import Cancelled
from workers.contracts.jobs import JobRequest


@dataclass
class FakeWorkspace:
    root: Path
    request: JobRequest
    folders: dict[tuple[str, int], Path]

    def __post_init__(self) -> None:
        self.out.mkdir(parents=True, exist_ok=True)
        self.journal.mkdir(parents=True, exist_ok=True)

    @property
    def out(self) -> Path:
        return self.root / "out"

    @property
    def journal(self) -> Path:
        return self.root / "journal"

    def input_folder(self, role: str, index: int = 0) -> Path:
        return self.folders[role, index]


@dataclass
class FakeReporter:
    events: list[tuple] = field(default_factory=list)
    notes: list[dict[str, object]] = field(default_factory=list)

    def progress(self, done: float, total: float, unit: str = "", message: str = "") -> None:
        self.events.append(("progress", done, total))

    def log(self, message: str, level: str = "info") -> None:
        self.events.append(("log", message, level))

    def metric(self, name: str, step: float, value: float) -> None:
        self.events.append(("metric", name, step, value))

    def step(self, name: str, state: str, weight: float = 1.0) -> None:
        self.events.append(("step", name, state))

    def checkpoint(self, unit: str, **data: object) -> None:
        self.events.append(("checkpoint", unit))
        self.notes.append(data)

    def of(self, type: str) -> list[tuple]:
        return [event for event in self.events if event[0] == type]


@dataclass
class FakeCancel:
    """Asks to stop at the call number `at`."""

    at: int | None = None
    calls: int = 0

    def raise_if_requested(self) -> None:
        self.calls += 1
        if self.at is not None and self.calls >= self.at:
            raise Cancelled("Somebody asked this job to stop.")


@dataclass
class FakePorts:
    workspace: FakeWorkspace
    reporter: FakeReporter = field(default_factory=FakeReporter)
    cancel: FakeCancel = field(default_factory=FakeCancel)


def fake_ports(root: Path, request: JobRequest, folders: dict, cancel_at: int | None = None) -> FakePorts:
    return FakePorts(FakeWorkspace(root, request, folders), cancel=FakeCancel(cancel_at))
