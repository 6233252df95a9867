"""What every driver offers, and the errors it may raise."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

CHUNK_BYTES = 2**20
SHA256 = re.compile(r"[0-9a-f]{64}")


class DriverError(Exception):
    """Root of the storage errors. The message names no path of this machine."""


class BadAddress(DriverError):
    """Not a sha256 in lower-case hex."""


class DigestMismatch(DriverError):
    """The bytes have another sha256 than was said."""


class SizeMismatch(DriverError):
    """More or fewer bytes came than were said."""


class StorageFull(DriverError):
    """No room left for these bytes. Nothing of them was kept."""


class Missing(DriverError):
    """Nothing is stored under this sha256, or the upload is not open any more."""


class Damaged(DriverError):
    """What a file is rebuilt from is not what it was. None of the bytes in question were given away."""


class StorageDown(DriverError):
    """The store does not answer, or not as it should. Nothing half-written is left under a hash."""


@dataclass(frozen=True)
class Stored:
    """What was written. `git_sha1` is the id that git gives a file with this content."""

    sha256: str
    git_sha1: str
    size_bytes: int


@dataclass(frozen=True)
class Part:
    """A part of an upload that has arrived whole."""

    number: int
    size_bytes: int
    etag: str


class Driver(Protocol):
    """Written once, never changed. `end` is exclusive everywhere; None means the end of the blob.

    `list` gives hash and size of every blob, in the order of the hashes. `presign_get` and `multipart_url` give an address at the
    store itself, or None where the store has none: the hub then carries the bytes. What `multipart_complete` puts together is hashed
    before it gets its name; `sweep` takes away what broken writers left, and leaves open uploads that are younger.
    """

    def put_stream(self, chunks: Iterable[bytes], *, sha256: str | None = None, size: int | None = None) -> Stored: ...
    def open(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]: ...
    def stat(self, sha256: str) -> int | None: ...
    def local_path(self, sha256: str) -> Path | None: ...
    def delete(self, sha256: str) -> None: ...
    def presign_get(self, sha256: str, *, filename: str, media_type: str, expires_s: int) -> str | None: ...
    def multipart_start(self, *, sha256: str, size: int) -> str: ...
    def multipart_url(self, reference: str, number: int, expires_s: int) -> str | None: ...
    def multipart_put(self, reference: str, number: int, chunks: Iterable[bytes], size: int) -> str: ...
    def multipart_parts(self, reference: str) -> Sequence[Part]: ...
    def multipart_complete(self, reference: str, etags: Sequence[str], *, sha256: str, size: int) -> Stored: ...
    def multipart_abort(self, reference: str) -> None: ...
    def sweep(self, older_than_s: float) -> int: ...
    def check(self) -> None: ...
    def list(self, after: str = "") -> Iterator[tuple[str, int]]: ...


def key_of(sha256: str) -> str:
    """SECURITY: the only way from a hash to a name in the store; anything but 64 hex digits is refused."""
    if not SHA256.fullmatch(sha256):
        raise BadAddress("A blob is addressed by the 64 hex digits of its sha256.")
    return f"sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def disposition_of(name: str) -> str:
    """SECURITY: always a download; what a browser would run has to stay a file."""
    return f"attachment; filename*=UTF-8''{quote(name.rpartition('/')[2], safe='')}"
