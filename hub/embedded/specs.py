"""How a service is run: what to start, as whom, how to stop it, how to tell that it answers."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from hub.embedded.users import SystemUser, identity_arguments


def _always() -> bool:
    return True


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class ServiceSpec:
    """`stop` is the signal that ends it in order, within `stop_s` seconds; after that it is killed with its whole session.

    `before` clears the way each time it is about to start. Services of a higher `stage` stop before those of a lower one.
    Lines that hold one of `file_only` are of no use to the person at the terminal: they go to the log file alone.
    `keep_fresh`: sockets and their folders, touched now and then.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    is_ready: Callable[[], bool] = _always
    before: Callable[[], None] = _nothing
    stage: int = 0
    file_only: tuple[str, ...] = ()
    keep_fresh: tuple[Path, ...] = ()
    user: SystemUser | None = None
    stop: signal.Signals = signal.SIGTERM
    stop_s: float = 20.0
    ready_s: float = 60.0
    pass_fds: tuple[int, ...] = ()


def spawn(spec: ServiceSpec, *, output: int | IO[bytes] | None) -> subprocess.Popen[bytes]:
    """Starts it in a session of its own, so that a Ctrl-C at the terminal reaches `up` alone and the order of stopping is ours."""
    return subprocess.Popen(
        spec.command,
        cwd=spec.folder,
        env=dict(spec.environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=spec.pass_fds,
        **identity_arguments(spec.user),
    )


def plain_environment() -> dict[str, str]:
    """For programs that are not ours: no secrets of the hub, and messages in English."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
        if name in os.environ
    }
    return {"PATH": os.defpath, **kept, "LC_ALL": "C"}
