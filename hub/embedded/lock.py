"""One `up` per data directory: an flock that the kernel lets go of when its holder dies, however it dies."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from hub.embedded.errors import EmbeddedError
from hub.embedded.processes import Identity, identity_of, is_alive


class AlreadyRunning(EmbeddedError):
    """Another process holds this data directory."""


@dataclass(frozen=True)
class Holder:
    pid: int
    started: str
    what: str = "genepool"
    address: str = ""

    def is_alive(self) -> bool:
        return is_alive(Identity(self.pid, self.started))


def holder_of(data_dir: Path) -> Holder | None:
    """Who holds it now, told by pid and start time. Takes no lock, so asking never gets in the way of a start."""
    try:
        holder = Holder(**json.loads((data_dir / "lock").read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return holder if holder.is_alive() else None


class DataDirLock:
    """`os.open` makes descriptors that close on exec: no child keeps the lock alive after its parent's death."""

    def __init__(self, data_dir: Path, what: str) -> None:
        self.data_dir, self.what = data_dir, what
        self._descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise AlreadyRunning(_describe(data_dir)) from None
        self.say("")

    def say(self, address: str) -> None:
        me = identity_of(os.getpid())
        text = json.dumps(asdict(Holder(os.getpid(), me.started if me else "", self.what, address)))
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def release(self) -> None:
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def _describe(data_dir: Path) -> str:
    holder = holder_of(data_dir)
    if holder is None:
        return f"{data_dir} is in use by another process. Stop it, or choose another folder with --data-dir."
    where = f" and serves {holder.address}" if holder.address else ""
    return (
        f"{data_dir} is in use: {holder.what}, process {holder.pid}, holds it{where}. "
        f"Stop that one with Ctrl-C or `kill {holder.pid}`, or choose another folder with --data-dir."
    )
