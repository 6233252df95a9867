"""NAMING: which parameter of a transformers module each stored tensor becomes. Libraries rename tensors as they load them."""

from pathlib import Path

import torch

from workers.engine.io.reader import facts_of_weights, tensors_of
from workers.engine.predict.modules import load_module
from workers.planning.heads import Head


def places_in(module: torch.nn.Module, folder: Path, *, head: Head, name: str) -> dict[str, str]:
    """Stored name → name in `module`, for floating tensors that arrive in one piece and as they are.

    Found by loading the folder once more with a number of its own in every tensor, and looking where the numbers went; then by
    comparing the real values. Two stored names of one tied parameter lead to the same place.

    Cost: one model in float32, while it runs.
    """
    floating = [
        key
        for key, fact in sorted(facts_of_weights(folder).items())
        if fact.dtype.startswith(("F", "BF")) and fact.elements
    ]
    numbers = {key: float(number) for number, key in enumerate(floating, start=1)}
    state = {
        key: torch.full(tensor.shape, numbers[key]) if key in numbers else tensor.clone()
        for key, tensor in tensors_of(folder)
    }
    marked = load_module(folder, head=head, name=name, state=state).state_dict()
    real = module.state_dict(keep_vars=True)
    first_name: dict[int, str] = {}
    for key, tensor in real.items():
        first_name.setdefault(id(tensor), key)
    found: dict[str, str] = {}
    for key, tensor in marked.items():
        number = _only_number(tensor)
        if number is not None and 1 <= number <= len(floating):
            found.setdefault(floating[number - 1], first_name[id(real[key])])
    for key in floating:
        if key not in found and key in real:
            found[key] = first_name[id(real[key])]
    return {key: found[key] for key, tensor in tensors_of(folder) if key in found and _equal(tensor, real[found[key]])}


def _only_number(tensor: torch.Tensor) -> int | None:
    if not tensor.is_floating_point() or tensor.numel() == 0:
        return None
    value = tensor.flatten()[0]
    return int(value) if bool(value.isfinite()) and bool((tensor == value).all()) else None


def _equal(stored: torch.Tensor, loaded: torch.Tensor) -> bool:
    return stored.shape == loaded.shape and torch.equal(stored.float(), loaded.detach().cpu().float())
