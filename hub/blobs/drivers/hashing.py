"""Both hashes of a stream in one pass, and the count of its bytes against what was announced."""

import hashlib
from collections.abc import Iterable, Iterator

from hub.blobs.drivers.base import DigestMismatch, SizeMismatch, Stored


def git_hash(size: int) -> "hashlib._Hash":
    # git's own object id: sha1 is its format, not our protection
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)


class Hasher:
    """`through(chunks)` gives the chunks on and hashes them. git hashes the length first: without it there is no git id."""

    def __init__(self, size: int | None) -> None:
        self._size = size
        self._sha256 = hashlib.sha256()
        self._git = git_hash(size) if size is not None else None
        self.received = 0

    def through(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.received += len(chunk)
            if self._size is not None and self.received > self._size:
                raise SizeMismatch(f"More bytes came than the {self._size} that were announced.")
            self._sha256.update(chunk)
            if self._git is not None:
                self._git.update(chunk)
            yield chunk
        if self._size is not None and self.received != self._size:
            raise SizeMismatch(f"{self.received} bytes came, {self._size} were announced.")

    @property
    def git_sha1(self) -> str | None:
        return self._git.hexdigest() if self._git is not None else None

    def check(self, sha256: str | None) -> None:
        """After the last chunk.

        Raises:
            DigestMismatch: the content is not what `sha256` says.
        """
        found = self._sha256.hexdigest()
        if sha256 is not None and found != sha256:
            raise DigestMismatch(f"The content has sha256 {found}, not {sha256}.")

    def stored(self, git_sha1: str) -> Stored:
        return Stored(self._sha256.hexdigest(), git_sha1, self.received)


def git_of(chunks: Iterable[bytes], size: int) -> str:
    digest = git_hash(size)
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
