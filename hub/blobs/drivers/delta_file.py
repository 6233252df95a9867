"""The file that a difference is kept in: packed pieces one after the other, and an index of them at the end.

    GPDELTA1 · pieces · index (deflated) · index length (u64) · GPDELTA1

The index begins with one line of JSON (which file this rebuilds, from which base), then has a record for each piece: its size, where
its base begins (all ones: it has none), the size of its packed form, the width of its numbers, and the sha256 of what it rebuilds.
Written in one pass and read by pieces, so neither needs more memory than a few of them.
"""

import bisect
import hashlib
import json
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from hub.blobs.drivers.base import Damaged
from hub.blobs.drivers.delta_pieces import WIDTHS, piece_decode, piece_encode

PIECE_BYTES = 2**20
MAGIC = b"GPDELTA1"
SCHEMA = 1
INDEX_BYTES = 256 * 2**20  # of a file of some terabytes
_RECORD = struct.Struct("<IQIB32s")
_NO_BASE = 2**64 - 1
_TAIL = struct.Struct("<Q8s")

Take = Callable[[int, int], bytes]  # exactly the bytes from … up to …


@dataclass(frozen=True)
class Run:
    """`size` bytes of the new file, in order. `base` is where their counterparts lie in the base; None: there are none."""

    size: int
    base: int | None
    width: int = 1

    def __post_init__(self) -> None:
        if self.width not in WIDTHS or self.size % self.width:
            raise ValueError(f"A run of {self.size} bytes with numbers of {self.width}.")


@dataclass(frozen=True)
class Piece:
    start: int
    size: int
    base: int | None
    width: int
    place: int
    packed: int
    digest: bytes


@dataclass(frozen=True)
class DeltaIndex:
    """`pieces` in the order of the file; `starts` are their places in it."""

    sha256: str
    base: str
    size_bytes: int
    pieces: Sequence[Piece]
    starts: Sequence[int]

    def between(self, start: int, end: int) -> Sequence[Piece]:
        """Those that have any of these bytes."""
        if end <= start or not self.pieces:
            return ()
        return self.pieces[max(0, bisect.bisect_right(self.starts, start) - 1) : bisect.bisect_left(self.starts, end)]


def delta_write(*, sha256: str, base: str, runs: Sequence[Run], new: Take, old: Take) -> Iterator[bytes]:
    """The file in pieces, to be written to a store."""
    yield MAGIC
    records, start = bytearray(), 0
    for run in runs:
        for at in range(0, run.size, PIECE_BYTES):
            size = min(PIECE_BYTES, run.size - at)
            data = new(start, start + size)
            begin = None if run.base is None else run.base + at
            frame = piece_encode(data, None if begin is None else old(begin, begin + size), run.width)
            records += _RECORD.pack(
                size, _NO_BASE if begin is None else begin, len(frame), run.width, hashlib.sha256(data).digest()
            )
            start += size
            yield frame
    head = json.dumps({"schema": SCHEMA, "sha256": sha256, "base": base, "size_bytes": start})
    index = zlib.compress(head.encode() + b"\n" + records, 1)
    yield index + _TAIL.pack(len(index), MAGIC)


def delta_index(take: Take, size: int) -> DeltaIndex:
    """
    Raises:
        Damaged: this is not such a file, or not a whole one.
    """
    try:
        length, magic = _TAIL.unpack(take(size - _TAIL.size, size))
        if magic != MAGIC or length > min(INDEX_BYTES, size):
            raise ValueError
        end = size - _TAIL.size
        raw = zlib.decompress(take(end - length, end))
        head, _, records = raw.partition(b"\n")
        told = json.loads(head)
        if told["schema"] != SCHEMA:
            raise ValueError
        return _index(told, list(_RECORD.iter_unpack(records)))
    except (ValueError, KeyError, struct.error, zlib.error) as error:
        raise Damaged("A file that is kept as a difference has no readable index.") from error


def _index(told: dict[str, object], records: list[tuple[int, int, int, int, bytes]]) -> DeltaIndex:
    starts = list(accumulate((record[0] for record in records), initial=0))
    places = accumulate((record[2] for record in records), initial=len(MAGIC))
    pieces = [
        Piece(start, size, None if base == _NO_BASE else base, width, place, packed, digest)
        for (size, base, packed, width, digest), start, place in zip(records, starts, places, strict=False)
    ]
    if starts.pop() != told["size_bytes"]:
        raise ValueError
    return DeltaIndex(str(told["sha256"]), str(told["base"]), int(str(told["size_bytes"])), pieces, starts)


def pieces_rebuild(pieces: Sequence[Piece], *, packed: Take, old: Take, start: int, end: int) -> Iterator[bytes]:
    """The bytes from `start` up to `end`, each piece held against its digest before any of it is given away.

    Raises:
        Damaged: base or difference are not what they were.
    """
    for piece in pieces:
        base = None if piece.base is None else old(piece.base, piece.base + piece.size)
        data = piece_decode(packed(piece.place, piece.place + piece.packed), base, piece.width, piece.size)
        if hashlib.sha256(data).digest() != piece.digest:
            raise Damaged("A file cannot be rebuilt: its base, or its difference from it, is damaged.")
        yield data[max(0, start - piece.start) : end - piece.start]
