"""A file out of its base and its difference, as a stream: whole or a range, with a few pieces in memory."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

from hub.blobs.drivers.base import Damaged, Driver, Missing
from hub.blobs.drivers.delta_file import DeltaIndex, delta_index, pieces_rebuild
from hub.blobs.drivers.deltas import Kept


def rebuilt(store: Driver, kept: Kept, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """The first piece is made now: what cannot be rebuilt is said before an answer has begun.

    Raises:
        Missing: base or difference are not in the store.
        Damaged: they are not what they were.
    """
    index = _index_of(store, kept)
    end = min(index.size_bytes, kept.size_bytes if end is None else end)
    pieces = index.between(start, end)
    if not pieces:
        return iter(())
    packed = Cursor(store, kept.packed, pieces[-1].place + pieces[-1].packed)
    places = [(piece.base, piece.base + piece.size) for piece in pieces if piece.base is not None]
    old = Cursor(store, kept.base, max((end for _, end in places), default=0))
    if places:
        old.begin(places[0][0])
    content = pieces_rebuild(pieces, packed=packed.take, old=old.take, start=start, end=end)
    return chain([next(content)], content)


def _index_of(store: Driver, kept: Kept) -> DeltaIndex:
    index = _index_read(store, kept.packed)  # type: ignore[arg-type]  # a driver is one object, known by its identity
    if (index.sha256, index.base, index.size_bytes) != (kept.sha256, kept.base, kept.size_bytes):
        raise Damaged("A file that is kept as a difference belongs to another one.")
    return index


@lru_cache(maxsize=16)
def _index_read(store: Driver, packed: str) -> DeltaIndex:
    """Of a blob, which never changes: ranges of one file come in swarms."""
    size = store.stat(packed)
    if size is None:
        raise Missing(f"Nothing is stored under {packed}.")
    return delta_index(lambda start, end: b"".join(store.open(packed, max(0, start), end)), size)


class Cursor:
    """Exact amounts of a blob. Reads that follow one another share one stream, up to `end`: a request for each piece costs a bucket's
    round trip each time."""

    def __init__(self, store: Driver, sha256: str, end: int) -> None:
        self._store, self._sha256, self._end = store, sha256, end
        self._at = -1
        self._stream: Iterator[bytes] = iter(())
        self._held = bytearray()

    def begin(self, start: int, end: int = 0) -> None:
        """
        Raises:
            Missing: there is no such blob.
        """
        self._stream, self._held = self._store.open(self._sha256, start, max(end, self._end)), bytearray()
        self._at = start

    def take(self, start: int, end: int) -> bytes:
        if start != self._at:
            self.begin(start, end)
        while len(self._held) < end - start:
            chunk = next(self._stream, None)
            if chunk is None:
                raise Damaged("A blob that others are rebuilt from ends too early.")
            self._held += chunk
        self._at = end
        taken = bytes(self._held[: end - start])
        del self._held[: end - start]
        return taken
