"""Shards: which ranges of which xorbs make which file. Only the files are read; the rest describes xorbs that are here already.

Records of 48 bytes: a header per file, its segments, as many verification records if it has them, and its sha256.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from hub.xet.chunks import CHUNKS_MAX, RAW_BYTES
from hub.xet.errors import BadXet
from hub.xet.reading import Reader

SHARD_BYTES = 80 * 2**20
# Held in memory at once. A file of 1 TiB that repeats nothing has 16 384 segments.
SEGMENTS_MAX = 400_000
RECORD = 48
MAGIC = b"HFRepoMetaData"
VERSION = 2
_FILE = struct.Struct("<32sII8x")
_SEGMENT = struct.Struct("<32sIIII")
_VERIFIED, _NAMED = 1 << 31, 1 << 30
_END = b"\xff" * 32


@dataclass(frozen=True, slots=True)
class Segment:
    """Chunks `start` up to, not including, `end` of a xorb."""

    xorb: str
    size_bytes: int
    start: int
    end: int


@dataclass(frozen=True)
class ShardFile:
    sha256: str
    segments: list[Segment] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        return sum(segment.size_bytes for segment in self.segments)


def hash_text(data: bytes) -> str:
    """Four little-endian numbers of 64 bits in hex: each group of eight bytes reversed."""
    return b"".join(data[at : at + 8][::-1] for at in range(0, 32, 8)).hex()


def shard_read(pieces: Iterable[bytes]) -> list[ShardFile]:
    reader = Reader(pieces)
    head = _record(reader)
    if not head.startswith(MAGIC) or int.from_bytes(head[32:40], "little") != VERSION:
        raise BadXet(f"This is not a shard of version {VERSION}.")
    files: list[ShardFile] = []
    left = SEGMENTS_MAX
    while True:
        file_hash, flags, count = _FILE.unpack(_record(reader))
        if file_hash == _END:
            reader.drain()
            return files
        left -= count + 1
        if left < 0:
            raise BadXet(f"A shard has at most {SEGMENTS_MAX} segments. Upload the files in several parts.")
        segments = [_segment(_record(reader)) for _ in range(count)]
        for _ in range(count if flags & _VERIFIED else 0):
            _record(reader)
        if not flags & _NAMED:
            raise BadXet("A file of the shard comes without its sha256.")
        files.append(ShardFile(hash_text(_record(reader)[:32]), segments))


def _segment(record: bytes) -> Segment:
    xorb, _, size, start, end = _SEGMENT.unpack(record)
    if not start < end <= CHUNKS_MAX or not 0 < size <= (end - start) * RAW_BYTES:
        raise BadXet(f"A segment names the chunks {start} to {end} with {size} bytes.")
    return Segment(hash_text(xorb), size, start, end)


def _record(reader: Reader) -> bytes:
    record = reader.take(RECORD)
    if len(record) != RECORD:
        raise BadXet("The shard ends in the middle.")
    return record
