"""A blob as a file that can be read anywhere, within a budget of bytes: a page never reads a whole dataset."""

import io

from hub.blobs.models import Blob
from hub.blobs.services import blob_bytes

MOST_BYTES = 16 * 1024 * 1024


class TooMuch(Exception):
    """Showing these rows would read more than a page may."""


class BlobFile(io.RawIOBase):
    """Seekable, for pyarrow and for slices. Every read counts against `budget`."""

    def __init__(self, blob: Blob, budget: int = MOST_BYTES) -> None:
        self._blob = blob
        self._place = 0
        self._budget = budget

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._blob.size_bytes}[whence]
        self._place = max(0, start + offset)
        return self._place

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._blob.size_bytes - self._place)
        wanted = left if size is None or size < 0 else min(size, left)
        if wanted > self._budget:
            raise TooMuch
        self._budget -= wanted
        found = blob_bytes(blob=self._blob, start=self._place, end=self._place + wanted) if wanted else b""
        self._place += len(found)
        return found

    def slice(self, start: int, end: int) -> bytes:
        self.seek(start)
        return self.read(end - start)
