"""What each combination of adapters is by definition, in float64, from the adapters' files alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from tests.parity.adapter_files import PREFIX, Pair, Tensors, pairs_of, whole_of
from tests.parity.adapters import Combination


def defined(combination: Combination, folders: dict[str, Path]) -> Tensors:
    """For the types that are not drawn by lot. A source counts where it changes a module; what one alone brings whole is taken over."""
    sources = [pairs_of(folders[name]) for name in combination.sources]
    made: Tensors = {}
    for module in dict.fromkeys(name for source in sources for name in source):
        held = [
            (source[module], weight)
            for source, weight in zip(sources, combination.weights, strict=True)
            if module in source
        ]
        pairs, weights = zip(*held, strict=True)
        made[f"{module}.weight"] = _defined(combination, pairs, weights)
    for name, weight in zip(combination.sources, combination.weights, strict=True):
        made |= whole_of(folders[name])
        _beside(made, folders[name], weight, load_file(folders["base"] / "model.safetensors"))
    return made


def _beside(made: Tensors, folder: Path, weight: float, base: Tensors) -> None:
    """What one source adds that its factors do not tell: the lengths of DoRA's outputs, and biases of B."""
    stored = load_file(folder / "adapter_model.safetensors")
    for name, pair in pairs_of(folder).items():
        bias, lengths = (stored.get(f"{PREFIX}{name}.{part}") for part in ("lora_B.bias", "lora_magnitude_vector"))
        if bias is not None:
            made[f"{name}.bias"] = made.get(f"{name}.bias", 0) + weight * pair.scaling * bias.double()
        if lengths is not None:
            before, change = base[f"{name}.weight"].double(), pair.scaling * pair.b @ pair.a
            after = (before + change) * (lengths.double() / (before + change).norm(dim=1))[:, None]
            made[f"{name}.weight"] = made[f"{name}.weight"] + weight * (after - before - change)


def _defined(combination: Combination, pairs: Sequence[Pair], weights: Sequence[float]) -> torch.Tensor:
    type, options = combination.type, combination.options
    operation = type.removesuffix("_svd")
    if type in {"cat", "svd"} or type.endswith("_svd"):
        changes = [pair.scaling * pair.b @ pair.a for pair in pairs]
        dense = _operated("linear" if operation in {"cat", "svd"} else operation, changes, weights, options)
        if type == "cat":
            return dense
        rank = options.get("svd_rank") or max(pair.a.shape[0] for pair in pairs)
        left, values, right = torch.linalg.svd(dense, full_matrices=False)
        return (left[:, :rank] * values[:rank]) @ right[:rank]
    products = [weight * pair.scaling for weight, pair in zip(weights, pairs, strict=True)]
    roots = [abs(product) ** 0.5 for product in products]
    signed = [root if product >= 0 else -root for root, product in zip(roots, products, strict=True)]
    b = _operated(operation, [pair.b for pair in pairs], roots, options)
    return b @ _operated(operation, [pair.a for pair in pairs], signed, options)


def _operated(
    operation: str, tensors: Sequence[torch.Tensor], weights: Sequence[float], options: dict[str, Any]
) -> torch.Tensor:  # fmt: skip
    if operation != "linear":
        tensors = [_pruned(tensor, options["density"]) for tensor in tensors]
    if operation == "ties":
        stacked = torch.stack(list(tensors))
        votes = stacked.sign() if options.get("majority_sign_method") == "frequency" else stacked
        sign = torch.where(votes.sum(0) >= 0, 1.0, -1.0)
        agree = stacked.sign() == sign
        weighted = stacked * torch.tensor(weights, dtype=torch.float64).view(-1, *[1] * (stacked.dim() - 1))
        return (weighted * agree).sum(0) / agree.sum(0).clamp(min=1)
    return torch.stack([weight * tensor for weight, tensor in zip(weights, tensors, strict=True)]).sum(0)


def _pruned(tensor: torch.Tensor, density: float) -> torch.Tensor:
    keep = int(density * tensor.numel())
    kept = torch.zeros_like(tensor).flatten()
    places = tensor.flatten().abs().topk(keep).indices
    kept[places] = tensor.flatten()[places]
    return kept.view_as(tensor)
