"""RANKS: a training on all GPUs of its worker. The child is the first process; it starts one more for each further GPU.

They find each other by the environment that torchrun would give them. All stand in the child's process group: whoever ends the
job ends them all. A process whose child is gone ends by itself, for its standard input closes.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from workers.contracts.errors import GenepoolError, TransientError
from workers.contracts.jobs import JobRequest
from workers.contracts.ports import Ports

HOST = "127.0.0.1"
_GONE_S = 10.0
_ROOT = Path(__file__).resolve().parents[2]


def world_of(request: JobRequest) -> int:
    """How many processes a training gets: one for each GPU that this one may see, one on a processor."""
    if not request.device.startswith("cuda"):
        return 1
    import torch

    return max(1, torch.cuda.device_count())


class Ranks:
    """While it is open this process is rank 0 of `world`. With one there is nothing to open."""

    def __init__(self, ports: Ports, world: int) -> None:
        self._ports, self._world = ports, world
        self._others: list[subprocess.Popen[bytes]] = []
        self._kept: dict[str, str | None] = {}
        self._is_over = threading.Event()

    def __enter__(self) -> Self:
        if self._world == 1:
            return self
        with socket.socket() as listening:
            listening.bind((HOST, 0))
            port = listening.getsockname()[1]
        own = _environment(0, self._world, port)
        self._kept = {name: os.environ.get(name) for name in own}
        os.environ.update(own)
        told = json.dumps(_workspace(self._ports)).encode() + b"\n"
        for rank in range(1, self._world):
            other = subprocess.Popen(
                [sys.executable, "-m", "workers.jobs.train_ranks"], stdin=subprocess.PIPE,
                env={**os.environ, **_environment(rank, self._world, port), "PYTHONPATH": str(_ROOT)},
            )  # fmt: skip
            self._others.append(other)
            if other.stdin is not None:
                other.stdin.write(told)
                other.stdin.flush()
        threading.Thread(target=self._watch, name="ranks", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        is_lost = error is not None and not isinstance(error, GenepoolError) and self._lost_one()
        for other in self._others:
            if error is not None:
                other.kill()
            other.wait()
            if other.stdin is not None:
                other.stdin.close()
        for name, value in self._kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if self._world > 1:
            import torch

            if torch.distributed.is_initialized():
                torch.distributed.destroy_process_group()
        if is_lost:
            raise TransientError(f"One of the {self._world} processes of this training ended.") from error

    def _lost_one(self) -> bool:
        """Whether another process ended by itself: it may take a moment to be known."""
        give_up = time.monotonic() + 1.0
        while time.monotonic() < give_up:
            if any(other.poll() not in (None, 0) for other in self._others):
                return True
            time.sleep(0.02)
        return False

    def _watch(self) -> None:
        """A process that is gone leaves the others waiting for it, some for ever: then this one goes too."""
        while not self._is_over.wait(0.2):
            if any(other.poll() not in (None, 0) for other in self._others):
                if not self._is_over.wait(_GONE_S):
                    os._exit(TransientError.exit_code)
                return


def _environment(rank: int, world: int, port: int) -> dict[str, str]:
    return {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world), "LOCAL_WORLD_SIZE": str(world),
        "MASTER_ADDR": HOST, "MASTER_PORT": str(port),
    }  # fmt: skip


def _workspace(ports: Ports) -> dict[str, Any]:
    held = ports.workspace
    folders = [[item.role, item.index, str(held.input_folder(item.role, item.index))] for item in held.request.inputs]
    return {
        "request": held.request.model_dump(mode="json", by_alias=True), "out": str(held.out), "journal": str(held.journal),
        "folders": folders,
    }  # fmt: skip


@dataclass(frozen=True)
class _Workspace:
    request: JobRequest
    out: Path
    journal: Path
    folders: dict[tuple[str, int], Path]

    def input_folder(self, role: str, index: int = 0) -> Path:
        return self.folders[role, index]


class _Silent:
    """The first process tells, and is told to stop."""

    def progress(self, done: float, total: float, unit: str = "", message: str = "") -> None: ...
    def log(self, message: str, level: str = "info") -> None: ...
    def metric(self, name: str, step: float, value: float) -> None: ...
    def step(self, name: str, state: str, weight: float = 1.0) -> None: ...
    def checkpoint(self, unit: str, **data: object) -> None: ...
    def raise_if_requested(self) -> None: ...


@dataclass(frozen=True)
class _Ports:
    workspace: _Workspace
    reporter: _Silent
    cancel: _Silent


def _end_with_input() -> None:
    # Not through sys.stdin: its lock would be held when the interpreter ends.
    while os.read(0, 4096):
        time.sleep(0)
    os._exit(TransientError.exit_code)


def main() -> int:
    """One of the further processes: prepares what the first one did, and trains with it."""
    import signal

    from workers.contracts.recipes import TrainRecipe
    from workers.jobs import train, train_parts

    # What is asked of the group is for the first process to answer.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    line = b""
    while not line.endswith(b"\n"):
        read = os.read(0, 65536)
        if not read:
            return TransientError.exit_code
        line += read
    told = json.loads(line)
    threading.Thread(target=_end_with_input, daemon=True).start()
    folders = {(role, index): Path(folder) for role, index, folder in told["folders"]}
    request = JobRequest.model_validate(told["request"])
    silent = _Silent()
    ports = _Ports(_Workspace(request, Path(told["out"]), Path(told["journal"]), folders), silent, silent)
    train.settle(request)
    recipe = TrainRecipe.model_validate(request.recipe)
    train.fit_parts(ports, recipe, train_parts.prepare(ports, recipe))
    return 0


if __name__ == "__main__":
    sys.exit(main())
