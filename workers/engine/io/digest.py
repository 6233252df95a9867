"""The tensor digest: equal for equal weights, whatever the sharding, the order or the header."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch

from workers.engine.io.dtypes import SAFETENSORS
from workers.engine.io.reader import tensors_of


@dataclass(frozen=True)
class TensorMark:
    """What the digest knows of one tensor. `dtype` is safetensors' name, `sha256` that of its bytes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    sha256: str


def bytes_of(tensor: torch.Tensor) -> memoryview:
    """The tensor's bytes, little-endian, row-major, without a copy when it is contiguous."""
    flat = tensor.contiguous().flatten()
    return flat.view(torch.uint8).numpy().data if flat.numel() else memoryview(b"")


def tensor_sha256(tensor: torch.Tensor) -> str:
    return hashlib.sha256(bytes_of(tensor)).hexdigest()


def tensor_digest(marks: Iterable[TensorMark]) -> str:
    """sha256 over the lines `[name, dtype, shape, sha256]` as compact JSON, sorted by name."""
    digest = hashlib.sha256()
    for mark in sorted(marks, key=lambda mark: mark.name):
        line = json.dumps([mark.name, mark.dtype, list(mark.shape), mark.sha256], separators=(",", ":"))
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def digest_of_folder(folder: Path) -> str:
    """The tensor digest of the weights in a model folder."""
    return tensor_digest(
        TensorMark(name, SAFETENSORS[tensor.dtype], tuple(tensor.shape), tensor_sha256(tensor))
        for name, tensor in tensors_of(folder)
    )
