"""What every driver promises, over a folder and over a bucket."""

import hashlib
import subprocess
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.blobs.drivers import BadAddress, DigestMismatch, Missing, SizeMismatch
from hub.blobs.drivers import s3 as s3_module

MIB = 2**20
SMALL = b"Genepool" * 1000
LARGE = bytes(range(256)) * (4096 * 18)  # 18 MiB: several parts in a bucket


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def pieces(content: bytes, size: int = 700_001):
    return (content[start : start + size] for start in range(0, len(content), size))


def hashes(store) -> list[str]:
    return [sha256 for sha256, _ in store.list()]


def leftovers(store) -> int:
    """Everything temporary is older than a moment in the future."""
    return store.sweep(-3600)


@pytest.mark.parametrize("content", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
@pytest.mark.parametrize("is_known", [True, False], ids=["announced", "unannounced"])
def test_gives_back_what_it_took_under_both_hashes(store, content, is_known):
    claims = {"sha256": sha256_of(content), "size": len(content)} if is_known else {}
    stored = store.put_stream(pieces(content), **claims)
    git = subprocess.run(["git", "hash-object", "--stdin"], input=content, capture_output=True, check=True).stdout
    assert (stored.sha256, stored.size_bytes) == (sha256_of(content), len(content))
    assert stored.git_sha1 == git.decode().strip()
    assert b"".join(store.open(stored.sha256)) == content
    assert store.stat(stored.sha256) == len(content)
    assert leftovers(store) == 0


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
def test_keeps_nothing_of_another_hash(store, content):
    with pytest.raises(DigestMismatch):
        store.put_stream(pieces(content), sha256="0" * 64, size=len(content))
    assert hashes(store) == []
    assert leftovers(store) == 0


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("lie", [-1, 1])
def test_keeps_nothing_of_another_size(store, content, lie):
    with pytest.raises(SizeMismatch):
        store.put_stream(pieces(content), sha256=sha256_of(content), size=len(content) + lie)
    assert hashes(store) == []
    assert leftovers(store) == 0


def test_a_sender_that_breaks_off_leaves_nothing(store):
    def broken():
        yield LARGE[: 10 * MIB]
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        store.put_stream(broken(), sha256=sha256_of(LARGE), size=len(LARGE))
    assert hashes(store) == []
    assert leftovers(store) == 0


def test_many_writers_of_the_same_bytes_leave_one(store):
    threads = [threading.Thread(target=store.put_stream, args=([SMALL],)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hashes(store) == [sha256_of(SMALL)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(start=st.integers(0, 9000), length=st.one_of(st.none(), st.integers(0, 9000)))
def test_reads_any_range(store, start, length):
    store.put_stream([SMALL])
    end = None if length is None else start + length
    assert b"".join(store.open(sha256_of(SMALL), start, end)) == SMALL[start:end]


@pytest.mark.parametrize("address", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n", "z" * 64])
def test_refuses_what_is_no_hash(store, address):
    for call in (store.stat, store.open, store.local_path, store.delete):
        with pytest.raises(BadAddress):
            call(address)


def test_says_what_is_missing(store):
    assert store.stat("0" * 64) is None
    assert store.local_path("0" * 64) is None
    for end in (None, 0):
        with pytest.raises(Missing):
            store.open("0" * 64, 0, end)


def test_deletes_and_lists_in_order(store):
    made = sorted(store.put_stream([b"%d" % number]).sha256 for number in range(12))
    assert hashes(store) == made
    assert [sha256 for sha256, _ in store.list(after=made[4])] == made[5:]
    store.delete(made[0])
    store.delete(made[0])
    assert hashes(store) == made[1:]
    assert dict(store.list())[made[1]] in (1, 2)


def test_passes_its_own_check_and_leaves_nothing(store):
    store.check()
    assert leftovers(store) == 0


def test_a_block_is_cut_to_its_size_whatever_comes():
    blocks = list(s3_module._blocks(iter([b"a" * 5, b"", b"b" * 7]), 4))
    assert blocks == [b"aaaa", b"abbb", b"bbbb"]
