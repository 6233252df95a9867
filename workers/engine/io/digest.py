"""The tensor digest: equal for equal weights, whatever the sharding, the order or the header."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kernels.raw import Array, raw_of
from workers.engine.io.reader import tensors_of


@dataclass(frozen=True)
class TensorMark:
    """What the digest knows of one tensor. `dtype` is safetensors' name, `sha256` that of its bytes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    sha256: str


def bytes_of(tensor: Array) -> memoryview:
    """The tensor's bytes, little-endian, row-major, without a copy when it is contiguous."""
    return raw_of(tensor).data.data


def tensor_sha256(tensor: Array) -> str:
    return hashlib.sha256(bytes_of(tensor)).hexdigest()


def mark_of(name: str, tensor: Array) -> TensorMark:
    stored = raw_of(tensor)
    return TensorMark(name, stored.format, stored.shape, hashlib.sha256(stored.data.data).hexdigest())


def tensor_digest(marks: Iterable[TensorMark]) -> str:
    """sha256 over the lines `[name, dtype, shape, sha256]` as compact JSON, sorted by name."""
    digest = hashlib.sha256()
    for mark in sorted(marks, key=lambda mark: mark.name):
        line = json.dumps([mark.name, mark.dtype, list(mark.shape), mark.sha256], separators=(",", ":"))
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def digest_of_folder(folder: Path) -> str:
    """The tensor digest of the weights in a model folder."""
    return tensor_digest(mark_of(name, tensor) for name, tensor in tensors_of(folder))
