"""A process that dies in the middle of a commit, without a word."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.catalog.models import Commit, HeadEntry, LineageEdge
from hub.catalog.selectors import commit_resolve, entries_of
from tests.factories.catalog import make_commit, make_repo, weights

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import os, signal, sys
import django
django.setup()
from hub.accounts.models import User
from hub.catalog import commits
from hub.catalog.models import Repo
from tests.factories.catalog import card, make_commit, weights

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(commits, sys.argv[1], die)
make_commit(Repo.objects.get(), User.objects.get(), {"model.safetensors": weights(), "README.md": card(base_model="a/b")})
"""


@pytest.mark.parametrize(
    "stage", ["extract", "branch_lock", "tree_write", "head_update", "edges_write", "derived_update"]
)
def test_nothing_is_published_and_the_next_one_succeeds(alice, child_environment, settings, tmp_path, stage):
    settings.STORAGE_URL = f"file://{tmp_path}/storage"
    repo = make_repo(alice)
    environment = {
        **child_environment,
        "STORAGE_URL": settings.STORAGE_URL,
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "hub.config.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, stage], cwd=ROOT, env={**os.environ, **environment}, check=False
    )
    assert done.returncode == -9
    repo.refresh_from_db()
    assert Commit.objects.count() == 1
    assert commit_resolve(repo, "main").oid == repo.head
    assert (HeadEntry.objects.count(), LineageEdge.objects.count(), repo.licence) == (1, 0, "")
    make_commit(repo, alice, {"model.safetensors": weights()})
    assert [entry.path for entry in entries_of(commit_resolve(repo, "main"))] == [".gitattributes", "model.safetensors"]
