"""LFS: batch, bytes by a signed address, verify."""

import hashlib
from urllib.parse import urlsplit

import pytest
from django.core import signing
from django.core.cache import cache

from hub.blobs.models import Blob, BlobGrant
from hub.catalog.services import repo_update
from hub.core.ratelimit import Limit
from tests.factories.catalog import make_repo, weights
from tests.hub.hfapi.client import Client, body, lfs_line

CONTENT = weights()
OID, SIZE = hashlib.sha256(CONTENT).hexdigest(), len(CONTENT)
BATCH = "/alice/thing.git/info/lfs/objects/batch"


@pytest.fixture
def repo(alice):
    return make_repo(alice, "thing")


def batch(client: Client, oid: str = OID, size: object = SIZE, operation: str = "upload", path: str = BATCH):
    return client.post(
        path, {"operation": operation, "transfers": ["basic", "multipart"], "objects": [{"oid": oid, "size": size}]}
    )


def href(client: Client, action: str = "upload", **rest) -> str:
    operation = "download" if action == "download" else "upload"
    parts = urlsplit(batch(client, operation=operation, **rest).json()["objects"][0]["actions"][action]["href"])
    return f"{parts.path}?{parts.query}"


def put(path: str, content: bytes = CONTENT, **rest):
    """As clients do it: without a token."""
    return Client().raw("PUT", path, content, content_type="application/octet-stream", **rest)


def test_bytes_travel_by_the_address_alone(repo, alice, as_):
    client = as_(alice)
    answer = batch(client)
    assert answer.headers["Content-Type"] == "application/vnd.git-lfs+json"
    assert answer.json()["transfer"] == "basic"
    assert put(href(client)).status_code == 200
    assert client.post(f"{BATCH.removesuffix('batch')}verify", {"oid": OID, "size": SIZE}).status_code == 200
    assert client.commit("alice/thing", [lfs_line("model.safetensors", OID, SIZE)]).status_code == 200
    assert body(client.get("/alice/thing/resolve/main/model.safetensors")) == CONTENT


def test_many_small_files_do_not_use_up_what_a_person_may_ask(repo, alice, as_, settings, monkeypatch):
    settings.RATE_LIMITS_ON = True
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    monkeypatch.setattr("hub.core.ratelimit.USER", Limit("user", 1, 3600))
    cache.clear()
    client = as_(alice)
    (told,) = batch(client).json()["objects"]
    parts = urlsplit(told["actions"]["upload"]["href"])
    assert put(f"{parts.path}?{parts.query}").status_code == 200
    for _ in range(3):
        assert client.post(f"{BATCH.removesuffix('batch')}verify", {"oid": OID, "size": SIZE}).status_code == 200
    assert batch(client).status_code == 429


def test_what_one_has_sent_need_not_be_sent_again(repo, alice, as_):
    client = as_(alice)
    put(href(client))
    assert batch(client).json()["objects"] == [{"oid": OID, "size": SIZE}]


def test_what_another_has_sent_has_to_be_sent(repo, alice, charlie, as_):
    """Otherwise asking would tell whether somebody has these bytes."""
    put(href(as_(alice)))
    make_repo(charlie, "own")
    assert "actions" in batch(as_(charlie), path="/charlie/own.git/info/lfs/objects/batch").json()["objects"][0]


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"\xff", CONTENT[:-1], CONTENT + b"x", b""])
def test_other_bytes_are_refused_and_not_kept(repo, alice, as_, content):
    blobs = Blob.objects.count()
    assert put(href(as_(alice)), content).status_code == 400
    assert Blob.objects.count() == blobs
    assert not BlobGrant.objects.filter(blob_id=OID).exists()


def test_bytes_that_stop_coming_are_refused(repo, alice, as_):
    assert put(href(as_(alice)), CONTENT[:10], CONTENT_LENGTH=str(SIZE)).status_code == 400
    assert not Blob.objects.filter(pk=OID).exists()


def test_a_body_without_a_length_is_411(repo, alice, as_):
    answer = put(href(as_(alice)), CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked")
    assert answer.status_code == 411


def test_an_address_is_for_one_object_one_way_and_one_day(repo, alice, as_, monkeypatch):
    client = as_(alice)
    path = href(client)
    assert put(path.replace(OID, "0" * 64)).status_code == 403
    assert put(path[:-3] + "abc").status_code == 403
    assert put(path.partition("?")[0]).status_code == 403
    assert Client().get(path).status_code == 403
    later = signing.time.time() + 25 * 3600
    monkeypatch.setattr(signing.time, "time", lambda: later)
    assert put(path).status_code == 403
    assert not Blob.objects.filter(pk=OID).exists()


def test_an_address_ends_with_the_rights_of_its_user(repo, alice, bob, as_, lab):
    make_repo(alice, "shared", namespace="lab")
    path = href(as_(bob), path="/lab/shared.git/info/lfs/objects/batch")
    lab.memberships.filter(user=bob).delete()
    assert put(path).status_code == 404
    path = href(as_(alice))
    alice.is_active = False
    alice.save()
    assert put(path).status_code == 404


def test_too_large_is_said_before_the_bytes(repo, alice, as_, settings):
    settings.MAX_UPLOAD_BYTES = SIZE - 1
    error = batch(as_(alice)).json()["objects"][0]["error"]
    assert error["code"] == 413


@pytest.mark.parametrize(
    ("oid", "size"), [("x", 1), (OID.upper(), 1), (OID, -1), (OID, "1"), ("../" + OID[3:], 1), (None, 1)]
)
def test_refuses_what_names_no_object(repo, alice, as_, oid, size):
    assert batch(as_(alice), oid, size).status_code == 400


def test_verify_tells_what_did_not_arrive(repo, alice, as_):
    client, path = as_(alice), f"{BATCH.removesuffix('batch')}verify"
    assert client.post(path, {"oid": OID, "size": SIZE}).status_code == 404
    put(href(client))
    assert client.post(path, {"oid": OID, "size": SIZE + 1}).status_code == 404


def test_too_many_uploads_at_once_are_asked_to_wait(repo, alice, as_, monkeypatch):
    from threading import BoundedSemaphore

    slots = BoundedSemaphore(1)
    monkeypatch.setattr("hub.hfapi.places._PLACES", slots)
    path = href(as_(alice))
    with slots:
        answer = put(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    assert put(path).status_code == 200


def test_git_lfs_downloads(repo, alice, as_, anonymous):
    client = as_(alice)
    put(href(client))
    client.commit("alice/thing", [lfs_line("model.safetensors", OID)])
    assert body(Client().get(href(anonymous, "download"))) == CONTENT
    path = href(anonymous, "download")
    repo_update(user=alice, repo=repo, visibility="private")
    assert Client().get(path).status_code == 404
    assert batch(anonymous, operation="download").status_code == 401


def test_a_private_object_is_not_offered_through_a_public_repo(repo, alice, charlie, as_):
    make_repo(charlie, "secret", files={"model.safetensors": CONTENT}, visibility="private")
    assert batch(as_(alice), operation="download").json()["objects"][0]["error"]["code"] == 404


def test_a_git_client_sends_its_token_as_a_password(repo, alice, client):
    import base64
    import json

    from tests.factories.accounts import make_token

    basic = base64.b64encode(f"alice:{make_token(alice, 'write')}".encode()).decode()
    document = json.dumps({"operation": "upload", "objects": []})
    answer = client.post(
        BATCH, document, content_type="application/vnd.git-lfs+json", headers={"authorization": f"Basic {basic}"}
    )
    assert answer.status_code == 200


def test_an_address_to_bytes_ends_with_the_right_to_them(alice, bob, lab, as_):
    """Asked for through a public repo, readable only through a private one."""
    make_repo(alice, "open")
    hidden = make_repo(alice, "hidden", namespace="lab", visibility="private", files={"model.safetensors": CONTENT})
    path = href(as_(bob, "read"), "download", path="/alice/open.git/info/lfs/objects/batch")
    assert Client().get(path).status_code == 200
    hidden.namespace.memberships.filter(user=bob).delete()
    assert Client().get(path).status_code == 404
