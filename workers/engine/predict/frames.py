"""FRAMES: how we and the child that runs ONNX models talk: a JSON head, then plain arrays. Nothing that is read can run anything."""

import json
import struct
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

HEAD_BYTES, ARRAY_BYTES = 2**24, 2**33
_TYPES = {"float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"}
Arrays = dict[str, NDArray[Any]]


class FrameError(ValueError):
    """What came is no frame, or one that is too large."""


def write_frame(out: BinaryIO, head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None = None) -> None:
    held = {name: np.ascontiguousarray(array) for name, array in (arrays or {}).items()}
    listed = [{"name": name, "dtype": array.dtype.name, "shape": list(array.shape)} for name, array in held.items()]
    text = json.dumps({**head, "arrays": listed}, allow_nan=False).encode()
    out.write(struct.pack(">I", len(text)) + text)
    for array in held.values():
        out.write(array.data.cast("B") if array.size else b"")
    out.flush()


def read_frame(read: Callable[[int], bytes]) -> tuple[dict[str, Any], Arrays]:
    """`read(n)` gives exactly n bytes. SECURITY: sizes and types are checked before anything is asked for.

    Raises:
        FrameError: not a frame, a type that is not ours, or more than a frame may hold.
    """
    (length,) = struct.unpack(">I", read(4))
    if length > HEAD_BYTES:
        raise FrameError("the head is too large")
    try:
        head = json.loads(read(length))
        listed = [
            (str(row["name"]), str(row["dtype"]), [int(size) for size in row["shape"]]) for row in head.pop("arrays")
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FrameError("the head is not what it should be") from error
    arrays: Arrays = {}
    total = 0
    for name, kind, shape in listed:
        if kind not in _TYPES or len(shape) > 8 or any(size < 0 for size in shape):
            raise FrameError("an array of another form")
        size = np.dtype(kind).itemsize
        for extent in shape:
            size *= extent
        total += size
        if total > ARRAY_BYTES:
            raise FrameError("the arrays are too large")
        arrays[name] = np.frombuffer(bytearray(read(size)), dtype=kind).reshape(shape)
    return head, arrays
