"""Uploads in parts to a local folder: `parts/<upload>/<number>-<size>-<etag>`, each file there only when it is whole."""

import contextlib
import errno
import hashlib
import os
import shutil
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from hub.blobs.drivers.base import (
    CHUNK_BYTES,
    BadAddress,
    Missing,
    Part,
    SizeMismatch,
    StorageDown,
    StorageFull,
    Stored,
    key_of,
)

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class LocalParts(ABC):
    _temporary: Path
    _parts: Path

    @abstractmethod
    def put_stream(self, chunks: Iterable[bytes], *, sha256: str | None = None, size: int | None = None) -> Stored: ...

    def multipart_start(self, *, sha256: str, size: int) -> str:
        key_of(sha256)
        reference = uuid.uuid4().hex
        with disk_errors():
            (self._parts / reference).mkdir(parents=True)
        return reference

    def multipart_url(self, reference: str, number: int, expires_s: int) -> str | None:
        self._folder(reference)
        return None

    def multipart_put(self, reference: str, number: int, chunks: Iterable[bytes], size: int) -> str:
        """A part that is sent again replaces the one before."""
        folder = self._folder(reference)
        if not folder.is_dir():
            raise Missing("This upload is not open any more.")
        with disk_errors():
            self._temporary.mkdir(parents=True, exist_ok=True)
            path = self._temporary / uuid.uuid4().hex
            try:
                etag = _part_write(path, chunks, size)
                before = [entry for entry in folder.iterdir() if entry.name.startswith(f"{number:05d}-")]
                target = folder / f"{number:05d}-{size}-{etag}"
                os.replace(path, target)
                for entry in before:
                    if entry != target:
                        entry.unlink(missing_ok=True)
            except FileNotFoundError:
                raise Missing("This upload is not open any more.") from None
            finally:
                path.unlink(missing_ok=True)
        return etag

    def multipart_parts(self, reference: str) -> Sequence[Part]:
        return [part for part, _ in self._files(reference)]

    def multipart_complete(self, reference: str, etags: Sequence[str], *, sha256: str, size: int) -> Stored:
        """Read into one new file, and hashed on the way: a part that is written meanwhile cannot change what was hashed."""
        found = {part.number: (part, path) for part, path in self._files(reference)}
        wanted = [found.get(number) for number in range(1, len(etags) + 1)]
        paths = [
            entry[1] for entry, etag in zip(wanted, etags, strict=True) if entry and entry[0].etag == etag.strip('"')
        ]
        if len(paths) != len(etags):
            raise SizeMismatch(
                f"{len(paths)} of {len(etags)} parts are here as they were named. Send the others again."
            )
        stored = self.put_stream(_joined(paths), sha256=sha256, size=size)
        self.multipart_abort(reference)
        return stored

    def multipart_abort(self, reference: str) -> None:
        shutil.rmtree(self._folder(reference), ignore_errors=True)

    def sweep(self, older_than_s: float) -> int:
        """Temporary files and parts of broken writers."""
        before, count = time.time() - older_than_s, 0
        for path in [*_entries(self._temporary), *_entries(self._parts)]:
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    if path.is_dir():
                        shutil.rmtree(path, ignore_errors=True)
                    else:
                        path.unlink()
                    count += 1
        return count

    def _folder(self, reference: str) -> Path:
        """SECURITY: a reference is a name that this driver made, never a path."""
        if len(reference) != 32 or not reference.isalnum():
            raise BadAddress("This is no upload of this store.")
        return self._parts / reference

    def _files(self, reference: str) -> list[tuple[Part, Path]]:
        folder = self._folder(reference)
        if not folder.is_dir():
            raise Missing("This upload is not open any more.")
        found = []
        for path in _entries(folder):
            number, size, etag = path.name.split("-")
            found.append((Part(int(number), int(size), etag), path))
        return sorted(found, key=lambda entry: entry[0].number)


def _part_write(path: Path, chunks: Iterable[bytes], size: int) -> str:
    digest, received = hashlib.sha256(), 0
    with path.open("xb") as file:
        for chunk in chunks:
            received += len(chunk)
            if received > size:
                raise SizeMismatch(f"More bytes came than the {size} of this part.")
            digest.update(chunk)
            file.write(chunk)
        if received != size:
            raise SizeMismatch(f"{received} bytes came, this part has {size}.")
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _joined(paths: Sequence[Path]) -> Iterator[bytes]:
    for path in paths:
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


@contextlib.contextmanager
def disk_errors() -> Iterator[None]:
    """A full disk, and one that does not work. What breaks on the sender's side is no fault of the disk."""
    try:
        yield
    except (ConnectionError, TimeoutError, FileNotFoundError):
        raise
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull("There is no room left for this file.") from error
        if error.errno in (errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.ESTALE, errno.ENOTCONN):
            raise StorageDown("The folder of the storage cannot be written.") from error
        raise
