import json

import pytest

from hub.catalog.services import branch_create, tag_create
from hub.jobs.services import job_cancel
from tests.factories.accounts import make_token
from tests.factories.catalog import make_commit, make_model, make_repo
from tests.factories.jobs import make_job
from tests.hub.backups.places import Place, empty_place


@pytest.fixture
def storage(settings, tmp_path):
    settings.STORAGE_URL = f"file://{tmp_path}/storage"


@pytest.fixture
def hub(transactional_db, storage, settings, child_environment) -> Place:
    """The test's own database with a bit of everything in it."""
    return Place({**child_environment, "STORAGE_URL": settings.STORAGE_URL})


@pytest.fixture
def filled(hub, alice, bob, lab) -> Place:
    model = make_model(alice, "model", fill=3, visibility="private")
    branch_create(repo=model, name="try/this")
    make_commit(model, alice, {"deep/er/note.txt": "tried"}, branch="try/this")
    tag_create(repo=model, name="v1", revision=model.default_branch)
    make_repo(bob, "data", namespace="lab", type="dataset", files={"train.parquet": b"not really", "empty.txt": b""})
    make_job(alice)
    job_cancel(user=bob, job=make_job(bob))
    return hub


@pytest.fixture
def token(filled, alice) -> str:
    return make_token(alice, "read")


@pytest.fixture
def elsewhere(child_environment, tmp_path):
    """An empty hub."""
    with empty_place(child_environment, tmp_path / "elsewhere") as place:
        yield place


@pytest.fixture
def backup(filled, tmp_path):
    """A finished backup, as copies: tests damage it, and the hub is not to feel that."""
    folder = tmp_path / "backup"
    filled.genepool("backup", str(folder), "--copy")
    return folder


@pytest.fixture
def manifest():
    """`manifest(folder)` of the only snapshot there is."""
    return lambda folder: json.loads(next(folder.glob("*Z*/manifest.json")).read_text())
