"""Blobs as rows: who may name which by its hash."""

import hashlib

import pytest

from hub.blobs import services
from hub.blobs.errors import OutOfStorage
from hub.blobs.models import Blob
from hub.catalog.selectors import blob_usable_by
from hub.core.errors import Invalid, Unavailable
from tests.factories.catalog import make_repo, weights


def put(user, content: bytes) -> Blob:
    return services.blob_put(chunks=[content], user=user)


def test_gives_a_row_that_can_be_read_back(alice):
    blob = put(alice, b"hello")
    assert Blob.objects.get().size_bytes == 5
    assert services.blob_bytes(blob=blob) == b"hello"
    assert services.blob_bytes(blob=blob, start=1, end=3) == b"el"


def test_the_same_bytes_of_two_people_are_one_blob(alice, bob):
    assert put(alice, b"same") == put(bob, b"same")
    assert Blob.objects.get().grants.count() == 2


def test_stores_a_file(alice, tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 3_000_000)
    blob = services.blob_put_file(path=tmp_path / "file", user=alice)
    assert blob.sha256 == hashlib.sha256(b"x" * 3_000_000).hexdigest()


@pytest.mark.parametrize("claims", [{"sha256": "0" * 64}, {"sha256": "no hash"}, {"size": 4}])
def test_refuses_what_is_not_as_announced(alice, claims):
    with pytest.raises(Invalid):
        services.blob_put(chunks=[b"hello"], user=alice, **claims)
    assert not Blob.objects.exists()


def test_a_full_disk_is_507_and_leaves_no_row(alice):
    with pytest.raises(OutOfStorage) as caught:
        services.blob_put(chunks=[], user=alice, size=2**60)
    assert caught.value.status == 507
    assert not Blob.objects.exists()


def test_lost_bytes_are_said_plainly(alice):
    blob = put(alice, b"hello")
    services.driver().delete(blob.sha256)
    with pytest.raises(Unavailable, match="missing in the storage"):
        services.blob_read(blob=blob)


def test_only_the_sender_may_name_it(alice, charlie):
    blob = put(alice, b"secret weights")
    assert blob_usable_by(alice, blob.sha256) == blob
    assert blob_usable_by(charlie, blob.sha256) is None
    assert blob_usable_by(None, blob.sha256) is None


def test_whoever_may_read_a_repo_may_name_its_blobs(alice, charlie):
    make_repo(alice, "open", files={"model.safetensors": weights()})
    sha256 = hashlib.sha256(weights()).hexdigest()
    assert blob_usable_by(charlie, sha256) is not None


def test_nobody_else_may_name_those_of_a_private_repo(alice, charlie):
    make_repo(alice, "closed", files={"model.safetensors": weights()}, visibility="private")
    assert blob_usable_by(charlie, hashlib.sha256(weights()).hexdigest()) is None


def test_a_blob_of_an_older_commit_in_a_folder_counts_too(alice, charlie):
    from hub.catalog.operations import DeleteFolder
    from hub.catalog.services import commit_create

    repo = make_repo(alice, "open", files={"a/b/model.safetensors": weights(fill=7), "c.txt": "x"})
    commit_create(repo=repo, branch="main", user=alice, operations=[DeleteFolder("a")], title="Remove")
    assert blob_usable_by(charlie, hashlib.sha256(weights(fill=7)).hexdigest()) is not None


@pytest.mark.parametrize("text", ["", "abc", "A" * 64, "0" * 63 + "\0"])
def test_what_is_no_hash_is_nobodys(alice, text):
    assert blob_usable_by(alice, text) is None
