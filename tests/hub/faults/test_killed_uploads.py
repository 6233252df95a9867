"""kill -9 at every step of an upload: the commit is there or nothing is, what rows name is there, and sending again works."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.conf import settings as hub_settings
from django.utils import timezone

from hub.blobs.keeping import bytes_drop
from hub.blobs.models import Blob, Upload
from hub.blobs.services import driver
from hub.blobs.uploads import uploads_expire
from hub.catalog.models import Commit
from hub.catalog.verifying import orphans
from tests.factories.catalog import make_repo
from tests.hub.faults import sending
from tests.hub.faults.looking import every_row_has_its_bytes, leftovers, read_whole
from tests.hub.faults.victims import Order, Place

pytestmark = pytest.mark.journey

BODY = "django.core.handlers.wsgi:LimitedStream.read"
ROW, GRANT = "hub.blobs.services:blob_row_ensure", "hub.blobs.services:blob_grant"
ROWS = "hub.blobs.services:blob_rows_ensure"
COMMIT, WRITE = "hub.hfapi.views.commits:commit_create", "hub.catalog.commits:commit_write"
LOCAL, LOCAL_WRITE = "hub.blobs.drivers.local:LocalDriver", "hub.blobs.drivers.local:_write_all"
S3 = "hub.blobs.drivers.s3:S3Driver"
PARTS = "hub.hfapi.views.parts"


@dataclass(frozen=True)
class Step:
    name: str
    place: Place
    is_published: bool = False


def blob_rows(call: int = 1) -> list[Step]:
    return [
        Step("bytes, no row", Place(ROW, "before", call)),
        Step("row, no grant", Place(ROW, "after", call)),
        Step("row and grant, before their COMMIT", Place(GRANT, "after")),
    ]


COMMITTED = Step("committed, before the answer", Place(COMMIT, "after"), is_published=True)
COMMITTING = [
    Step("before the commit", Place(COMMIT)),
    Step("under the lock of the branch", Place(WRITE)),
    Step("commit written, before its COMMIT", Place(WRITE, "after")),
    COMMITTED,
]
REGULAR = [
    Step("before the first byte", Place(f"{LOCAL}.put_stream")),
    Step("hashed, not named", Place(f"{LOCAL}._link")),
    Step("between two files", Place(f"{LOCAL}._link", "after")),
    Step("two files, no row", Place(ROWS)),
    Step("rows, before their COMMIT", Place(ROWS, "after")),
    *COMMITTING,
]
LFS = [
    Step("before the first byte", Place(f"{LOCAL}.put_stream")),
    Step("in the middle of the bytes", Place(LOCAL_WRITE, "after", 3)),
    Step("after the last byte, before the hash", Place(LOCAL_WRITE, "after", 10)),
    Step("hashed, not named", Place(f"{LOCAL}._link")),
    Step("named", Place(f"{LOCAL}._link", "after")),
    *blob_rows(),
    *COMMITTING,
]
MULTIPART = [
    Step("upload opened in the store, no row", Place(f"{LOCAL}.multipart_start", "after")),
    Step("after the batch", Place(f"{PARTS}:upload_parts", "after")),
    Step("in the middle of a part", Place(BODY, "after", 5)),
    Step("part written, not in its place", Place("hub.blobs.drivers.local_parts:_part_write", "after")),
    Step("between two parts", Place(f"{PARTS}:upload_part", "after")),
    Step("after the last part", Place(f"{PARTS}:upload_part", "after", 2)),
    Step("in the middle of putting them together", Place(LOCAL_WRITE, "after", 3)),
    Step("hashed, not named", Place(f"{LOCAL}._link")),
    Step("named", Place(f"{LOCAL}._link", "after")),
    *blob_rows(),
    Step("complete, before the answer", Place(f"{PARTS}:upload_complete", "after")),
    COMMITTED,
]
XET = [
    Step("in the middle of a xorb", Place("hub.xet.chunks:chunk_decode", "after", 2)),
    Step("xorb's bytes, no row", Place(ROW)),
    Step("xorb's blob, no xorb", Place(GRANT, "after")),
    Step("xorb, no shard", Place("hub.xet.views:xorb_store", "after")),
    Step("in the middle of putting the file together", Place("hub.xet.chunks:chunk_decode", "after", 5)),
    Step("file put together, not named", Place(f"{LOCAL}._link", "before", 2)),
    Step("bytes of the file, no row", Place(ROW, "before", 2)),
    Step("file put together, before the answer", Place("hub.xet.views:file_assemble", "after")),
    COMMITTED,
]
LFS_IN_A_BUCKET = [
    Step("before the first byte", Place(f"{S3}.put_stream")),
    Step("before a part", Place(f"{S3}._part")),
    Step("between two parts", Place(f"{S3}._part", "after")),
    Step("after the last part", Place(f"{S3}._part", "after", 2)),
    Step("hashed, not named", Place(f"{S3}._complete")),
    Step("named", Place(f"{S3}._complete", "after")),
    *blob_rows(),
]
MULTIPART_IN_A_BUCKET = [
    Step("upload opened in the store, no row", Place(f"{S3}.multipart_start", "after")),
    Step("after the last part, before they are put together", Place(f"{S3}._complete")),
    Step("put together, not hashed", Place(f"{S3}._complete", "after")),
    Step("hashed, not named", Place(f"{S3}._name")),
    Step("named", Place(f"{S3}._name", "after")),
    *blob_rows(),
    Step("complete, before the answer", Place(f"{PARTS}:upload_complete", "after")),
]


def cases() -> Iterator:
    for sender, store, steps in [
        ("regular", "folder", REGULAR), ("lfs", "folder", LFS), ("multipart", "folder", MULTIPART), ("xet", "folder", XET),
        ("lfs", "bucket", LFS_IN_A_BUCKET), ("multipart", "bucket", MULTIPART_IN_A_BUCKET),
    ]:  # fmt: skip
        for step in steps:
            yield pytest.param(sender, store, step, id=f"{sender}-{store}-{step.name.replace(' ', '_')}")


@pytest.mark.parametrize(("sender", "store", "step"), list(cases()))
def test_leaves_the_commit_or_nothing(crowd, request, sender, store, step):
    if store == "bucket":
        request.getfixturevalue("bucket")
    number = next(crowd.numbers)
    repo = make_repo(crowd.alice, f"repo-{number}")
    known = set(Blob.objects.values_list("pk", flat=True))
    order = Order(step.place, sender, crowd.token, repo.full_name, number, settings_now())

    assert crowd.victims.send(order) == "killed"

    assert Commit.objects.filter(repo=repo).count() == (2 if step.is_published else 1)
    files = read_whole(repo)
    assert (files.keys() != {".gitattributes"}) == step.is_published
    every_row_has_its_bytes(Blob.objects.exclude(pk__in=known))

    sent = getattr(sending, sender)(crowd.token, repo.full_name, number)
    assert Commit.objects.filter(repo=repo).count() == 2
    assert {path: content for path, content in read_whole(repo).items() if path != ".gitattributes"} == sent
    assert list(orphans(driver())) == [], "what lay there without a row belongs to the upload that was sent again"
    driver().sweep(-3600)
    assert leftovers(driver()) == []


@pytest.mark.parametrize(
    ("sender", "store", "place"),
    [
        ("lfs", "folder", Place(LOCAL_WRITE, "after", 3)),
        ("lfs", "folder", Place(ROW)),
        ("multipart", "folder", Place(f"{PARTS}:upload_part", "after")),
        ("lfs", "bucket", Place(f"{S3}._part", "after")),
        ("multipart", "bucket", Place(f"{S3}._complete", "after")),
    ],
    ids=lambda value: value.target.rpartition(":")[2] if isinstance(value, Place) else value,
)
def test_what_nobody_sends_again_is_cleared_away(crowd, request, sender, store, place):
    """By what `genepool gc --orphans` calls, and all but the orphans by every night's housekeeping."""
    if store == "bucket":
        request.getfixturevalue("bucket")
    number = next(crowd.numbers)
    repo = make_repo(crowd.alice, f"repo-{number}")
    there, before = set(driver().list()), list(Upload.objects.values_list("pk", flat=True))
    assert crowd.victims.send(Order(place, sender, crowd.token, repo.full_name, number, settings_now())) == "killed"
    assert set(driver().list()) != there or leftovers(driver())

    mine = Upload.objects.exclude(pk__in=before)
    mine.update(expires_at=timezone.now())
    uploads_expire()
    driver().sweep(-3600)
    for sha256, _ in list(orphans(driver())):
        assert bytes_drop(sha256=sha256, driver=driver())
    assert leftovers(driver()) == []
    assert set(driver().list()) == there
    assert not mine.exists()


def settings_now() -> dict[str, object]:
    return {name: getattr(hub_settings, name) for name in ("STORAGE_URL", "S3", "SITE_URL", "ALLOWED_HOSTS")}
