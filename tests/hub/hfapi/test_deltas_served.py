"""Files that are kept as a difference, to clients of the hub: nothing tells them from others."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from hub.blobs.services import store
from hub.catalog.collecting import garbage_collect
from hub.catalog.storing import storing_ask
from hub.catalog.storing_work import storing_run
from tests.factories.tuned import file_of, make_base, make_tuned, weights
from tests.hub.hfapi.client import body
from tests.s3_store import bucket_url, s3_options, s3_server

CONTENT = weights(1e-3)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
URL = "/alice/tuned/resolve/main/model.safetensors"


@pytest.fixture(scope="module")
def endpoint():
    with s3_server() as address:
        yield address


@pytest.fixture(params=["file", "s3"])
def kept(request, alice, settings):
    """alice/tuned, whose own bytes have gone from the store."""
    if request.param == "s3":
        settings.S3 = s3_options(request.getfixturevalue("endpoint"))
        settings.STORAGE_URL = bucket_url(settings.S3)
    make_base(alice)
    repo = make_tuned(alice)
    storing_ask(user=alice, repo=repo, form="delta")
    storing_run(str(repo.pk))
    assert garbage_collect(now=timezone.now() + timedelta(days=1)).plain_deleted == 1
    assert store().stat(SHA256) is None
    return repo


def test_whole_in_part_and_by_its_headers(kept, anonymous, settings):
    settings.USE_X_ACCEL = True
    whole, head = anonymous.get(URL), anonymous.head(URL)
    assert (whole.status_code, head.status_code) == (200, 200)
    assert body(whole) == CONTENT
    for answer in (whole, head):
        assert answer.headers["ETag"] == answer.headers["X-Linked-Etag"] == f'"{SHA256}"'
        assert answer.headers["Content-Length"] == answer.headers["X-Linked-Size"] == str(len(CONTENT))
        assert not {"Location", "X-Accel-Redirect"} & answer.headers.keys()
    part = anonymous.get(URL, headers={"range": "bytes=1000-70000"})
    assert (part.status_code, body(part)) == (206, CONTENT[1000:70_001])
    assert body(anonymous.get(URL, headers={"range": "bytes=-5"})) == CONTENT[-5:]
    assert anonymous.get(URL, headers={"range": f"bytes={len(CONTENT)}-"}).status_code == 416
    assert anonymous.get(URL, headers={"if-none-match": f'"{SHA256}"'}).status_code == 304
    # the base is as it was: from a bucket by a signed address
    assert anonymous.get("/alice/base/resolve/main/model.safetensors").status_code in (200, 302)


def test_without_its_base_it_is_503_and_not_one_wrong_byte(kept, anonymous):
    store().delete(file_of(kept).delta.base_id)
    for headers in ({}, {"range": "bytes=1000-70000"}):
        assert anonymous.get(URL, headers=headers).status_code == 503
