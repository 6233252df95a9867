"""A store that fails half-way: 503 or 507, nothing half-written, and once it works again the same upload goes through."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError

from hub.blobs.drivers import local
from hub.blobs.models import Blob
from hub.blobs.services import driver
from hub.catalog.models import Commit
from hub.catalog.verifying import orphans
from tests.factories.accounts import make_token
from tests.factories.catalog import make_blob, make_repo, weights
from tests.hub.faults import sending
from tests.hub.faults.looking import every_row_has_its_bytes, leftovers, read_whole
from tests.hub.hfapi.client import lfs_line
from tests.s3_store import bucket_url, s3_options

pytestmark = [pytest.mark.django_db, pytest.mark.hostile]
NUMBER = 7
WRITE = "hub.blobs.drivers.local._write_all"
CUT = "cut"


@contextmanager
def broken(target: str, real: Callable[..., Any], error: Exception, *, call: int = 1) -> Iterator[None]:
    """`target` raises from its `call`th call on."""
    calls = 0

    def fail(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls >= call:
            raise error
        return real(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(target, fail)
        yield


@contextmanager
def broken_bucket(operation: str, answer: str) -> Iterator[None]:
    """The store answers this operation with an error, or cuts the connection."""

    class Body:
        def stream(self) -> Iterator[bytes]:
            yield f"<Error><Code>{answer}</Code><Message>at storage-7.example</Message></Error>".encode()

    def handler(request: Any, **_: Any) -> AWSResponse:
        if answer == CUT:
            raise ConnectionClosedError(endpoint_url="http://storage-7.example/bucket")
        return AWSResponse(request.url, 507 if answer.startswith("Insufficient") else 503, {}, Body())

    events, name = driver()._client.meta.events, f"before-send.s3.{operation}"
    events.register_first(name, handler)
    try:
        yield
    finally:
        events.unregister(name, handler)


def fails_then_works(alice, sender: str, status: int, fault: AbstractContextManager[None]) -> None:
    repo, token = make_repo(alice, "thing"), make_token(alice, "write")
    rows, there = set(Blob.objects.values_list("pk", flat=True)), set(driver().list())
    with fault, pytest.raises(sending.Refusal) as caught:
        getattr(sending, sender)(token, repo.full_name, NUMBER)
    answer = caught.value.answer
    assert answer.status_code == status
    assert "/" not in answer.json()["error"], "no address of the store is told"
    assert Commit.objects.filter(repo=repo).count() == 1
    every_row_has_its_bytes(Blob.objects.exclude(pk__in=rows))
    if sender in ("lfs", "regular"):  # the others keep what came whole, to go on from there
        assert set(driver().list()) == there
        assert leftovers(driver()) == []
    sent = getattr(sending, sender)(token, repo.full_name, NUMBER)
    assert {path: content for path, content in read_whole(repo).items() if path != ".gitattributes"} == sent
    assert leftovers(driver()) == []
    assert list(orphans(driver())) == []


FSYNC, LINK = ("os.fsync", os.fsync), ("os.link", os.link)


@pytest.mark.parametrize(
    ("sender", "target", "number", "status"),
    [
        ("regular", FSYNC, errno.EIO, 503), ("regular", LINK, errno.ENOSPC, 507), ("lfs", FSYNC, errno.EDQUOT, 507),
        ("lfs", LINK, errno.EIO, 503), ("multipart", FSYNC, errno.EIO, 503), ("multipart", LINK, errno.ENOSPC, 507),
        ("xet", FSYNC, errno.EIO, 503),
    ],
)  # fmt: skip
def test_a_folder_on_a_disk_that_gives_out(alice, sender, target, number, status):
    fails_then_works(alice, sender, status, broken(*target, OSError(number, "broken")))


@pytest.mark.parametrize(("sender", "call"), [("lfs", 4), ("multipart", 4), ("xet", 2), ("xet", 5)])
def test_a_disk_that_is_full_in_the_middle_of_the_bytes(alice, sender, call):
    full = OSError(errno.ENOSPC, "full")
    fails_then_works(alice, sender, 507, broken(WRITE, local._write_all, full, call=call))


class Unreadable:
    """A file on a bad sector: it can be opened, and its first bytes do not come."""

    def __init__(self, path: Path, *_: Any, **__: Any) -> None:
        self.path = path

    def __enter__(self) -> "Unreadable":
        return self

    def __exit__(self, *_: object) -> None: ...

    def seek(self, place: int) -> None: ...

    def read(self, count: int) -> bytes:
        raise OSError(errno.EIO, "bad sector", str(self.path))


@pytest.mark.parametrize("is_opened", [True, False])
def test_what_cannot_be_read_is_not_committed_and_not_a_crash(alice, monkeypatch, is_opened):
    """A commit looks into the files that it names."""
    repo, token = make_repo(alice, "thing"), make_token(alice, "write")
    oid = make_blob(alice, weights()).pk
    lines, real = [lfs_line("model.safetensors", oid)], Path.open

    def fail(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name != oid:
            return real(path, *arguments, **options)
        if is_opened:
            return Unreadable(path)
        raise OSError(errno.EIO, "bad sector", str(path))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", fail)
        answer = sending.Sender(token).commit(repo.full_name, lines)
    assert answer.status_code == 503
    assert "/" not in answer.json()["error"]
    assert Commit.objects.filter(repo=repo).count() == 1
    assert sending.Sender(token).commit(repo.full_name, lines).status_code == 200


@pytest.fixture
def bucket(settings, monkeypatch, s3_endpoint):
    """With a client of its own, which does not try again."""
    monkeypatch.setattr("hub.blobs.drivers.s3_client.ATTEMPTS", 1)
    settings.S3 = {**s3_options(s3_endpoint), "access_key": f"testing-{uuid4().hex}"}
    settings.STORAGE_URL = bucket_url(settings.S3)


@pytest.mark.parametrize(
    ("sender", "operation", "answer", "status"),
    [
        ("regular", "PutObject", "SlowDown", 503),
        ("regular", "PutObject", "InsufficientStorage", 507),
        ("lfs", "UploadPart", CUT, 503),
        ("lfs", "CompleteMultipartUpload", "InternalError", 503),
        ("multipart", "CompleteMultipartUpload", CUT, 503),
        ("multipart", "GetObject", CUT, 503),
        ("multipart", "CopyObject", "XMinioStorageFull", 507),
    ],
)
def test_a_bucket(alice, bucket, sender, operation, answer, status):
    fails_then_works(alice, sender, status, broken_bucket(operation, answer))
