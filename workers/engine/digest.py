"""TENSOR DIGEST: one hash for a set of weights, the same however they are cut into files."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors import safe_open


def tensor_digest(rows: Iterable[tuple[str, str, tuple[int, ...], str]]) -> str:
    """sha256 over one line per tensor in order of name: `name dtype shape sha256(bytes)`, dtype by safetensors' own name."""
    lines = sorted(json.dumps([name, dtype, list(shape), content]) for name, dtype, shape, content in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def folder_digest(folder: Path) -> str:
    """The digest of every tensor in the safetensors files of `folder`, sub-folders left out."""
    rows = []
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            for name in file.keys():  # noqa: SIM118  (a safetensors handle, not a dict)
                view = file.get_slice(name)
                content = file.get_tensor(name).contiguous().flatten().view(torch.uint8).numpy()
                rows.append((name, view.get_dtype(), tuple(view.get_shape()), hashlib.sha256(content).hexdigest()))
    return tensor_digest(rows)
