"""The local driver: bytes are written once, whole, and under their own hash."""

import errno
import hashlib
import os
import stat
import subprocess
import sys
import threading

import pytest

from hub.blobs.drivers import BadAddress, DigestMismatch, LocalDriver, Missing, SizeMismatch, StorageFull, open_driver

CONTENT = b"Genepool" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def left_behind(driver: LocalDriver) -> list[str]:
    return [str(path) for path in driver.root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [None, len(CONTENT)])
def test_gives_both_hashes_whether_or_not_the_size_is_known(driver, size):
    stored = driver.put_stream([CONTENT[:10], CONTENT[10:]], size=size)
    git = (
        subprocess.run(["git", "hash-object", "--stdin"], input=CONTENT, capture_output=True, check=True)
        .stdout.decode()
        .strip()
    )
    assert (stored.sha256, stored.git_sha1, stored.size_bytes) == (SHA256, git, len(CONTENT))


def test_lies_under_its_hash_and_is_read_only(driver):
    driver.put_stream([CONTENT])
    path = driver.local_path(SHA256)
    assert path == driver.root / "sha256" / SHA256[:2] / SHA256[2:4] / SHA256
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert left_behind(driver) == [str(path)]


@pytest.mark.parametrize(("start", "end"), [(0, None), (0, 0), (3, 9), (7990, 9000), (8000, None)])
def test_reads_any_range(driver, start, end):
    driver.put_stream([CONTENT])
    assert b"".join(driver.open(SHA256, start, end)) == CONTENT[start:end]


def test_keeps_nothing_of_another_hash(driver):
    with pytest.raises(DigestMismatch):
        driver.put_stream([b"other"], sha256=SHA256)
    assert left_behind(driver) == []


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x"])
def test_keeps_nothing_of_another_size(driver, content):
    with pytest.raises(SizeMismatch):
        driver.put_stream([content], size=len(CONTENT))
    assert left_behind(driver) == []


def test_stops_reading_as_soon_as_more_came_than_announced(driver):
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield b"x" * 100

    with pytest.raises(SizeMismatch):
        driver.put_stream(endless(), size=250)
    assert len(taken) == 3


def test_writes_the_same_bytes_twice_without_touching_the_first(driver):
    driver.put_stream([CONTENT])
    before = driver.local_path(SHA256).stat()
    driver.put_stream([CONTENT])
    after = driver.local_path(SHA256).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_many_writers_of_the_same_bytes_leave_one_file(driver):
    threads = [threading.Thread(target=driver.put_stream, args=([CONTENT],)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(left_behind(driver)) == 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_and_leaves_nothing(driver, monkeypatch, code):
    def full(descriptor, data):
        raise OSError(code, "no room")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StorageFull):
        driver.put_stream([CONTENT])
    monkeypatch.undo()
    assert left_behind(driver) == []


def test_refuses_before_the_first_byte_what_cannot_fit(driver):
    def never():
        raise AssertionError("a byte was read")
        yield b""

    with pytest.raises(StorageFull):
        driver.put_stream(never(), size=2**60)


def test_a_broken_sender_leaves_nothing(driver):
    def breaks():
        yield CONTENT
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        driver.put_stream(breaks())
    assert left_behind(driver) == []


@pytest.mark.parametrize("address", ["", "../../etc/passwd", SHA256.upper(), SHA256[:-1], SHA256 + "\n", "z" * 64])
def test_refuses_what_is_no_hash(driver, address):
    for call in (driver.stat, driver.open, driver.local_path, driver.delete):
        with pytest.raises(BadAddress):
            call(address)


def test_says_what_is_missing(driver):
    assert driver.stat("0" * 64) is None
    assert driver.local_path("0" * 64) is None
    with pytest.raises(Missing):
        driver.open("0" * 64)


def test_deletes(driver):
    driver.put_stream([CONTENT])
    driver.delete(SHA256)
    assert driver.stat(SHA256) is None
    driver.delete(SHA256)


def test_opens_file_addresses(tmp_path):
    assert open_driver(f"file://{tmp_path}/a%20b").root == tmp_path / "a b"
    for url in ("s3://", "s3:///prefix", "s3://bucket?x=1", "file://host/x", "/tmp/x", ""):
        with pytest.raises(ValueError, match="STORAGE_URL"):
            open_driver(url)


def test_needs_no_django():
    code = (
        "import sys; import hub.blobs.drivers.s3; sys.exit(any(name.split('.')[0] == 'django' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_hub_with_a_folder_does_not_load_the_s3_client():
    code = "import sys; import hub.blobs.drivers; sys.exit('boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
