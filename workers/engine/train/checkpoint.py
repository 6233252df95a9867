"""CHECKPOINTS: the state of a run in one safetensors file: trainable tensors, buffers, the moments of AdamW, and the progress.

Each file is written beside the old one, synced, and then takes its place: a power cut leaves the old or the new one.
`train.safetensors` is where a resumed run goes on. `kept.safetensors` is a second name for the one whose weights would be
the result if the run had to end: the best of those validated, or the last at a mark.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from workers.engine.train.progress import Progress

FILE = "train.safetensors"
KEPT = "kept.safetensors"


def live_tensors(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    trainable = {name: parameter.data for name, parameter in model.named_parameters() if parameter.requires_grad}
    return trainable | {f"buffer.{name}": buffer for name, buffer in model.named_buffers()}


def save(
    journal: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, progress: Progress, *,
    scaler: dict[str, Any] | None = None, keep: bool = False,
) -> None:  # fmt: skip
    """Journals the state; with `keep` also as the weights to fall back on."""
    tensors = {f"model/{name}": tensor for name, tensor in live_tensors(model).items()}
    for number, parameter in enumerate(_parameters(optimizer)):
        for key, value in optimizer.state[parameter].items():
            tensors[f"optimizer/{number}/{key}"] = value
    held = _apart(tensors)
    path, draft = journal / FILE, journal / f"{FILE}.part"
    save_file(held, draft, {"progress": progress.to_json(), "scaler": json.dumps(scaler)})
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    if keep:
        _second_name(draft, journal / KEPT)
    draft.replace(path)
    _sync_folder(journal)


def restore(
    journal: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, key: str
) -> tuple[Progress, dict[str, Any] | None]:
    """Lays the journalled state into `model` and `optimizer`; gives the progress and the state of the loss scaling.

    Without a whole file of this run: a fresh start, nothing touched.
    """
    read = _read(journal / FILE, key)
    if read is None:
        return Progress(key), None
    progress, scaler, tensors = read
    for name, tensor in live_tensors(model).items():
        tensor.copy_(tensors[f"model/{name}"])
    for number, parameter in enumerate(_parameters(optimizer)):
        prefix = f"optimizer/{number}/"
        optimizer.state[parameter] = {
            # The step counter of AdamW stays on the processor, its moments lie with their parameter.
            name.removeprefix(prefix): value if name.endswith("/step") else value.to(parameter.device)
            for name, value in tensors.items()
            if name.startswith(prefix)
        }
    progress.resumed_step, progress.resumed_epochs = progress.step, progress.epochs
    return progress, scaler


def restore_kept(journal: Path, model: torch.nn.Module, key: str) -> int | None:
    """Lays the kept weights into `model`; gives the step they are from, None where there are none of this run."""
    read = _read(journal / KEPT, key)
    if read is None:
        return None
    progress, _, tensors = read
    for name, tensor in live_tensors(model).items():
        tensor.copy_(tensors[f"model/{name}"])
    return progress.step


def _read(path: Path, key: str) -> tuple[Progress, dict[str, Any] | None, dict[str, torch.Tensor]] | None:
    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata()
            progress = Progress.from_json(metadata["progress"])
            if progress.key != key:
                return None
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (a safetensors handle, not a dict)
            return progress, json.loads(metadata["scaler"]), tensors
    except (SafetensorError, KeyError, TypeError, ValueError):
        return None


def _apart(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """On the processor, none sharing memory with another, as tied buffers may and safetensors refuses; copied only where they do."""
    seen: set[int] = set()
    found = {}
    for name, tensor in tensors.items():
        held = tensor.detach().cpu().contiguous()
        place = held.untyped_storage().data_ptr()
        found[name] = held.clone() if place in seen else held
        seen.add(place)
    return found


def _second_name(path: Path, name: Path) -> None:
    """`name` becomes another name of the same file; a copy where the file system has no second names."""
    draft = name.with_name(f"{name.name}.part")
    draft.unlink(missing_ok=True)
    try:
        os.link(path, draft)
    except OSError:
        shutil.copyfile(path, draft)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
    draft.replace(name)


def _sync_folder(folder: Path) -> None:
    """Makes the renames themselves durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
