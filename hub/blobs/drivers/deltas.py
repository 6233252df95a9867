"""A driver over another one that also gives what is kept as a difference from a base. Whoever reads sees the whole file.

Which blobs are kept so is not the store's to know: `find` says it. Bytes that lie in the store as they are come first, so a blob is
readable at every moment of its way from one form to the other.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.blobs.drivers.base import Driver, Missing, Stored


@dataclass(frozen=True)
class Kept:
    """`sha256` is the file; `base` and `packed` are the two blobs that it is rebuilt from."""

    sha256: str
    size_bytes: int
    base: str
    packed: str


Find = Callable[[str], Kept | None]


class DeltaDriver:
    def __init__(self, plain: Driver, find: Find) -> None:
        self.plain = plain
        self._find = find

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)

    def put_stream(self, chunks: Iterable[bytes], *, sha256: str | None = None, size: int | None = None) -> Stored:
        return self.plain.put_stream(chunks, sha256=sha256, size=size)

    def open(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        try:
            return self.plain.open(sha256, start, end)
        except Missing:
            kept = self._find(sha256)
            if kept is None:
                return self.plain.open(sha256, start, end)  # it may have come back between the two looks
            from hub.blobs.drivers.delta_reading import rebuilt  # loads numpy, which most processes never need

            return rebuilt(self.plain, kept, start, end)

    def stat(self, sha256: str) -> int | None:
        size = self.plain.stat(sha256)
        if size is None and (kept := self._find(sha256)) is not None:
            return kept.size_bytes
        return size

    def local_path(self, sha256: str) -> Path | None:
        return self.plain.local_path(sha256)

    def presign_get(self, sha256: str, *, filename: str, media_type: str, expires_s: int) -> str | None:
        """None for what is kept as a difference, also while its bytes are still there: they may go before the address does."""
        url = self.plain.presign_get(sha256, filename=filename, media_type=media_type, expires_s=expires_s)
        return None if url is not None and self._find(sha256) is not None else url
