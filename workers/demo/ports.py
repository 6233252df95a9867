"""PORTS for a runner that works in a folder of this machine: what the child gives a job, without hub or supervisor."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from workers.contracts.jobs import INPUTS, JOURNAL, OUT, JobRequest

Listener = Callable[[float, float, str], None]


@dataclass(frozen=True)
class FolderWorkspace:
    """Inputs are the folders they stand for, read in place."""

    root: Path
    request: JobRequest
    folders: dict[tuple[str, int], Path]

    @property
    def out(self) -> Path:
        return self.root / OUT

    @property
    def journal(self) -> Path:
        return self.root / JOURNAL

    def input_folder(self, role: str, index: int = 0) -> Path:
        return self.folders.get((role, index), self.root / INPUTS / f"{role}-{index}")


@dataclass
class ProgressReporter:
    """Passes progress on; the rest is in the report."""

    listener: Listener = lambda done, total, message: None
    metrics: list[tuple[str, float, float]] = field(default_factory=list)

    def progress(self, done: float, total: float, unit: str = "", message: str = "") -> None:
        self.listener(done, total, message)

    def log(self, message: str, level: str = "info") -> None:
        pass

    def metric(self, name: str, step: float, value: float) -> None:
        self.metrics.append((name, step, value))

    def step(self, name: str, state: str, weight: float = 1.0) -> None:
        pass

    def checkpoint(self, unit: str, **data: object) -> None:
        pass


class NeverCancelled:
    """A run that is stopped by ending its process."""

    def raise_if_requested(self) -> None:
        pass


@dataclass(frozen=True)
class LocalPorts:
    workspace: FolderWorkspace
    reporter: ProgressReporter
    cancel: NeverCancelled = field(default_factory=NeverCancelled)


def local_ports(
    root: Path, request: JobRequest, folders: dict[tuple[str, int], Path], listener: Listener | None = None
) -> LocalPorts:
    """Makes `root` with `out/` and `journal/`. A journal that is there is taken up."""
    workspace = FolderWorkspace(root, request, folders)
    workspace.out.mkdir(parents=True, exist_ok=True)
    workspace.journal.mkdir(parents=True, exist_ok=True)
    return LocalPorts(workspace, ProgressReporter(listener) if listener else ProgressReporter())
