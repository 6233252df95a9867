"""Draws the last layers of a model anew, for classes that it has not seen."""

from collections.abc import Iterable
from typing import Any

import torch

_SPREAD = 0.02


def head_names(model: Any) -> set[str]:
    """Names of the parts of `model` that are not its body: `classifier`, `score` and the like."""
    body = getattr(model, "base_model_prefix", "")
    return {name for name, _ in model.named_children() if name != body}


def is_open(key: str, heads: set[str]) -> bool:
    """Whether a tensor may be missing from the weights: one of the head, or of a pooler that only classifiers have."""
    return key.split(".")[0] in heads or "pooler." in key


def drawn_parts(model: Any, heads: Iterable[str], missing: Iterable[str]) -> tuple[str, ...]:
    """Names of the parts that hold weights that were drawn: heads, and poolers that only classifiers have."""
    found = {name for name in heads if any(True for _ in getattr(model, name).parameters())}
    for key in missing:
        parts = key.split(".")
        if parts[0] not in found and "pooler" in parts:
            found.add("pooler")
    return tuple(sorted(found))


def draw_head(model: torch.nn.Module, heads: set[str], missing: Iterable[str], *, seed: int) -> None:
    """Draws every tensor of `heads`, and those of `missing`, in the order of the model.

    Matrices from a normal distribution with the spread that the config names, biases 0, scales of norms 1.

    Determinism: `seed` alone.
    """
    config: Any = model.config
    spread = getattr(config, "initializer_range", None) or _SPREAD
    generator = torch.Generator().manual_seed(seed)
    wanted = set(map(str, missing))
    for module_name, module in model.named_modules():
        is_norm = "norm" in type(module).__name__.lower()
        for name, parameter in module.named_parameters(prefix=module_name, recurse=False):
            if name.split(".")[0] not in heads and name not in wanted:
                continue
            with torch.no_grad():
                if parameter.ndim > 1:
                    parameter.copy_(torch.randn(parameter.shape, generator=generator) * spread)
                else:
                    parameter.fill_(1.0 if is_norm and name.endswith("weight") else 0.0)
