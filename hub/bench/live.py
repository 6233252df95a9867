"""A hub of its own to measure: `genepool up` in a fresh folder, a user with a token, and what its processes take."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

CODE = Path(__file__).resolve().parents[2]
OF_THE_OPERATOR = (
    "DATABASE_URL",
    "DATABASE_URL_FILE",
    "REDIS_URL",
    "REDIS_URL_FILE",
    "STORAGE_URL",
    "SITE_URL",
    "GENEPOOL_DATA",
)
START_S = 120


class LiveHub:
    def __init__(
        self, process: "subprocess.Popen[str]", data_dir: Path, address: str, environment: dict[str, str]
    ) -> None:
        self.process, self.data_dir, self.address, self.environment = process, data_dir, address, environment
        self.token = ""

    def command(self, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "hub.cli", *arguments, "--data-dir", str(self.data_dir)],
            cwd=CODE, env=self.environment, input=stdin, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def client(self, base: str = "") -> httpx.Client:
        return httpx.Client(
            base_url=base or self.address,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=900,
            trust_env=False,
        )

    def anonymous_bytes(self) -> dict[int, int]:
        """Anonymous resident memory of every process below `up`, by pid."""
        found = {}
        for pid in _below(self.process.pid):
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
                if match := re.search(r"^Anonymous:\s+(\d+) kB", text, re.MULTILINE):
                    found[pid] = int(match[1]) * 1024
        return found


@contextlib.contextmanager
def live_hub(scratch: Path, **settings: str) -> Iterator[LiveHub]:
    environment = {name: value for name, value in os.environ.items() if name not in OF_THE_OPERATOR} | settings
    data_dir = scratch / "hub"
    command = [
        sys.executable,
        "-m",
        "hub.cli",
        "up",
        "--no-demo",
        "--workers",
        "1",
        "--port",
        settings.get("PORT", "0"),
        "--data-dir",
        str(data_dir),
    ]
    process = subprocess.Popen(
        command,
        cwd=CODE,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        hub = LiveHub(process, data_dir, _address(process), environment)
        hub.command("user", "create", "bench", "--password-stdin", stdin="a password of the benchmark\n")
        hub.token = hub.command("token", "create", "bench", "--scope", "write")
        yield hub
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(90)
        process.kill()
        process.wait()


def _address(process: "subprocess.Popen[str]") -> str:
    """Read from what `up` says; the rest of its words is read too, so that it never waits for a reader."""
    assert process.stdout is not None  # noqa: S101 it is a pipe
    deadline, said = time.monotonic() + START_S, []
    for line in process.stdout:
        said.append(line)
        if match := re.search(r"Genepool serves (\S+)", line):
            threading.Thread(target=_drain, args=(process,), daemon=True).start()
            return match[1]
        if time.monotonic() > deadline:
            break
    raise RuntimeError("The hub did not start:\n" + "".join(said[-20:]))


def _drain(process: "subprocess.Popen[str]") -> None:
    for _ in process.stdout or ():
        pass


def _below(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, left = [], [pid]
    while left:
        found.append(left.pop())
        left += children.get(found[-1], [])
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
