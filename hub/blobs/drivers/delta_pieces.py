"""One piece of a file as its difference from the same piece of another: exact, whatever the numbers are.

    d = a − b                  integers of the tensor's width, modulo 2^(8·width), over the raw bytes a and b
    z = (d << 1) xor (d >> …)  zigzag: small differences of either sign become small numbers
    planes                     byte k of every z, for each k, packed by itself

Two weights that are close share sign, exponent and the first bits of the mantissa, so the planes of the high bytes are nearly all
zeros; those of the low bytes are noise and are kept as they are. Numbers are little endian. NaN and −0 are bits like any others.
"""

import struct
import zlib
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hub.blobs.drivers.base import Damaged

Numbers: TypeAlias = NDArray[Any]  # unsigned integers
WIDTHS = (1, 2, 4, 8)
LEVEL = 6
_SAMPLE = 16 * 2**10
_WORTH = 0.97  # what packs worse than this is kept as it is: it would be unpacked on every read for nothing


def piece_encode(data: bytes, base: bytes | None, width: int) -> bytes:
    """`width` lengths of planes (u32; 0: all zeros, the plane's own size: not packed), then the planes."""
    if base is None:
        planes = np.frombuffer(data, np.uint8).reshape(1, -1)
    else:
        planes = _zigzag(_numbers(data, width) - _numbers(base, width)).view(np.uint8).reshape(-1, width).T
    packed = [_plane_encode(np.ascontiguousarray(plane)) for plane in planes]
    return struct.pack(f"<{len(packed)}I", *map(len, packed)) + b"".join(packed)


def piece_decode(frame: bytes, base: bytes | None, width: int, size: int) -> bytes:
    """
    Raises:
        Damaged: the frame is not one that `piece_encode` wrote for `size` bytes.
    """
    count = 1 if base is None else width
    try:
        lengths = struct.unpack_from(f"<{count}I", frame)
        planes = np.empty((count, size // count), np.uint8)
        place = 4 * count
        for plane, length in zip(planes, lengths, strict=True):
            plane[:] = _plane_decode(frame[place : place + length], len(plane))
            place += length
    except (struct.error, ValueError, zlib.error) as error:
        raise Damaged("A piece of a file that is kept as a difference cannot be unpacked.") from error
    if base is None:
        return planes.tobytes()
    return (_unzigzag(np.ascontiguousarray(planes.T).view(f"<u{width}").ravel()) + _numbers(base, width)).tobytes()


def _numbers(data: bytes, width: int) -> Numbers:
    return np.frombuffer(data, f"<u{width}")


def _zigzag(numbers: Numbers) -> Numbers:
    one, last = numbers.dtype.type(1), numbers.dtype.type(8 * numbers.itemsize - 1)
    zigzag: Numbers = (numbers << one) ^ (~(numbers >> last) + one)
    return zigzag


def _unzigzag(numbers: Numbers) -> Numbers:
    one = numbers.dtype.type(1)
    plain: Numbers = (numbers >> one) ^ (~(numbers & one) + one)
    return plain


def _plane_encode(plane: NDArray[np.uint8]) -> bytes:
    if not plane.any():
        return b""
    raw = plane.tobytes()
    sample = raw[:_SAMPLE]
    if len(zlib.compress(sample, 1)) > _WORTH * len(sample):
        return raw
    packed = zlib.compress(raw, LEVEL)
    return packed if len(packed) < _WORTH * len(raw) else raw


def _plane_decode(packed: bytes, size: int) -> NDArray[np.uint8]:
    if not packed:
        return np.zeros(size, np.uint8)
    if len(packed) == size:
        return np.frombuffer(packed, np.uint8)
    unpacker = zlib.decompressobj()
    return np.frombuffer(unpacker.decompress(packed, size + 1), np.uint8)
