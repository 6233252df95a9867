"""A training run's state after an epoch: trainable tensors, buffers, and AdamW's moments, in one safetensors file.

There is at most one file: it is written beside the old one, synced, and then takes its place.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

FILE = "train.safetensors"


@dataclass
class Progress:
    """`epoch` counts finished epochs, `losses` their mean losses, `resumed` those that an earlier attempt had finished.

    `recipe` says of which run this is the state: another run's is not taken.
    """

    recipe: str
    epoch: int = 0
    losses: list[float] = field(default_factory=list)
    resumed: int = 0


def live_tensors(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    trainable = {name: parameter.data for name, parameter in model.named_parameters() if parameter.requires_grad}
    return trainable | {f"buffer.{name}": buffer for name, buffer in model.named_buffers()}


def save(journal: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, progress: Progress) -> None:
    tensors = {f"model/{name}": tensor.contiguous() for name, tensor in live_tensors(model).items()}
    for number, parameter in enumerate(_parameters(optimizer)):
        for key, value in optimizer.state[parameter].items():
            tensors[f"optimizer/{number}/{key}"] = value.contiguous()
    metadata = {"progress": json.dumps({"recipe": progress.recipe, "epoch": progress.epoch, "losses": progress.losses})}
    path = journal / FILE
    draft = path.with_suffix(".part")
    save_file({name: tensor.clone() for name, tensor in tensors.items()}, draft, metadata)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)


def restore(journal: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, recipe: str) -> Progress:
    """Lays the journalled state into `model` and `optimizer`. Without one of this recipe: a fresh start, nothing touched."""
    path = journal / FILE
    if not path.is_file():
        return Progress(recipe)
    try:
        with safe_open(path, "pt") as file:
            progress = Progress(**json.loads(file.metadata()["progress"]))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (a safetensors handle, not a dict)
    except (SafetensorError, KeyError, TypeError, ValueError):
        return Progress(recipe)
    if progress.recipe != recipe:
        return Progress(recipe)
    for name, tensor in live_tensors(model).items():
        tensor.copy_(tensors[f"model/{name}"])
    for number, parameter in enumerate(_parameters(optimizer)):
        prefix = f"optimizer/{number}/"
        optimizer.state[parameter] = {
            name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)
        }
    progress.resumed = progress.epoch
    return progress


def _parameters(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]
