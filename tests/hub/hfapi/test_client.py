"""The unmodified clients against the real server: gunicorn with threads, as `genepool up` runs it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.accounts import make_token
from tests.factories.catalog import weights
from tests.hub.real_server import served

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = Path(__file__).resolve().parent / "scripts"


@pytest.fixture
def hub_url(child_environment, tmp_path) -> Iterator[str]:
    environment = {**child_environment, "STORAGE_URL": f"file://{tmp_path}/blobs"}
    with served(environment, tmp_path / "server.log") as url:
        yield url


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
