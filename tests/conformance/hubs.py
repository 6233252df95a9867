"""A real hub on this machine: `genepool up` on a free port, its bytes in a folder or in S3, people made by the commands of `genepool`."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.environments import ROOT

OURS = (
    "DATABASE_URL",
    "REDIS_URL",
    "CACHE_URL",
    "SECRET_KEY",
    "STORAGE_URL",
    "SITE_URL",
    "GENEPOOL_DATA",
    "DJANGO_SETTINGS_MODULE",
)
START_S = 240
BUCKET = "conformance"


@dataclass(frozen=True)
class Hub:
    url: str
    data_dir: Path
    environment: dict[str, str]

    def genepool(self, *words: str) -> str:
        command = [sys.executable, "-m", "hub.cli", *words, "--data-dir", str(self.data_dir)]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"genepool {' '.join(words)}: {done.stderr[-2000:]}")
        return done.stdout.strip()

    def people(self, folder: Path, names: list[str]) -> dict[str, Path]:
        """For each name a file with its tokens and those of somebody else."""

        def make(name: str) -> dict[str, str]:
            self.genepool("user", "create", name)
            found = {"name": name, "token": self.genepool("token", "create", name, "--scope", "write")}
            if name != "other":
                found["read_token"] = self.genepool("token", "create", name, "--scope", "read")
            return found

        with ThreadPoolExecutor(2) as pool:
            made = list(pool.map(make, ["other", *names]))
        files = {}
        for one in made[1:]:
            one |= {"other_name": "other", "other_token": made[0]["token"]}
            files[one["name"]] = folder / f"{one['name']}.json"
            files[one["name"]].write_text(json.dumps(one))
        return files


@contextlib.contextmanager
def hub_running(folder: Path, storage: dict[str, str]) -> Iterator[Hub]:
    folder.mkdir(parents=True)
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", **storage}
    log = folder / "up.log"
    command = [
        sys.executable,
        "-m",
        "hub.cli",
        "up",
        "--port",
        "0",
        "--no-demo",
        "--workers",
        "1",
        "--data-dir",
        str(folder / "data"),
    ]
    with (
        log.open("wb") as file,
        _ended(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)) as process,
    ):
        url = _address(process, log)
        yield Hub(url, folder / "data", environment)


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    end = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < end:
        if found := re.search(r"^Genepool serves (http://\S+)", log.read_text(), re.MULTILINE):
            return found[1]
        time.sleep(0.2)
    raise RuntimeError(f"the hub did not start:\n{log.read_text()[-4000:]}")


@contextlib.contextmanager
def s3_running(folder: Path) -> Iterator[dict[str, str]]:
    """A server that speaks S3, with an empty bucket. Gives the settings of a hub that keeps its bytes there."""
    folder.mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "s3.log").open("wb") as file, _ended(subprocess.Popen(command, stdout=file, stderr=file)) as process:
        end = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/moto-api/", timeout=5).close()
                break
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the S3 server did not start")
            time.sleep(0.2)
        urllib.request.urlopen(urllib.request.Request(f"{address}/{BUCKET}", method="PUT"), timeout=10).close()
        yield {
            "STORAGE_URL": f"s3://{BUCKET}/blobs", "S3_ENDPOINT": address, "S3_ACCESS_KEY": "test", "S3_SECRET_KEY": "test",
            "S3_REGION": "us-east-1",
        }  # fmt: skip


@contextlib.contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator["subprocess.Popen[bytes]"]:
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
