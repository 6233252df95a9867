"""Whole hubs for a test: `genepool up` as a person starts it, each on a data directory of its own."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from hub.embedded.processes import pids_marked, pids_working_in
from tests.hub.embedded_support import ROOT, forget_home, own_environment, wait_for


class WholeHub:
    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.output = data_dir.parent / f"{data_dir.name}-{len(list(data_dir.parent.iterdir()))}.log"
        self.environment = {**own_environment(), "HOME": str(data_dir.parent), **settings}
        command = [
            sys.executable,
            "-m",
            "hub.cli",
            "up",
            "--no-demo",
            "--port",
            "0",
            "--workers",
            "1",
            "--data-dir",
            str(data_dir),
        ]
        with self.output.open("xb") as file:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
            )

    def address(self) -> str:
        def is_served() -> bool:
            assert self.process.poll() is None, self.output.read_text()
            return "Ctrl-C stops everything." in self.output.read_text()

        wait_for(is_served, 120)
        return re.findall(r"Genepool serves (\S+)", self.output.read_text())[-1]

    def call(self, *words: str, **settings: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "hub.cli", *words], cwd=ROOT, env={**self.environment, **settings}, capture_output=True, text=True, timeout=100
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def person(self, name: str, scope: str) -> str:
        """A token of a new user."""
        self.call("user", "create", name, "--data-dir", str(self.data_dir))
        return (
            self.call("token", "create", name, "--scope", scope, "--data-dir", str(self.data_dir))
            .strip()
            .splitlines()[-1]
        )

    def left(self) -> list[int]:
        folders = [self.data_dir / "postgres", self.data_dir / "redis"]
        return pids_marked(self.data_dir) + [
            pid for folder in folders for pid in pids_working_in(folder, named=str(folder))
        ]

    def kill(self) -> None:
        """A power cut: every process at once, none of them asked."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        for pid in [*self.left(), *fetching_pids(self.data_dir)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not [*self.left(), *fetching_pids(self.data_dir)], 30)


@contextlib.contextmanager
def whole_hub(data_dir: Path, **settings: str) -> Iterator[WholeHub]:
    hub = WholeHub(data_dir, **settings)
    try:
        yield hub
    finally:
        hub.kill()
        forget_home(data_dir)


def fetching_pids(data_dir: Path) -> list[int]:
    """The processes of jobs: each has its folder below the data directory on its command line."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
            if entry.name.isdecimal() and "workers.runtime.child" in command and str(data_dir) in command:
                found.append(int(entry.name))
    return found


def tree_of(api_url: str, token: str, get) -> dict[str, tuple[str, int, str]]:
    """Every file and folder: git id, size, sha256 of an LFS file."""
    rows = json.loads(get(f"{api_url}?recursive=true", token))
    return {row["path"]: (row["oid"], row["size"], (row.get("lfs") or {}).get("oid", "")) for row in rows}
