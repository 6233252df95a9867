"""Whole processes as they are measured: seconds from start to end, processor seconds, peak anonymous memory."""

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_S = 0.02


@dataclass(frozen=True)
class Measured:
    """`peak_bytes` is resident memory that no file backs, sampled; 0 where the system does not tell. `text` is what it printed."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    text: str


def measured(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Measured:
    """Runs `command` in `folder` to its end. One at a time: processor seconds are those of all children.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as said:
        before, start = _cpu_seconds(), time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=dict(environment) if environment else None, stdin=subprocess.DEVNULL,
            stdout=printed, stderr=said,
        )  # fmt: skip
        watch = Watch(process.pid)
        code = process.wait()
        seconds = time.perf_counter() - start
        peak, cpu = watch.stop(), _cpu_seconds() - before
        texts = []
        for stream in (printed, said):
            stream.seek(0)
            texts.append(stream.read().decode(errors="replace"))
    if code:
        raise RuntimeError(f"{' '.join(command)} ended with {code}: {texts[1][-2000:]}")
    return Measured(seconds, cpu, peak, texts[0])


class Watch:
    """Looks at a process's memory until it is stopped."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        self._over.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        while not self._over.wait(SAMPLE_S):
            try:
                status = self._status.read_text()
            except OSError:
                return
            for line in status.splitlines():
                if line.startswith("RssAnon:"):
                    self._peak = max(self._peak, int(line.split()[1]) * 1024)


def own_command(*arguments: str) -> list[str]:
    """`genepool …`, whether or not the console script is on the path."""
    return [sys.executable, "-m", "hub.cli", *arguments]


def plain_environment(**more: str) -> dict[str, str]:
    """Ours without what would lead another package's interpreter to our modules, and without the network."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "OMP_", "MKL_"))}
    return kept | {"HF_HUB_OFFLINE": "1"} | more


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
