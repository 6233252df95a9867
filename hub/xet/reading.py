"""Exact amounts out of a stream that comes in pieces, and no more of it in memory than that."""

from collections.abc import Iterable


class Reader:
    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._held = bytearray()

    def take(self, count: int) -> bytes:
        """`count` bytes, or what there was when the stream ended before."""
        while len(self._held) < count:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._held += piece
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken

    def drain(self) -> None:
        self._held.clear()
        for _ in self._pieces:
            pass
