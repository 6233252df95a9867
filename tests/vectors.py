"""Task vectors in every form, written by hand beside the changes that they stand for."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

FORMS = ("dense", "sparse", "low_rank", "one_bit")


def parts_of(name: str, change: torch.Tensor, form: str) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """What is stored of a change, and what of it is left: nothing of Genepool's own is used."""
    values = change.numpy().astype(np.float64).ravel()
    if form == "dense" or (form == "low_rank" and change.dim() < 2):
        return {name: change.clone()}, change
    if form == "one_bit":
        scale = np.float32(np.abs(values).mean())
        signs = torch.from_numpy(np.packbits(values > 0, bitorder="little"))
        left = np.where(values > 0, scale, -scale).reshape(change.shape)
        return {f"{name}:signs": signs, f"{name}:scale": torch.tensor(scale)}, torch.from_numpy(left)
    if form == "low_rank":
        u, s, v = np.linalg.svd(values.reshape(change.shape[0], -1), full_matrices=False)
        left, right = (u[:, :2] * s[:2]).astype(np.float32), v[:2].astype(np.float32)
        stored = {f"{name}:left": torch.from_numpy(left.copy()), f"{name}:right": torch.from_numpy(right.copy())}
        return stored, torch.from_numpy((left.astype(np.float64) @ right).reshape(change.shape))
    places = np.sort(np.argsort(-np.abs(values), kind="stable")[: max(1, values.size // 3)])
    kept = np.zeros(values.size, dtype=bool)
    kept[places] = True
    left = np.where(kept, values, 0).reshape(change.shape)
    stored = {f"{name}:values": torch.from_numpy(values[places].astype(np.float32))}
    if change.dim() > 1:
        stored[f"{name}:mask"] = torch.from_numpy(np.packbits(kept, bitorder="little"))
    else:
        width = max(1, (values.size - 1).bit_length())
        bits = "".join(format(place, f"0{width}b")[::-1] for place in places)
        bits += "0" * (-len(bits) % 8)
        packed = [int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8)]
        stored[f"{name}:indices"] = torch.tensor(packed, dtype=torch.uint8)
    return stored, torch.from_numpy(left)


def vector_folder(
    folder: Path,
    changes: Mapping[str, torch.Tensor],
    form: str = "dense",
    *,
    base: str = "demo/base",
    config: Any = None,
) -> dict[str, torch.Tensor]:
    """Writes the task vector; gives the changes that it stands for."""
    folder.mkdir(parents=True, exist_ok=True)
    stored: dict[str, torch.Tensor] = {}
    meant: dict[str, torch.Tensor] = {}
    for name, change in changes.items():
        parts, meant[name] = parts_of(name, change, form)
        stored |= parts
    save_file(stored, folder / "task_vector.safetensors", {"format": "pt"})
    (folder / "genepool.json").write_text(json.dumps({"schema": 1, "artifact": "task_vector", "kind": "extract"}))
    (folder / "README.md").write_text(f"---\nlicense: apache-2.0\nbase_model: {base}\n---\n")
    if config is not None:
        (folder / "task_vector.json").write_text(json.dumps(config))
    return meant
