"""KEEPING: files of what was learned, whole or not there at all."""

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from workers.engine.io.writer import sync_folder


def keep(folder: Path, name: str, tensors: Mapping[str, torch.Tensor]) -> None:
    """`folder/name.safetensors`, in one piece: written beside, synced, then put in its place."""
    path, draft = folder / f"{name}.safetensors", folder / f"{name}.part"
    save_file({key: tensors[key].detach().cpu().contiguous() for key in sorted(tensors)}, draft, {"format": "pt"})
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(folder)


def is_kept(folder: Path, name: str) -> bool:
    """Whether an earlier attempt left that file whole."""
    path = folder / f"{name}.safetensors"
    if not path.is_file():
        return False
    try:
        with safe_open(path, "pt"):
            return True
    except SafetensorError:
        path.unlink()
        return False
