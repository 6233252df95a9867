"""What a client makes of files before it sends them: xorbs and shards, written from the description of their forms."""

import struct
from hashlib import sha256

import lz4.frame

PLAIN, LZ4, GROUPED = 0, 1, 2
MAGIC = b"HFRepoMetaData\0" + bytes(range(17))
VERIFIED, NAMED = 1 << 31, 1 << 30


def chunk(raw: bytes, scheme: int = LZ4, /, **wrong: int) -> bytes:
    """`wrong` replaces what the header says: version, stored, scheme, raw."""
    data = raw
    if scheme == GROUPED:
        data = b"".join(raw[group::4] for group in range(4))
    if scheme != PLAIN:
        data = lz4.frame.compress(data)
    said = {"version": 0, "stored": len(data), "scheme": scheme, "raw": len(raw), **wrong}
    head = bytes([said["version"]]) + said["stored"].to_bytes(3, "little")
    return head + bytes([said["scheme"]]) + said["raw"].to_bytes(3, "little") + data


def xorb(raws: list[bytes], scheme: int = LZ4, *, footer: bytes = b"XETBLOB\1" + b"f" * 40) -> bytes:
    return b"".join(chunk(raw, scheme) for raw in raws) + footer


def hash_of(data: bytes) -> str:
    """Any 64 hex digits do as a xorb's name."""
    return sha256(data).hexdigest()


def hash_bytes(text: str) -> bytes:
    """From the text form back to bytes: each group of eight reversed."""
    data = bytes.fromhex(text)
    return b"".join(data[at : at + 8][::-1] for at in range(0, 32, 8))


def file_records(name: str, segments: list[tuple[str, int, int, int]], *, flags: int = VERIFIED | NAMED) -> bytes:
    """`name` is the sha256; a segment is xorb, bytes, first chunk, chunk after the last."""
    records = [struct.pack("<32sII8x", b"h" * 32, flags, len(segments))]
    records += [struct.pack("<32sIIII", hash_bytes(xorb), 0, size, start, end) for xorb, size, start, end in segments]
    records += [b"v" * 48] * (len(segments) if flags & VERIFIED else 0)
    if flags & NAMED:
        records.append(struct.pack("<32s16x", hash_bytes(name)))
    return b"".join(records)


def shard(*files: bytes, tail: bytes = b"the xorb section" * 20) -> bytes:
    return struct.pack("<32sQQ", MAGIC, 2, 0) + b"".join(files) + b"\xff" * 32 + b"\0" * 16 + tail
