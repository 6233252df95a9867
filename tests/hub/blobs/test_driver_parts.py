"""Uploads in parts, over a folder and over a bucket: resumable, and nothing gets a name before it was hashed."""

import hashlib
from urllib.request import Request, urlopen

import pytest

from hub.blobs.drivers import BadAddress, DigestMismatch, DriverError, Missing, SizeMismatch

PART = 5 * 2**20  # the least that a bucket takes
CONTENT = bytes(range(256)) * (4 * 11 * 1024)  # 11 MiB: three parts
SHA256, SIZE = hashlib.sha256(CONTENT).hexdigest(), len(CONTENT)
PIECES = [CONTENT[start : start + PART] for start in range(0, SIZE, PART)]


def start(store) -> str:
    return store.multipart_start(sha256=SHA256, size=SIZE)


def send(store, reference, number, content=None) -> str:
    content = PIECES[number - 1] if content is None else content
    return store.multipart_put(reference, number, [content[:99], content[99:]], len(content))


def test_parts_in_any_order_become_the_file(store):
    reference = start(store)
    etags = {number: send(store, reference, number) for number in (3, 1, 2)}
    assert [(part.number, part.size_bytes) for part in store.multipart_parts(reference)] == [
        (number, len(piece)) for number, piece in enumerate(PIECES, 1)
    ]
    assert store.stat(SHA256) is None
    stored = store.multipart_complete(reference, [etags[1], etags[2], etags[3]], sha256=SHA256, size=SIZE)
    assert (stored.sha256, stored.size_bytes) == (SHA256, SIZE)
    assert b"".join(store.open(SHA256)) == CONTENT
    assert store.sweep(-3600) == 0


def test_a_part_that_is_sent_again_replaces_the_first(store):
    reference = start(store)
    send(store, reference, 1, b"x" * PART)
    etags = [send(store, reference, number) for number in (1, 2, 3)]
    assert len(store.multipart_parts(reference)) == 3
    store.multipart_complete(reference, etags, sha256=SHA256, size=SIZE)
    assert b"".join(store.open(SHA256)) == CONTENT


def test_other_bytes_than_said_get_no_name(store):
    reference = start(store)
    etags = [send(store, reference, 1, b"x" * PART), send(store, reference, 2), send(store, reference, 3)]
    with pytest.raises(DigestMismatch):
        store.multipart_complete(reference, etags, sha256=SHA256, size=SIZE)
    assert store.stat(SHA256) is None
    store.multipart_abort(reference)
    assert store.sweep(-3600) == 0


def test_a_missing_part_is_told_and_can_follow(store):
    reference = start(store)
    etags = [send(store, reference, 1), send(store, reference, 2)]
    with pytest.raises(DriverError):
        store.multipart_complete(reference, etags, sha256=SHA256, size=SIZE)
    etags.append(send(store, reference, 3))
    store.multipart_complete(reference, etags, sha256=SHA256, size=SIZE)
    assert store.stat(SHA256) == SIZE


@pytest.mark.parametrize("lie", [-1, 1])
def test_a_part_of_another_size_is_refused(store, lie):
    reference = start(store)
    with pytest.raises(SizeMismatch):
        store.multipart_put(reference, 1, [PIECES[0]], PART + lie)
    assert list(store.multipart_parts(reference)) == []


def test_an_upload_that_was_given_up_is_gone(store):
    reference = start(store)
    send(store, reference, 1)
    store.multipart_abort(reference)
    store.multipart_abort(reference)
    with pytest.raises(DriverError):  # the S3 server of the tests answers this with 500, as no real one does
        send(store, reference, 2)
    with pytest.raises(Missing):
        store.multipart_parts(reference)
    assert store.sweep(-3600) == 0


@pytest.mark.parametrize("reference", ["", "../x", "../../etc/passwd:1", "a/b:c"])
def test_refuses_what_is_no_reference(store, reference):
    for call in (store.multipart_parts, store.multipart_abort):
        with pytest.raises(BadAddress):
            call(reference)


def test_tidying_leaves_young_uploads_alone(driver):
    """A folder only: the S3 server of the tests gives every upload the same old date."""
    reference = start(driver)
    send(driver, reference, 1)
    assert driver.sweep(3600) == 0
    assert len(driver.multipart_parts(reference)) == 1


def test_a_client_may_send_to_the_store_itself_where_it_has_an_address(store):
    reference = start(store)
    for number, piece in enumerate(PIECES, 1):
        url = store.multipart_url(reference, number, 3600)
        if url is None:
            assert store.local_path("0" * 64) is None  # a folder has none
            return
        with urlopen(Request(url, data=piece, method="PUT", headers={"Content-Type": ""})) as answer:
            assert answer.headers["ETag"]
    etags = [part.etag for part in store.multipart_parts(reference)]
    assert store.multipart_complete(reference, etags, sha256=SHA256, size=SIZE).sha256 == SHA256
    url = store.presign_get(SHA256, filename="a/ü b.bin", media_type="application/octet-stream", expires_s=3600)
    with urlopen(Request(url, headers={"Range": "bytes=10-19"})) as answer:
        assert answer.status == 206
        assert answer.read() == CONTENT[10:20]
        assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%C3%BC%20b.bin"
