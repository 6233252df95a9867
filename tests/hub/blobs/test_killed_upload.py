"""A process that dies at any step between the first byte of a file and the commit that names it: the commit is there, or nothing is."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.blobs import uploads
from hub.blobs.models import Blob
from hub.blobs.services import blob_bytes, driver
from hub.catalog.models import Commit
from hub.catalog.operations import AddFile
from hub.catalog.selectors import blob_usable_by, commit_resolve, entries_of
from hub.catalog.services import commit_create
from tests.factories.catalog import make_repo
from tests.s3_store import bucket_url, s3_options

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parents[3]
PART = 5 * 2**20
CONTENT = b"Genepool" * (11 * 2**17)  # 11 MiB: three parts
SHA256 = hashlib.sha256(CONTENT).hexdigest()
# Which function dies, at which call of it.
STEPS = {
    "before the first byte": ("uploads.upload_start", 1),
    "between two parts": ("uploads.upload_part", 2),
    "after the parts": ("uploads.upload_complete", 1),
    "at the hash": ("Hash.check", 1),
    "before the row": ("uploads.blob_record", 1),
    "after the row": ("commits.names_check", 1),
    "in the commit": ("commits.tree_write", 1),
    "at the end of the commit": ("commits.audit", 1),
}
PROGRAM = """
import os, signal, sys
import django
django.setup()
from hub.accounts.models import User
from hub.blobs import uploads
from hub.blobs.drivers import hashing, local
from hub.blobs.services import driver
from hub.catalog import commits
from tests.hub.blobs import test_killed_upload as steps

place, _, name = sys.argv[1].partition(".")
left = int(sys.argv[2])
if place == "Hash":
    is_local = hasattr(driver(), "root")
    owner, name = (local.LocalDriver, "_link") if is_local else (hashing.Hasher, "check")
else:
    owner = {"uploads": uploads, "commits": commits}[place]
plain = getattr(owner, name)

def die(*args, **rest):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(*args, **rest)

setattr(owner, name, die)
steps.publish(User.objects.get(username="alice"))
"""


def publish(user) -> None:
    """What a client does: the parts that are not here yet, the end of the upload, the commit."""
    from hub.catalog.models import Repo

    uploads.PART_BYTES = PART
    repo = Repo.objects.select_related("namespace").get()
    if blob_usable_by(user, SHA256) is None:
        upload = uploads.upload_start(user=user, namespace=repo.namespace, sha256=SHA256, size=len(CONTENT))
        here = {part.number for part in uploads.upload_parts(upload)} if uploads._is_open(upload) else {1, 2, 3}
        for number in {1, 2, 3} - here:
            piece = CONTENT[(number - 1) * PART : number * PART]
            uploads.upload_part(upload=upload, number=number, chunks=[piece], size=len(piece))
        uploads.upload_complete(upload=upload)
    blob = Blob.objects.get(pk=SHA256)
    commit_create(
        repo=repo, branch="main", user=user, operations=[AddFile("data.dat", blob, is_lfs=True)], title="Publish"
    )


@pytest.fixture(params=["file", "s3"])
def place(request, settings, tmp_path) -> dict[str, str]:
    if request.param == "file":
        settings.STORAGE_URL = f"file://{tmp_path}/storage"
        return {"STORAGE_URL": settings.STORAGE_URL}
    settings.S3 = s3_options(request.getfixturevalue("s3_endpoint"))
    settings.STORAGE_URL = bucket_url(settings.S3)
    return {
        "STORAGE_URL": settings.STORAGE_URL,
        **{f"S3_{name.upper()}": value for name, value in settings.S3.items() if value},
    }


@pytest.mark.parametrize("step", STEPS)
def test_leaves_the_commit_or_nothing_and_the_next_try_succeeds(alice, child_environment, place, monkeypatch, step):
    monkeypatch.setattr(uploads, "PART_BYTES", PART)
    repo = make_repo(alice)
    environment = {
        **os.environ,
        **child_environment,
        **place,
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "hub.config.settings",
    }
    function, count = STEPS[step]
    done = subprocess.run([sys.executable, "-c", PROGRAM, function, str(count)], cwd=ROOT, env=environment, check=False)
    assert done.returncode == -9
    repo.refresh_from_db()
    assert Commit.objects.count() == 1
    assert [entry.path for entry in entries_of(commit_resolve(repo, "main"))] == [".gitattributes"]
    for blob in Blob.objects.all():  # a row never names bytes that are not there
        assert hashlib.sha256(blob_bytes(blob=blob)).hexdigest() == blob.sha256
    for sha256, size in driver().list():
        assert len(b"".join(driver().open(sha256))) == size
    publish(alice)
    head = commit_resolve(repo, "main")
    assert [entry.path for entry in entries_of(head)] == [".gitattributes", "data.dat"]
    assert hashlib.sha256(blob_bytes(blob=Blob.objects.get(pk=SHA256))).hexdigest() == SHA256
