"""`genepool up` as a person sees it: one whole hub of processes, hurt in every part, stopped, killed and started again."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.embedded.processes import PROC, pids_marked, pids_working_in
from tests.hub.embedded_support import ROOT, forget_home, open_folder, own_environment, wait_for

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]


class Running:
    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.output = data_dir.parent / f"output-{len(list(data_dir.parent.iterdir()))}"
        with self.output.open("xb") as file:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "hub.cli",
                    "up",
                    "--no-demo",
                    "--port",
                    "0",
                    "--data-dir",
                    str(data_dir),
                    "--workers",
                    "1",
                ],
                cwd=ROOT,
                env=own_environment(),
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text()

    def address(self) -> str:
        def is_served() -> bool:
            assert self.process.poll() is None, self.said()
            return "Ctrl-C stops everything." in self.said()

        wait_for(is_served, 120)
        return re.findall(r"Genepool serves (\S+)", self.said())[-1]

    def service_pid(self, name: str) -> int:
        return int(json.loads((self.data_dir / "run" / "processes.json").read_text())[name][0])

    def left(self) -> list[int]:
        folders = [self.data_dir / "postgres", self.data_dir / "redis"]
        return pids_marked(self.data_dir) + [
            pid for folder in folders for pid in pids_working_in(folder, named=str(folder))
        ]


def is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=5) as answer:
            return json.load(answer)["ready"]
    except (OSError, urllib.error.URLError):
        return False


@contextlib.contextmanager
def up(data_dir: Path) -> Iterator[Running]:
    running = Running(data_dir)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
        for pid in running.left():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def data_dir():
    with open_folder() as folder:
        yield folder / "data"
        forget_home(folder / "data")


@pytest.mark.skipif(not PROC.joinpath("self/stat").exists(), reason="counting every process needs /proc")
def test_it_heals_stops_and_comes_back(data_dir):
    with up(data_dir) as first:
        address = first.address()
        assert is_ready(address)
        password = re.search(r"Sign in as root with the password (\S+)", first.said())
        assert password
        assert not any(password[1] in log.read_text() for log in (data_dir / "logs").iterdir())

        second = subprocess.run(
            [sys.executable, "-m", "hub.cli", "up", "--data-dir", str(data_dir), "--port", "0"],
            cwd=ROOT,
            env=own_environment(),
            capture_output=True,
            text=True,
        )
        assert second.returncode == 1
        assert f"process {first.process.pid}, holds it and serves {address}" in second.stderr

        for name in ("postgres", "redis", "web", "worker-cpu"):
            before = first.service_pid(name)
            os.kill(before, signal.SIGKILL)
            wait_for(lambda name=name, before=before: f"{name} ended (signal SIGKILL)" in first.said())
            wait_for(
                lambda name=name, before=before: (
                    name in (data_dir / "run/processes.json").read_text() and first.service_pid(name) != before
                )
            )
            wait_for(lambda: is_ready(address))

        os.kill(first.process.pid, signal.SIGINT)
        assert first.process.wait(90) == 0
        assert first.left() == []
        assert not (data_dir / "run" / "environment.json").exists()

    with up(data_dir) as third:
        third.address()
        assert "Sign in as" not in third.said()  # the password is shown once
        third.process.kill()
        third.process.wait()
        assert third.left()

    with up(data_dir) as fourth:
        assert is_ready(fourth.address())
        fourth.process.terminate()
        assert fourth.process.wait(90) == 0
        assert fourth.left() == []


def run_up(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "hub.cli", "up", *arguments],
        cwd=ROOT,
        env=own_environment(),
        capture_output=True,
        text=True,
    )


def test_a_port_in_use_is_named_before_anything_starts(data_dir):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_up("--data-dir", str(data_dir), "--port", str(port))
    assert done.returncode == 1
    assert (
        f"Port {port} on 127.0.0.1 is in use by another program. Choose another with --port {port + 1}." in done.stdout
    )
    assert not (data_dir / "postgres" / "PG_VERSION").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "70000"], "--port is 70000. It must be from 0 to 65535."),
        (["--workers", "0"], "--workers is 0. It must be from 1 to 256."),
        (["--no-demo", "--exit-after-demo"], "exclude each other"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_wrong_usage_is_refused(arguments, complaint):
    done = run_up(*arguments)
    assert done.returncode == 2
    assert complaint in done.stderr


def test_an_address_of_another_machine_is_refused(data_dir):
    done = run_up("--data-dir", str(data_dir), "--host", "192.0.2.1", "--port", "0")
    assert done.returncode == 1
    assert "Cannot listen on 192.0.2.1" in done.stdout
