"""The unmodified client, as it is installed: nothing set, against the real server."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.xet.models import Generation, Xorb
from tests.factories.accounts import make_token
from tests.hub.real_server import served

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import random, sys
from huggingface_hub import HfApi
repo, size = sys.argv[1], int(sys.argv[2])
content = random.Random(1).randbytes(size)
api = HfApi()
api.create_repo(repo, exist_ok=True, private=True)
for name in sys.argv[3:]:
    open(name, "wb").write(content)
    api.upload_file(path_or_fileobj=name, path_in_repo=name, repo_id=repo)
    assert open(api.hf_hub_download(repo, name), "rb").read() == content
print("all went well")
"""


@pytest.fixture
def hub_url(child_environment, tmp_path) -> Iterator[str]:
    environment = {**child_environment, "STORAGE_URL": f"file://{tmp_path}/blobs"}
    with served(environment, tmp_path / "server.log") as url:
        yield url


@pytest.fixture
def run(hub_url, tmp_path):
    def call(user, *words: str) -> str:
        environment = {
            "HF_ENDPOINT": hub_url, "HF_TOKEN": make_token(user, "write"), "HF_HOME": str(tmp_path / "home"), "HOME": str(tmp_path),
            "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "PATH": os.environ["PATH"],
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, *words],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert "all went well" in done.stdout, done.stdout + done.stderr
        return done.stdout

    return call


SIZE = 3 * 2**20


def test_a_client_that_knows_nothing_uploads_through_the_gateway(run, alice):
    pytest.importorskip("hf_xet")
    run(alice, "alice/one", str(SIZE), "a.arrow")
    first = Xorb.objects.count()
    assert first >= 1
    run(alice, "alice/two", str(SIZE), "b.arrow")
    assert Xorb.objects.count() == first, "the client remembers what it sent, and the hub still has it"


def test_two_people_on_one_machine_do_not_share_what_their_client_remembers(run, alice, charlie):
    pytest.importorskip("hf_xet")
    run(alice, "alice/one", str(SIZE), "a.arrow")
    run(charlie, "charlie/own", str(SIZE), "a.arrow")
    assert Generation.objects.count() == 2
    assert Xorb.objects.filter(user=charlie).exists()


def test_a_hub_that_lost_its_chunks_gets_them_again(run, alice):
    """The client builds on what it sent before: the first try after the loss fails, the next sends everything afresh."""
    pytest.importorskip("hf_xet")
    run(alice, "alice/one", str(SIZE), "a.arrow")
    Xorb.objects.all().delete()
    with pytest.raises(AssertionError, match="400"):
        run(alice, "alice/two", str(SIZE), "b.arrow")
    run(alice, "alice/two", str(SIZE), "b.arrow")
