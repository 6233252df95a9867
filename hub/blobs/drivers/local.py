"""Blobs in a local folder: `sha256/ab/cd/<hex>`, mode 0444, each written under a temporary name and linked into place."""

import contextlib
import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from io import FileIO
from pathlib import Path

from hub.blobs.drivers.base import (
    CHUNK_BYTES,
    SHA256,
    DigestMismatch,
    Missing,
    SizeMismatch,
    StorageFull,
    Stored,
    key_of,
)
from hub.blobs.drivers.hashing import git_hash
from hub.blobs.drivers.local_parts import LocalParts, disk_errors

# Kept free, so that the database beside the blobs can still write its log when uploads have filled the disk.
RESERVE_BYTES = 64 * 2**20


class LocalDriver(LocalParts):
    def __init__(self, root: Path) -> None:
        self.root = root
        self._temporary = root / "tmp"
        self._parts = root / "parts"

    def put_stream(self, chunks: Iterable[bytes], *, sha256: str | None = None, size: int | None = None) -> Stored:
        """Writes and hashes in one pass. A blob that is already there is read from the stream all the same: the sender has to have it."""
        if sha256 is not None:
            key_of(sha256)
        with disk_errors():
            self._temporary.mkdir(parents=True, exist_ok=True)
            if size is not None and shutil.disk_usage(self._temporary).free < size + RESERVE_BYTES:
                raise StorageFull("There is no room left for this file.")
            path = self._temporary / uuid.uuid4().hex
            try:
                stored = self._write(path, chunks, size)
                if sha256 is not None and stored.sha256 != sha256:
                    raise DigestMismatch(f"The content has sha256 {stored.sha256}, not {sha256}.")
                self._link(path, stored)
            finally:
                path.unlink(missing_ok=True)
        return stored

    def _write(self, path: Path, chunks: Iterable[bytes], size: int | None) -> Stored:
        digest = hashlib.sha256()
        git = git_hash(size) if size is not None else None
        received = 0
        with path.open("xb", buffering=0) as file:
            for chunk in chunks:
                received += len(chunk)
                if size is not None and received > size:
                    raise SizeMismatch(f"More bytes came than the {size} that were announced.")
                digest.update(chunk)
                if git is not None:
                    git.update(chunk)
                _write_all(file.fileno(), chunk)
            if size is not None and received != size:
                raise SizeMismatch(f"{received} bytes came, {size} were announced.")
            os.fchmod(file.fileno(), 0o444)
            os.fsync(file.fileno())
        if git is None:
            # git hashes the length first, which nobody knew until now
            git = git_hash(received)
            with path.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    git.update(chunk)
        return Stored(digest.hexdigest(), git.hexdigest(), received)

    def _link(self, path: Path, stored: Stored) -> None:
        target = self.root / key_of(stored.sha256)
        is_new_folder = not target.parent.exists()
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # the same bytes, written before
            os.link(path, target)
        _fsync_folder(target.parent)
        if is_new_folder:
            _fsync_folder(target.parent.parent)
            _fsync_folder(target.parent.parent.parent)

    def open(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        try:
            with disk_errors():
                # opened now, not at the first chunk: what is missing is said before an answer has begun
                file = (self.root / key_of(sha256)).open("rb", buffering=0)
        except FileNotFoundError:
            raise Missing(f"Nothing is stored under {sha256}.") from None
        return _read(file, start, end)

    def stat(self, sha256: str) -> int | None:
        try:
            with disk_errors():
                return (self.root / key_of(sha256)).stat().st_size
        except FileNotFoundError:
            return None

    def local_path(self, sha256: str) -> Path | None:
        path = self.root / key_of(sha256)
        return path if path.exists() else None

    def presign_get(self, sha256: str, *, filename: str, media_type: str, expires_s: int) -> str | None:
        key_of(sha256)
        return None

    def check(self) -> None:
        with disk_errors():
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=".write-test-", dir=self.root)
            try:
                os.write(descriptor, b"genepool")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
                Path(name).unlink()

    def delete(self, sha256: str) -> None:
        (self.root / key_of(sha256)).unlink(missing_ok=True)

    def list(self, after: str = "") -> Iterator[tuple[str, int]]:
        """Folder by folder: never more than one folder's names in memory."""
        root = self.root / "sha256"
        for first in _names(root):
            for second in _names(root / first) if first >= after[:2] else ():
                for name in _names(root / first / second):
                    if name > after and SHA256.fullmatch(name):
                        with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                            yield name, (root / first / second / name).stat().st_size


def _names(folder: Path) -> Sequence[str]:
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return ()


def _read(file: FileIO, start: int, end: int | None) -> Iterator[bytes]:
    with file, disk_errors():
        file.seek(start)
        left = None if end is None else end - start
        while left is None or left > 0:
            chunk = file.read(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left))
            if not chunk:
                return
            if left is not None:
                left -= len(chunk)
            yield chunk


def _write_all(descriptor: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
