"""A job on folders of this machine: the same runner as in the child, without supervisor or hub."""

import contextlib
import fcntl
import glob
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.contracts.errors import UserError
from workers.contracts.jobs import JOURNAL, OUT, JobRequest
from workers.contracts.manifests import MANIFEST_FILE
from workers.terminal import Bar, painted


@dataclass(frozen=True)
class LocalWorkspace:
    """`folders` says where each input lies; it is read in place."""

    root: Path
    request: JobRequest
    folders: Mapping[tuple[str, int], Path]

    @property
    def out(self) -> Path:
        return self.root / OUT

    @property
    def journal(self) -> Path:
        return self.root / JOURNAL

    def input_folder(self, role: str, index: int = 0) -> Path:
        return self.folders[role, index]


class TerminalReporter:
    """Progress as a bar, warnings as lines."""

    def __init__(self) -> None:
        self.bar = Bar()

    def progress(self, done: float, total: float, unit: str = "", message: str = "") -> None:
        self.bar.show(done, total, unit, message)

    def log(self, message: str, level: str = "info") -> None:
        if level == "info":
            return
        self.bar.clear()
        sys.stderr.write(f"{painted(level, level, sys.stderr)}: {message}\n")

    def metric(self, name: str, step: float, value: float) -> None:
        """Curves are in the report."""

    def step(self, name: str, state: str, weight: float = 1.0) -> None:
        """Steps are for the page of a job."""

    def checkpoint(self, unit: str, **data: Any) -> None:
        """The journal has it."""


class NeverCancelled:
    """At a terminal a run is stopped by ending its process; the journal makes that safe."""

    def raise_if_requested(self) -> None:
        """Nobody else can ask."""


@dataclass(frozen=True)
class LocalPorts:
    workspace: LocalWorkspace
    reporter: TerminalReporter
    cancel: NeverCancelled


def check_target(out: Path, *, force: bool) -> None:
    """Refuses to overwrite what is not ours to overwrite, before any work is done.

    Raises:
        UserError: `out` is a file; or holds something and `force` is not given; or holds no earlier result.
    """
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file. Name a folder for the result.")
    if not out.is_dir() or not any(out.iterdir()):
        return
    if not force:
        raise UserError(f"{out} is not empty. Name another folder, or replace an earlier result with --force.")
    if not (out / MANIFEST_FILE).is_file():
        raise UserError(f"{out} holds files that are no result of Genepool. --force replaces earlier results only.")


@contextlib.contextmanager
def workplace(out: Path, key: str) -> Iterator[Path]:
    """A folder beside `out` to work in: taken up again when the same run was interrupted, removed when it succeeded.

    Args:
        out: where the result will be.
        key: of what is being made; another run for the same `out` does not take up this one's journal.

    Raises:
        UserError: another process is working for the same `out`.
    """
    folder = out.parent / f".{out.name}.genepool-{key[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(folder)
    if lock is None or _is_made_elsewhere(out, folder):
        if lock is not None:
            os.close(lock)
        raise UserError(f"Another run is making {out} right now.")
    try:
        shutil.rmtree(folder / OUT, ignore_errors=True)
        (folder / OUT).mkdir()
        (folder / JOURNAL).mkdir(exist_ok=True)
        yield folder
        shutil.rmtree(folder)
        _clear_others(out)
    finally:
        os.close(lock)


def _lock(folder: Path) -> int | None:
    """A descriptor that holds the folder's lock; None while another process holds it."""
    descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _workplaces(out: Path) -> Iterator[Path]:
    return out.parent.glob(f".{glob.escape(out.name)}.genepool-*")


def _is_made_elsewhere(out: Path, own: Path) -> bool:
    """Whether a run of another recipe is at work for the same `out`. Of two that begin at one moment both may be told so."""
    for folder in _workplaces(out):
        if folder != own:
            lock = _lock(folder)
            if lock is None:
                return True
            os.close(lock)
    return False


def _clear_others(out: Path) -> None:
    """What interrupted runs of other recipes left for the same `out` is of no use any more."""
    for folder in _workplaces(out):
        lock = _lock(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def place(made: Path, out: Path, *, force: bool) -> None:
    """Gives the finished folder its name in one step; an earlier result goes only when the new one is in place.

    Raises:
        UserError: what must not be overwritten has come to `out` since the run began. What was made stays where it is.
    """
    check_target(out, force=force)
    earlier = None
    if force and out.is_dir() and any(out.iterdir()):
        earlier = made.parent / "earlier"
        shutil.rmtree(earlier, ignore_errors=True)
        out.rename(earlier)
    try:
        made.rename(out)
    except OSError:
        if earlier is not None:
            earlier.rename(out)
        check_target(out, force=force)  # who came in between gets the same words
        raise
