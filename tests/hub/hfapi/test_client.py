"""The unmodified clients against the real server: gunicorn with threads, as `genepool up` runs it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.accounts import make_token
from tests.factories.catalog import weights

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = Path(__file__).resolve().parent / "scripts"


@pytest.fixture
def hub_url(child_environment, tmp_path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = {
        **child_environment, "SITE_URL": url, "BIND": f"127.0.0.1:{port}", "WEB_WORKERS": "1", "STORAGE_URL": f"file://{tmp_path}/blobs",
        "PYTHONPATH": str(ROOT), "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "-c", "hub/config/gunicorn.py", "hub.config.wsgi"]
    with (
        (tmp_path / "server.log").open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            _wait(url, server)
            yield url
        finally:
            server.terminate()
            server.wait(20)
    print((tmp_path / "server.log").read_text()[-4000:])


def _wait(url: str, server: subprocess.Popen) -> None:
    """Until it answers; a server that has ended, or says nothing for a minute, is a failure of its own."""
    end = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{url}/api/models", timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


@pytest.fixture
def run(hub_url, alice, tmp_path):
    """Runs a command as Alice's shell would, with her token and nothing of ours in its environment."""
    environment = {
        "HF_ENDPOINT": hub_url, "HF_TOKEN": make_token(alice, "write"), "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "OMP_NUM_THREADS": "1", "HOME": str(tmp_path), "NO_COLOR": "1",
    }  # fmt: skip

    def call(*command: str, **changes: str) -> str:
        done = subprocess.run(
            command, env={**environment, **changes}, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


@pytest.fixture
def model(tmp_path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(weights(tensors={"w": (300, 1000)}))
    (folder / "config.json").write_text('{"model_type": "vit"}')
    return folder


def test_the_python_client(run, model):
    assert "all went well" in run(
        sys.executable, str(SCRIPTS / "everyday.py"), "alice", str(model / "model.safetensors")
    )


def test_the_hf_command(run, model, tmp_path):
    assert "alice" in run("hf", "auth", "whoami")
    run("hf", "upload", "alice/by-command", str(model))
    run("hf", "download", "alice/by-command", "--local-dir", str(tmp_path / "down"))
    for name in ("model.safetensors", "config.json"):
        assert (tmp_path / "down" / name).read_bytes() == (model / name).read_bytes()


def test_transformers_saves_and_loads(run):
    pytest.importorskip("transformers")
    assert "all went well" in run(sys.executable, str(SCRIPTS / "load_model.py"), "alice")
