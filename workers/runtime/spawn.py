"""One child process per attempt, in a process group of its own. The child alone loads torch."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from workers.runtime.processes import group_members, process_started

ROOT = Path(__file__).resolve().parents[2]
TAIL_BYTES = 65536
CHILD = "workers.runtime.child"
GONE_S = 10.0
# SECURITY: the child gets these and nothing else of our environment; no secret is ever among them.
ALLOWED = (
    "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV",
    "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_HOME", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "TRITON_CACHE_DIR",
)  # fmt: skip


def environment_make(folder: Path, threads: int) -> dict[str, str]:
    """An allow-list of ours, and what keeps libraries off the network and out of the home folder."""
    kept = {name: os.environ[name] for name in ALLOWED if name in os.environ}
    home = str(folder / "tmp")
    return kept | {
        "HOME": home,
        "TMPDIR": home,
        "HF_HOME": home,
        "XDG_CACHE_HOME": home,
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _told(briefing: bytes) -> int:
    """A descriptor that reads `briefing`. SECURITY: it lies in memory or in a file without a name, for it may hold a secret."""
    if not briefing:
        return subprocess.DEVNULL
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("briefing")
    else:
        with tempfile.TemporaryFile() as nameless:
            descriptor = os.dup(nameless.fileno())
    with os.fdopen(os.dup(descriptor), "wb") as writer:
        writer.write(briefing)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


class Child:
    """`events` is the read end of the event pipe. The child ends when `alive` closes, that is: at the latest when we do.

    `briefing` is what it finds on its standard input.
    """

    def __init__(self, folder: Path, threads: int, briefing: bytes = b"") -> None:
        (folder / "tmp").mkdir(exist_ok=True)
        self.events, events_write = os.pipe()
        alive_read, self.alive = os.pipe()
        self.output, output_write = os.pipe()
        command = [
            sys.executable, "-m", CHILD, str(folder), "--events-fd", str(events_write), "--alive-fd", str(alive_read),
        ]  # fmt: skip
        told = _told(briefing)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=told,
                stdout=output_write,
                stderr=output_write,
                cwd=folder,
                env=environment_make(folder, threads),
                pass_fds=(events_write, alive_read),
                start_new_session=True,
            )
        finally:
            for descriptor in (events_write, alive_read, output_write, *([told] if briefing else [])):
                os.close(descriptor)
        for descriptor in (self.events, self.output):
            os.set_blocking(descriptor, False)
        self.pid = self._process.pid
        self.tail = bytearray()
        self.cpu_s = 0.0
        self._code: int | None = None

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        if self._code is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.cpu_s = usage.ru_utime + usage.ru_stime
                self._code = self._process.returncode = os.waitstatus_to_exitcode(status)
        return self._code

    def keep(self, output: bytes) -> None:
        """Of what the child prints the end is kept: it explains a crash that had no time for words."""
        self.tail += output
        del self.tail[:-TAIL_BYTES]

    def signal(self, number: signal.Signals) -> None:
        """To the whole group: a child may have children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def end(self) -> bool:
        """Kills what is left of the group and waits until it is gone; False when something does not die."""
        give_up = time.monotonic() + GONE_S
        while True:
            self.signal(signal.SIGKILL)
            if self.poll() is not None and not group_members(self.pid):
                return True
            if time.monotonic() > give_up:
                return False
            time.sleep(0.02)

    def close(self) -> None:
        for descriptor in (self.events, self.alive, self.output):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def leftover_note(path: Path, child: Child) -> None:
    path.write_text(f"{child.pid} {process_started(child.pid)}")


def leftover_end(path: Path) -> None:
    """Kills the group of an earlier attempt on this host, should it still be there: two writers of one journal must not be."""
    try:
        pid, _, started = path.read_text().partition(" ")
    except FileNotFoundError:
        return
    if pid.isdecimal() and started and process_started(int(pid)) == started:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(int(pid), signal.SIGKILL)
        give_up = time.monotonic() + GONE_S
        while group_members(int(pid)) and time.monotonic() < give_up:
            time.sleep(0.02)
    path.unlink(missing_ok=True)
