"""Writes one safetensors file tensor by tensor: the header is known before the first tensor is made."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from kernels.raw import Array, raw_of
from workers.contracts.facts import DTYPE_BYTES

_ALIGN = 8
_CHUNK_BYTES = 1 << 20
_LARGEST_FIRST = sorted(DTYPE_BYTES, key=lambda name: -DTYPE_BYTES[name])


@dataclass(frozen=True)
class Slot:
    """One tensor to come. `dtype` is safetensors' name."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def size_bytes(self) -> int:
        size = DTYPE_BYTES[self.dtype]
        for length in self.shape:
            size *= length
        return size


def order_of(slots: Sequence[Slot]) -> list[Slot]:
    """The order in which tensors lie in the file: wide formats first, so that each is aligned to its own size."""
    return sorted(slots, key=lambda slot: _LARGEST_FIRST.index(slot.dtype))


class ShardWriter:
    """One file. Takes the tensors in the order of `order_of`, writes each away at once, and appears under its name when complete.

    A writer that is left by an exception leaves nothing under that name. `hashed`: take the sha256 of the whole file on the way.
    """

    def __init__(self, path: Path, slots: Sequence[Slot], *, hashed: bool = True) -> None:
        self._path = path
        self._temporary = path.with_name(path.name + ".part")
        self._waiting = list(reversed(slots))
        self._sha256 = hashlib.sha256() if hashed else None
        self.size_bytes = 0
        self._file = self._temporary.open("wb", buffering=0)
        self._put(header_of(slots))

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if kind is not None:
            self._temporary.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        """Of what was written; "" where it is not taken."""
        return "" if self._sha256 is None else self._sha256.hexdigest()

    def write(self, name: str, tensor: Array) -> None:
        """Appends the next tensor.

        Raises:
            ValueError: it is not the tensor that the header announces here.
            OSError: the disk is full, or will not take it.
        """
        slot = self._waiting.pop() if self._waiting else None
        stored = raw_of(tensor)
        given = Slot(name, stored.format, stored.shape)
        if slot != given:
            raise ValueError(f"The header announces {slot}, but {given} came.")
        self._put(stored.data.data)

    def finish(self) -> None:
        """Gives the file its name.

        It is not waited for the disk: a journal holds the file's sha256, and what a power cut tore is made again; the store that
        takes the result makes it durable.

        Raises:
            ValueError: tensors are missing.
            OSError: the disk is full, or will not take it.
        """
        if self._waiting:
            raise ValueError(f"{len(self._waiting)} tensors are missing, the first is {self._waiting[-1].name}.")
        self._temporary.replace(self._path)

    def _put(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        self.size_bytes += len(view)
        for start in range(0, len(view), _CHUNK_BYTES):
            # What was just hashed is in the cache when it is written.
            chunk = view[start : start + _CHUNK_BYTES]
            if self._sha256 is not None:
                self._sha256.update(chunk)
            while chunk:
                chunk = chunk[self._file.write(chunk) :]


def header_of(slots: Sequence[Slot]) -> bytes:
    """The bytes before the first tensor."""
    entries: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for slot in slots:
        entries[slot.name] = {
            "dtype": slot.dtype,
            "shape": list(slot.shape),
            "data_offsets": [offset, offset + slot.size_bytes],
        }
        offset += slot.size_bytes
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGN)
    return len(text).to_bytes(8, "little") + text


def sync_folder(folder: Path) -> None:
    """Makes a rename in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
