"""Chunks: 8 bytes of header, then the data, plain or packed with LZ4. Every limit is checked before anything is unpacked.

Header: version 0, stored length (3 bytes, little endian), scheme, raw length (3 bytes). Nothing here touches the database.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import lz4.frame

from hub.xet.errors import BadXet
from hub.xet.reading import Reader

HEADER = 8
XORB_BYTES, CHUNKS_MAX, RAW_BYTES = 64 * 2**20, 8192, 128 * 2**10
# LZ4 makes what cannot be packed a little longer: a frame header, and four bytes for each block.
STORED_BYTES = RAW_BYTES + 4096
FOOTER = b"XETBLOB"
PLAIN, LZ4, GROUPED = 0, 1, 2
_PAIR = struct.Struct("<II")


@dataclass(frozen=True)
class Header:
    stored: int
    scheme: int
    raw: int


def header_read(data: bytes) -> Header:
    if len(data) < HEADER:
        raise BadXet("A xorb ends within the header of a chunk.")
    header = Header(int.from_bytes(data[1:4], "little"), data[4], int.from_bytes(data[5:8], "little"))
    if data[0] != 0 or header.scheme not in (PLAIN, LZ4, GROUPED):
        raise BadXet(
            f"A chunk has version {data[0]} and scheme {header.scheme}. Version 0 and schemes 0 to 2 are read."
        )
    # SECURITY: before a byte is unpacked
    if not 0 < header.raw <= RAW_BYTES or not 0 < header.stored <= STORED_BYTES:
        raise BadXet(f"A chunk says {header.stored} bytes for {header.raw}. A chunk has at most {RAW_BYTES}.")
    return header


def chunk_decode(header: Header, data: bytes) -> bytes:
    if len(data) != header.stored:
        raise BadXet("A xorb ends within a chunk.")
    raw = data if header.scheme == PLAIN else _unpack(data, header.raw)
    if len(raw) != header.raw:
        raise BadXet(f"A chunk unpacks to {len(raw)} bytes; it says {header.raw}.")
    return _ungroup(raw) if header.scheme == GROUPED else raw


def _unpack(data: bytes, size: int) -> bytes:
    unpacker = lz4.frame.LZ4FrameDecompressor()
    try:
        # SECURITY: one byte more than was said is enough to know a bomb
        raw = unpacker.decompress(data, max_length=size + 1)
    except (RuntimeError, EOFError, ValueError) as error:
        raise BadXet("A chunk is not an LZ4 frame.") from error
    if len(raw) > size or not unpacker.eof or unpacker.unused_data:
        raise BadXet("A chunk is not one whole LZ4 frame of the size that it says.")
    return bytes(raw)


def _ungroup(raw: bytes) -> bytes:
    """First all bytes 0 of each four, then all bytes 1, …: numbers of four bytes pack better so."""
    result, start = bytearray(len(raw)), 0
    for group in range(4):
        length = (len(raw) - group + 3) // 4
        result[group::4] = raw[start : start + length]
        start += length
    return bytes(result)


class XorbStream:
    """Iterating gives the chunks as they came, each checked by unpacking it; afterwards `index` says where they are."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._reader = Reader(pieces)
        self._pairs: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[bytes]:
        end = 0
        while first := self._reader.take(HEADER):
            if first.startswith(FOOTER):
                self._reader.drain()
                break
            if len(self._pairs) == CHUNKS_MAX:
                raise BadXet(f"A xorb has at most {CHUNKS_MAX} chunks.")
            header = header_read(first)
            data = self._reader.take(header.stored)
            chunk_decode(header, data)
            end += HEADER + header.stored
            self._pairs.append((end, header.raw))
            yield first + data
        if not self._pairs:
            raise BadXet("A xorb has no chunks.")

    @property
    def index(self) -> bytes:
        return b"".join(_PAIR.pack(*pair) for pair in self._pairs)


def index_read(index: bytes) -> list[tuple[int, int]]:
    return list(_PAIR.iter_unpack(index))


def chunks_decode(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The content of chunks that lie back to back."""
    reader = Reader(pieces)
    while first := reader.take(HEADER):
        header = header_read(first)
        yield chunk_decode(header, reader.take(header.stored))
