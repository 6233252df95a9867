"""LFS, multipart: where parts go, what is resumed, and what is refused."""

import hashlib
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from django.core import signing
from django.test import Client as Browser
from django.utils import timezone

from hub.blobs import uploads
from hub.blobs.drivers import StorageDown
from hub.blobs.models import Blob, BlobGrant, Reservation, Upload
from hub.blobs.services import driver, store
from hub.catalog.models import Commit
from tests.factories.catalog import make_repo
from tests.hub.hfapi.client import Client, body, file_line, lfs_line
from tests.s3_store import bucket_url, s3_options, s3_server

MIB = 2**20
BATCH = "/alice/thing.git/info/lfs/objects/batch"
PART = 5 * MIB
BIG = bytes(range(256)) * (4 * 11 * 1024)
OID, SIZE = hashlib.sha256(BIG).hexdigest(), len(BIG)


@pytest.fixture(scope="module")
def s3_endpoint():
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def bucket(s3_endpoint, settings):
    settings.S3 = s3_options(s3_endpoint)
    settings.STORAGE_URL = bucket_url(settings.S3)


@pytest.fixture(params=["file", "s3"])
def stored(request):
    if request.param == "s3":
        request.getfixturevalue("bucket")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(uploads, "PART_BYTES", PART)
    monkeypatch.setattr("hub.hfapi.views.lfs.MULTIPART_BYTES", PART)


@pytest.fixture
def repo(alice):
    return make_repo(alice, "thing")


def ask(client, oid=OID, size=SIZE, path=BATCH):
    return client.post(
        path, {"operation": "upload", "transfers": ["basic", "multipart"], "objects": [{"oid": oid, "size": size}]}
    ).json()


def action(client, **rest) -> dict:
    return ask(client, **rest)["objects"][0]["actions"]["upload"]


def local(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def numbers(found: dict) -> list[str]:
    return sorted(key for key in found["header"] if key.isdigit())


def piece(number: int) -> bytes:
    return BIG[(number - 1) * PART : number * PART]


def send(found: dict, number: int, content: bytes | None = None) -> str:
    """To the hub or to the store, as the address says. Without a token."""
    url, content = found["header"][f"{number:05d}"], piece(number) if content is None else content
    if urlsplit(url).hostname == "testserver":
        answer = Client().raw("PUT", local(url), content, content_type="application/octet-stream")
        assert answer.status_code == 200, answer.content
        return answer.headers["ETag"]
    with urlopen(Request(url, data=content, method="PUT", headers={"Content-Type": ""})) as answer:
        return answer.headers["ETag"]


def finish(found: dict, etags: list[str]):
    parts = [{"partNumber": number, "etag": etag} for number, etag in enumerate(etags, 1)]
    return Client().post(local(found["href"]), {"oid": OID, "parts": parts})


def test_a_file_in_parts_becomes_a_file_of_the_repo(stored, repo, alice, as_):
    client = as_(alice)
    answer = ask(client)
    found = answer["objects"][0]["actions"]["upload"]
    assert answer["transfer"] == "multipart"
    assert found["header"]["chunk_size"] == str(PART)
    assert numbers(found) == ["00001", "00002", "00003"]
    etags = [send(found, number) for number in (1, 2, 3)]
    assert all(etag.strip('"') for etag in etags)
    assert finish(found, etags).status_code == 200
    assert finish(found, etags).status_code == 200  # the answer was lost, and it is said again
    assert not Upload.objects.exists()
    verify = client.post(f"{BATCH.removesuffix('batch')}verify", {"oid": OID, "size": SIZE})
    assert verify.status_code == 200
    assert client.commit("alice/thing", [lfs_line("data.dat", OID, SIZE)]).status_code == 200
    path = "/alice/thing/resolve/main/data.dat"
    answer = client.get(path)
    if driver().local_path(OID) is None:
        with urlopen(answer.headers["Location"]) as bytes_:
            assert bytes_.read() == BIG
    else:
        assert body(answer) == BIG


def test_asking_again_goes_on_where_it_stopped(stored, repo, alice, as_):
    client = as_(alice)
    first = send(action(client), 1)
    again = action(client)
    assert Upload.objects.count() == 1
    assert again["parts"] == [{"partNumber": 1, "etag": first.strip('"')}]
    etags = [first, send(again, 2), send(again, 3)]
    assert finish(again, etags).status_code == 200


def test_other_bytes_are_refused_and_the_upload_is_over(stored, repo, alice, as_):
    found = action(as_(alice))
    etags = [send(found, 1), send(found, 2, b"x" * PART), send(found, 3)]
    assert finish(found, etags).status_code == 400
    assert not Blob.objects.filter(pk=OID).exists()
    assert not Upload.objects.exists()
    assert driver().stat(OID) is None


def test_a_missing_part_is_told_and_may_follow(stored, repo, alice, as_):
    found = action(as_(alice))
    etags = [send(found, 1), send(found, 2)]
    answer = finish(found, etags)
    assert answer.status_code == 409
    assert "2 of 3 parts" in answer.json()["error"]
    assert finish(found, [*etags, send(found, 3)]).status_code == 200


@pytest.mark.parametrize(
    "parts",
    [[], "x", [{"partNumber": 2, "etag": "a"}], [{"partNumber": "1", "etag": "a"}], [{"partNumber": 1}], [None]],
)
def test_refuses_a_list_of_parts_that_is_none(repo, alice, as_, parts):
    found = action(as_(alice))
    for number in (1, 2, 3):
        send(found, number)
    assert Client().post(local(found["href"]), {"oid": OID, "parts": parts}).status_code == 400
    assert not Blob.objects.filter(pk=OID).exists()


@pytest.mark.parametrize("content", [b"", b"x", b"x" * (PART + 1)])
def test_a_part_has_its_size(repo, alice, as_, content):
    url = local(action(as_(alice))["header"]["00001"])
    assert Client().raw("PUT", url, content).status_code == 400
    assert Client().raw("PUT", url, piece(1)[:10], CONTENT_LENGTH=str(PART)).status_code == 400
    assert action(as_(alice))["parts"] == []


def test_a_part_without_a_length_is_411(repo, alice, as_):
    url = local(action(as_(alice))["header"]["00001"])
    assert Client().raw("PUT", url, b"", CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked").status_code == 411


def test_an_address_is_for_one_part_and_one_day(repo, alice, as_, monkeypatch):
    found = action(as_(alice))
    first, second = local(found["header"]["00001"]), local(found["header"]["00002"])
    assert Client().raw("PUT", first.replace("/parts/1?", "/parts/2?"), piece(1)).status_code == 404
    assert Client().raw("PUT", first.partition("?")[0], piece(1)).status_code == 403
    assert (
        Client()
        .raw("PUT", first.partition("?")[0] + "?" + local(found["href"]).partition("?")[2], piece(1))
        .status_code
        == 403
    )
    later = signing.time.time() + 25 * 3600
    monkeypatch.setattr(signing.time, "time", lambda: later)
    assert Client().raw("PUT", second, piece(2)).status_code == 403


def test_an_address_ends_with_the_rights_of_its_user(repo, alice, as_):
    found = action(as_(alice))
    alice.is_active = False
    alice.save()
    assert Client().raw("PUT", local(found["header"]["00001"]), piece(1)).status_code == 404
    assert finish(found, ["a", "b", "c"]).status_code == 404


def test_each_person_has_their_own_upload(repo, alice, charlie, as_):
    """What one has sent spares the other nothing, and tells nothing."""
    found = action(as_(alice))
    finish(found, [send(found, number) for number in (1, 2, 3)])
    make_repo(charlie, "own")
    theirs = action(as_(charlie), path="/charlie/own.git/info/lfs/objects/batch")
    assert theirs["parts"] == []
    assert not BlobGrant.objects.filter(blob_id=OID, user=charlie).exists()


def test_our_own_pages_send_parts_to_the_hub(bucket, repo, alice):
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(alice)
    document = {"operation": "upload", "transfers": ["multipart"], "objects": [{"oid": OID, "size": SIZE}]}
    assert browser.post(BATCH, document, content_type="application/json").status_code == 401
    token = "a" * 32
    browser.cookies["genepool_csrf"] = token
    answer = browser.post(BATCH, document, content_type="application/json", headers={"X-CSRFToken": token})
    found = answer.json()["objects"][0]["actions"]["upload"]
    assert urlsplit(found["header"]["00001"]).hostname == "testserver"
    assert finish(found, [send(found, number) for number in (1, 2, 3)]).status_code == 200


def test_room_is_kept_before_the_first_byte(repo, alice, as_, settings):
    settings.QUOTA_BYTES = SIZE + 10_000
    client = as_(alice)
    action(client)
    assert Reservation.objects.get().size_bytes == SIZE
    error = ask(client, oid="0" * 64, size=20_000)["objects"][0]["error"]
    assert error["code"] == 403
    assert "no room" in error["message"]


def test_a_week_later_it_is_given_up(stored, repo, alice, as_):
    send(action(as_(alice)), 1)
    Upload.objects.update(expires_at=timezone.now())
    assert uploads.uploads_expire() >= 1
    assert not Upload.objects.exists()
    assert driver().sweep(-3600) == 0


def test_a_store_that_fails_half_way_is_503_and_the_rest_can_follow(repo, alice, as_, monkeypatch):
    found = action(as_(alice))
    etags = [send(found, 1), send(found, 2)]
    with monkeypatch.context() as patch:

        def down(*_, **__):
            raise StorageDown("gone")

        patch.setattr(type(store()), "multipart_put", down)
        answer = Client().raw("PUT", local(found["header"]["00003"]), piece(3))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    etags.append(send(found, 3))
    with monkeypatch.context() as patch:
        patch.setattr(type(store()), "multipart_complete", down)
        assert finish(found, etags).status_code == 503
    assert not Blob.objects.filter(pk=OID).exists()
    assert finish(found, etags).status_code == 200


def test_a_bucket_answers_reads_itself(bucket, repo, alice, as_, anonymous):
    content = b"# A thing\n"
    as_(alice).commit("alice/thing", [file_line("README.md", content), file_line("page.html", b"<script>")])
    path = "/alice/thing/resolve/main/README.md"
    for answer in (anonymous.get(path), anonymous.head(path)):
        assert answer.status_code == 302
        assert answer.headers["X-Linked-Etag"] == answer.headers["ETag"]
        assert answer.headers["X-Linked-Size"] == str(len(content))
        assert answer.headers["X-Repo-Commit"]
        assert answer.headers["Cache-Control"] == "private, no-store"
    with urlopen(Request(answer.headers["Location"], headers={"Range": "bytes=2-4"})) as part:
        assert (part.status, part.read()) == (206, b"A t")
    with urlopen(anonymous.get("/alice/thing/resolve/main/page.html").headers["Location"]) as page:
        assert page.headers["Content-Type"] == "application/octet-stream"
        assert page.headers["Content-Disposition"].startswith("attachment;")
    tag = answer.headers["ETag"]
    assert anonymous.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_addresses_are_signed_for_where_clients_reach_the_store(bucket, repo, alice, settings, anonymous):
    settings.S3 = {**settings.S3, "public_endpoint": "https://store.example.org"}
    answer = anonymous.get("/alice/thing/resolve/main/.gitattributes")
    assert urlsplit(answer.headers["Location"]).netloc == "store.example.org"


def test_a_store_that_is_down_is_503_and_commits_nothing(repo, alice, as_, settings):
    settings.S3 = s3_options("http://127.0.0.1:9")
    before = settings.STORAGE_URL
    settings.STORAGE_URL = "s3://nowhere/x"
    answer = as_(alice).commit("alice/thing", [file_line("a.txt", b"a")])
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    settings.STORAGE_URL = before
    repo.refresh_from_db()
    assert Commit.objects.filter(repo=repo).count() == 1
