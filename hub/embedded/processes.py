"""Which process is which. A pid alone is not enough: it may have been given to somebody else since."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
MARKER = "GENEPOOL_SERVICE_OF"  # in the environment of every program of ours that `up` starts: its data directory


@dataclass(frozen=True)
class Identity:
    """`started` is the boot and the clock tick at which the process began: together with the pid it is unique."""

    pid: int
    started: str


def _stat(pid: int) -> list[str] | None:
    """The fields after the command name, which may itself hold spaces and brackets."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _boot() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def identity_of(pid: int) -> Identity | None:
    """None when there is no such process, or only its empty shell that nobody has waited for."""
    if PROC.joinpath("self/stat").exists():
        fields = _stat(pid)
        if fields is None or fields[0] in "ZX":
            return None
        return Identity(pid, f"{_boot()}:{fields[19]}")
    said = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return Identity(pid, said.split(None, 1)[1]) if said and not said.startswith("Z") else None


def is_alive(identity: Identity) -> bool:
    return identity_of(identity.pid) == identity


def _pids() -> Iterator[int]:
    if PROC.joinpath("self/stat").exists():
        yield from (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def pids_working_in(folder: Path, named: str) -> list[int]:
    """Processes whose working folder is `folder`: Postgres and Redis both move into their data directory.

    Where there is no /proc: processes of ours whose command line holds `named`, a path that belongs to this folder alone.
    """
    if not PROC.joinpath("self/stat").exists():
        said = subprocess.run(["ps", "-xwwo", "pid=,command="], capture_output=True, text=True).stdout.splitlines()
        return [int(line.split()[0]) for line in said if named in line and int(line.split()[0]) != os.getpid()]
    found = []
    for pid in _pids():
        with contextlib.suppress(OSError):
            if os.readlink(PROC / str(pid) / "cwd") == str(folder) and identity_of(pid):
                found.append(pid)
    return found


def pids_marked(data_dir: Path) -> list[int]:
    """Processes that an earlier `up` of this data directory started, and what they started in turn."""
    wanted = f"{MARKER}={data_dir}".encode()
    found = []
    for pid in _pids():
        with contextlib.suppress(OSError):
            if (
                pid != os.getpid()
                and wanted in (PROC / str(pid) / "environ").read_bytes().split(b"\0")
                and identity_of(pid)
            ):
                found.append(pid)
    return found


def stop_all(pids: Iterable[int], steps: Iterable[tuple[signal.Signals, float]]) -> bool:
    """Sends each signal in turn and waits so many seconds after it, until none is left. True when all are gone."""
    left = {identity for pid in pids if (identity := identity_of(pid))}
    for number, wait_s in steps:
        for identity in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(identity.pid, number)
        deadline = time.monotonic() + wait_s
        while left and time.monotonic() < deadline:
            time.sleep(0.02)
            left = {identity for identity in left if is_alive(identity)}
        if not left:
            break
    return not left
