"""gunicorn with threads, as `genepool up` runs it, on a free port of this machine."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def served(environment: Mapping[str, str], log_file: Path, config: str = "hub/config/gunicorn.py") -> Iterator[str]:
    """The address of a hub that answers; its log is printed at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    its_own = {
        "WEB_WORKERS": "1", "LOG_LEVEL": "ERROR", **environment, "SITE_URL": url, "BIND": f"127.0.0.1:{port}", "PYTHONPATH": str(ROOT)
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "-c", config, "hub.config.wsgi"]
    with (
        log_file.open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, env=its_own, stdout=log, stderr=log) as server,
    ):
        try:
            _wait(url, server)
            yield url
        finally:
            server.terminate()
            server.wait(20)
    print(log_file.read_text()[-4000:])


def _wait(url: str, server: subprocess.Popen) -> None:
    """Until it answers; a server that has ended, or says nothing for a minute, is a failure of its own."""
    end = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")
