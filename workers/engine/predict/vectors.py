"""Vectors of examples: what the head of a classifier sees, or the pooled last hidden state of any other model."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

POOLING = Path("1_Pooling") / "config.json"
_MODES = {
    "pooling_mode_cls_token": "first",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_lasttoken": "last",
}


def pooling_of(folder: Path) -> str:
    """How the makers of an entry pool its tokens, as sentence-transformers writes it down; the mean where nobody says."""
    try:
        document = json.loads((folder / POOLING).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return "mean"
    if not isinstance(document, dict):
        return "mean"
    return next((mode for key, mode in _MODES.items() if document.get(key) is True), "mean")


def body_of(module: Any) -> Any:
    """The transformers model without its head; adapters stay where they are put into it."""
    whole = module.get_base_model() if hasattr(module, "get_base_model") else module
    return whole.base_model


@torch.inference_mode()
def hidden_pooled(module: Any, inputs: Mapping[str, torch.Tensor], mode: str = "mean") -> torch.Tensor:
    """Last hidden state, pooled over tokens or places, float32 `[b, d]`. Padding does not count."""
    state: torch.Tensor = body_of(module)(**inputs).last_hidden_state.to(torch.float32)
    if state.ndim == 4:  # [b, d, h, w] of convolutional models
        return state.flatten(2).mean(dim=2)
    mask = inputs.get("attention_mask")
    if mask is None:
        mask = torch.ones(state.shape[:2], dtype=torch.int64, device=state.device)
    return pooled(state, mask, mode)


def pooled(state: torch.Tensor, mask: torch.Tensor, mode: str) -> torch.Tensor:
    """`state` float32 `[b, t, d]` over the tokens where `mask` `[b, t]` is 1, padded on the right."""
    wide = mask[:, :, None].to(state.dtype)
    if mode == "first":
        return state[:, 0]
    if mode == "last":
        return state[torch.arange(len(state), device=state.device), mask.sum(dim=1).clamp(min=1) - 1]
    if mode == "max":
        return state.masked_fill(wide == 0, -torch.inf).amax(dim=1)
    return (state * wide).sum(dim=1) / wide.sum(dim=1).clamp(min=1)


@torch.inference_mode()
def head_inputs(module: Any, inputs: Mapping[str, torch.Tensor], classes: int) -> torch.Tensor:
    """What goes into the last linear layer of a classifier, float32 `[b, d]`. Where that is one vector for each token, their mean.

    A model whose head is no linear layer gives its pooled hidden state.
    """
    seen: list[torch.Tensor] = []
    layers = [
        layer for layer in module.modules() if isinstance(layer, torch.nn.Linear) and layer.out_features == classes
    ]
    hooks = [layer.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach())) for layer in layers]
    try:
        module(**inputs)
    finally:
        for hook in hooks:
            hook.remove()
    if not seen:
        return hidden_pooled(module, inputs)
    last = seen[-1].to(torch.float32)
    if last.ndim == 3:
        mask = inputs.get("attention_mask")
        kept = mask if mask is not None else torch.ones(last.shape[:2], dtype=torch.int64, device=last.device)
        return pooled(last, kept, "mean")
    return last
