"""Inputs are what their address says, or the job does not start."""

import hashlib
import os

import pytest

from hub.blobs.drivers import open_driver
from workers.contracts.errors import TransientError
from workers.contracts.jobs import InputFile
from workers.runtime import storage
from workers.runtime.storage import Corrupt, Storage


@pytest.fixture
def stored(tmp_path):
    driver = open_driver(f"file://{tmp_path}/blobs")
    kept = driver.put_stream([b"weights"])
    return driver, InputFile(path="model.safetensors", size_bytes=7, sha256=kept.sha256)


def test_gives_the_file_of_the_store(stored, tmp_path):
    _, file = stored
    assert Storage(f"file://{tmp_path}/blobs", tmp_path / "cache").file_get(file).read_bytes() == b"weights"


def test_hashes_once_and_again_when_the_file_changed(stored, tmp_path, monkeypatch):
    driver, file = stored
    counted = []
    real = storage.sha256_of
    monkeypatch.setattr(storage, "sha256_of", lambda path: counted.append(path) or real(path))
    shop = Storage(f"file://{tmp_path}/blobs", tmp_path / "cache")
    shop.file_get(file), shop.file_get(file)
    assert len(counted) == 1
    path = driver.local_path(file.sha256)
    os.chmod(path, 0o644)
    path.write_bytes(b"wEights")
    with pytest.raises(Corrupt, match=r"model\.safetensors"):
        shop.file_get(file)


def test_missing_content_is_said_so(tmp_path):
    (tmp_path / "blobs").mkdir()
    file = InputFile(path="model.safetensors", size_bytes=7, sha256="0" * 64)
    with pytest.raises(Corrupt, match="missing"):
        Storage(f"file://{tmp_path}/blobs", tmp_path / "cache").file_get(file)


def test_copies_what_has_no_local_file(stored, tmp_path, monkeypatch):
    _, file = stored
    shop = Storage(f"file://{tmp_path}/blobs", tmp_path / "cache")
    monkeypatch.setattr(shop._driver.__class__, "local_path", lambda self, sha256: None)
    path = shop.file_get(file)
    assert path.is_relative_to(tmp_path / "cache")
    assert path.read_bytes() == b"weights"
    assert [entry.name for entry in path.parent.iterdir()] == [file.sha256]


def test_what_is_kept_as_a_difference_is_written_out_whole_and_checked(stored, tmp_path):
    from hub.blobs.drivers.delta_file import Run, delta_write
    from hub.blobs.drivers.deltas import Kept

    driver, base = stored
    new = b"wEights!"
    sha256 = hashlib.sha256(new).hexdigest()
    chunks = delta_write(
        sha256=sha256, base=base.sha256, runs=[Run(7, 0), Run(1, None)], new=lambda start, end: new[start:end],
        old=lambda start, end: b"weights"[start:end],
    )  # fmt: skip
    kept = Kept(sha256, len(new), base.sha256, driver.put_stream(chunks).sha256)
    shop = Storage(f"file://{tmp_path}/blobs", tmp_path / "cache", lambda asked: kept if asked == sha256 else None)
    file = InputFile(path="model.safetensors", size_bytes=8, sha256=sha256)
    assert shop.file_get(file).read_bytes() == new
    shop.file_get(file).unlink()
    path = driver.local_path(base.sha256)
    path.chmod(0o644)
    path.write_bytes(b"WEIGHTS")
    with pytest.raises(Corrupt, match="rebuilt"):
        shop.file_get(file)


def test_a_bucket_is_read_once_and_checked(tmp_path, monkeypatch):
    """How to reach it stands in the environment, as for the hub."""
    from tests.s3_store import bucket_url, s3_options, s3_server

    with s3_server() as endpoint:
        options = s3_options(endpoint)
        url = bucket_url(options)
        for name, value in options.items():
            monkeypatch.setenv(f"S3_{name.upper()}", value)
        stored = open_driver(url).put_stream([b"weights"])
        file = InputFile(path="a", sha256=stored.sha256, size_bytes=7)
        shop = Storage(url, tmp_path / "cache")
        assert shop.file_get(file).read_bytes() == b"weights"
    assert shop.file_get(file).read_bytes() == b"weights"  # the store is gone, the copy is here
    with pytest.raises(TransientError):
        shop.file_get(file.model_copy(update={"sha256": "0" * 64}))
