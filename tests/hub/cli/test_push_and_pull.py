"""The stock Hugging Face client against a real server, started the way a person starts it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.catalog.models import Repo
from hub.catalog.selectors import commit_resolve, facts_of
from tests.factories.accounts import make_token
from tests.hub.api.zoo import weights
from tests.workers.engine.data.writing import REVIEWS, write_jsonl

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]
ROOT = Path(__file__).resolve().parents[3]


def _genepool(url: str, token: str, home: Path, *call: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(home), "HF_HOME": str(home / "hf"),
        "GENEPOOL_URL": url, "GENEPOOL_TOKEN": token, "HF_TOKEN": "hf_of_another_hub",
    }  # fmt: skip
    command = [sys.executable, "-m", "hub.cli", *call]
    return subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture
def url(live_server, settings) -> str:
    settings.SITE_URL = live_server.url
    return live_server.url


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "model"
    made.mkdir()
    (made / "model.safetensors").write_bytes(weights())
    (made / "README.md").write_text("---\nlicense: mit\n---\n# Mine\n")
    return made


def test_what_is_pushed_comes_back_when_pulled(alice, charlie, url, folder, tmp_path):
    token = make_token(alice, "write")
    pushed = _genepool(url, token, tmp_path, "push", str(folder), "alice/mine", "--private", "--message", "First")
    assert pushed.returncode == 0, pushed.stderr
    repo = Repo.objects.get(full_name="alice/mine")
    assert repo.visibility == "private"
    assert pushed.stdout == f"alice/mine@{repo.head[:7]}\n"

    pulled = _genepool(url, token, tmp_path, "pull", "alice/mine", "copy")
    assert pulled.returncode == 0, pulled.stderr
    for name in ("model.safetensors", "README.md"):
        assert (tmp_path / "copy" / name).read_bytes() == (folder / name).read_bytes()

    refused = _genepool(url, make_token(charlie, "write"), tmp_path, "pull", "alice/mine", "stolen")
    assert refused.returncode == 1
    assert refused.stderr.startswith("genepool: ")
    assert not (tmp_path / "stolen" / "README.md").exists()


def test_a_refused_first_push_leaves_no_repo(alice, url, folder, tmp_path):
    (folder / "model.safetensors").write_bytes(b"\x80\x04 no header")
    refused = _genepool(url, make_token(alice, "write"), tmp_path, "push", str(folder), "alice/bad")
    assert refused.returncode == 1
    assert "model.safetensors" in refused.stderr
    assert not Repo.objects.filter(full_name="alice/bad").exists()


def test_without_a_token_no_token_of_another_hub_is_sent(alice, url, folder, tmp_path):
    """A foreign token would be refused with 401; without any, what is public can be pulled."""
    assert (
        _genepool(url, make_token(alice, "write"), tmp_path, "push", str(folder), "alice/open", "--public").returncode
        == 0
    )
    pulled = _genepool(url, "", tmp_path, "pull", "alice/open", "copy")
    assert pulled.returncode == 0, pulled.stderr
    pushed = _genepool(url, "", tmp_path, "push", str(folder), "alice/open")
    assert pushed.returncode == 1
    assert "GENEPOOL_TOKEN" in pushed.stderr


def test_a_hub_that_is_not_there_is_said_to_be_not_there(folder, tmp_path):
    for call in (("push", str(folder), "alice/mine"), ("pull", "alice/mine", "copy")):
        done = _genepool("http://127.0.0.1:1", "", tmp_path, *call)
        assert done.returncode == 1
        assert "Nothing answers at http://127.0.0.1:1" in done.stderr


def test_a_folder_that_is_none_is_a_mistake_in_the_call(tmp_path):
    assert _genepool("http://127.0.0.1:1", "", tmp_path, "push", "nowhere", "alice/mine").returncode == 2


def test_data_is_looked_at_pushed_and_known(alice, url, tmp_path):
    write_jsonl(tmp_path / "reviews", REVIEWS, "train.jsonl")
    write_jsonl(tmp_path / "reviews", [{"text": "new", "label": "good"}], "test.jsonl")
    token = make_token(alice, "write")
    pushed = _genepool(url, token, tmp_path, "data", "push", "reviews", "alice/reviews")
    assert pushed.returncode == 0, pushed.stderr
    assert "Fits text classification (text: text, label: label)." in pushed.stderr
    facts = facts_of(commit_resolve(Repo.objects.get(full_name="alice/reviews"), "main"))
    assert (facts.splits, facts.columns) == ({"train": 4, "test": 1}, {"text": "string", "label": "string"})

    (tmp_path / "reviews" / "test.jsonl").write_text('{"text": "new"\n')
    refused = _genepool(url, token, tmp_path, "data", "push", "reviews", "alice/other")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Line 1 of test.jsonl" in refused.stderr
    assert not Repo.objects.filter(full_name="alice/other").exists()
