"""Inputs as verified local files. The only module of the workers that opens the hub's storage."""

import hashlib
import os
import tempfile
from pathlib import Path

from hub.blobs.drivers import Damaged, Driver, Missing, StorageDown, open_driver
from hub.blobs.drivers.deltas import DeltaDriver, Find
from workers.contracts.errors import TransientError
from workers.contracts.jobs import InputFile, JobRequest

CHUNK_BYTES = 4 * 2**20
_verified: set[tuple[str, int, int, int, int]] = set()


__all__ = ["Corrupt", "Find", "Storage", "sha256_of"]


class Corrupt(Exception):
    """A stored file is missing or does not have the content its address says. The administrator has to restore it."""


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


class Storage:
    """`cache` holds copies of what the driver cannot give as a local file. How to reach a bucket stands in the environment (S3_…).
    `find` says which blobs are kept as a difference from another one."""

    def __init__(self, url: str, cache: Path, find: Find | None = None) -> None:
        plain = open_driver(url)
        self._driver: Driver = DeltaDriver(plain, find) if find else plain
        self._cache = cache

    def request_localise(self, request: JobRequest) -> JobRequest:
        """The request with every input file's `local` path set, its content checked against its sha256."""
        inputs = [
            entry.model_copy(
                update={
                    "files": tuple(file.model_copy(update={"local": str(self.file_get(file))}) for file in entry.files)
                }
            )
            for entry in request.inputs
        ]
        return request.model_copy(update={"inputs": tuple(inputs)})

    def file_get(self, file: InputFile) -> Path:
        path = self._driver.local_path(file.sha256)
        if path is not None and path.exists():
            return self._verify(path, file)
        cached = self._cache / file.sha256[:2] / file.sha256
        if not cached.exists():
            self._download(file, cached)
        return self._verify(cached, file)

    def _verify(self, path: Path, file: InputFile) -> Path:
        """Hashes a file once per content on disk: device, inode, time and size tell whether it is still the same."""
        stat = path.stat()
        key = (file.sha256, stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if key not in _verified:
            if stat.st_size != file.size_bytes or sha256_of(path) != file.sha256:
                raise Corrupt(f"{file.path} in the storage does not have the content its address says.")
            _verified.add(key)
        return path

    def _download(self, file: InputFile, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as copy:
                for chunk in self._driver.open(file.sha256):
                    copy.write(chunk)
            os.replace(name, target)
        except Missing as error:
            raise Corrupt(f"{file.path} is missing in the storage.") from error
        except Damaged as error:
            raise Corrupt(f"{file.path} cannot be rebuilt from its base in the storage.") from error
        except (StorageDown, ConnectionError) as error:
            raise TransientError(f"{file.path} could not be read from the storage.") from error
        finally:
            Path(name).unlink(missing_ok=True)
