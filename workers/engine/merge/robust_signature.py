"""Robust weight signatures: what training on corrupted data changed and training on clean data did not, added to the clean model."""

import math
from collections.abc import Sequence

import torch

from workers.engine.merge.step import REDUCTION, MergeStep

# The request's models are counted from the base, 0; the first source is the clean model.
CLEAN = 1


def merge(step: MergeStep) -> torch.Tensor:
    """Patches a clean model with the signatures of models that were trained on corrupted data.

    τ_0 = θ_clean − b and τ_c = θ_c − b;  R_c = τ_c − (τ_c·τ_0 / ‖τ_0‖²)·τ_0, the part of τ_c at right angles to τ_0, each tensor
    taken as one vector;  θ = θ_clean + Σ α_c·R_c in the shallow layers, l < ⌈depth·L⌉, and θ = θ_clean in all others. With
    `average` the sum is divided by the number of signatures.

    Source: Cai et al. 2023, "Robust weight signatures: gaining robustness as easy as patching weights?", arXiv:2302.12480,
        section 3; the projection, the mean over signatures and the share of shallow layers (7 of VGG-16's 13 convolutions) are
        those of its code. Deviations: α scales once (the code's non-uniform α scales twice); norms are patched like the other
        tensors of their layers (the code averages those of the corrupted models); embeddings count as shallow.

    Args:
        step: a base (the weights before any fine-tuning) and n ≥ 1 sources `[N]`, the clean model first. Parameters: `strength`
            per source (α; the clean model's is not used), `depth`, `average`, and from the plan `layer` and `layers`.

    Returns:
        `[N]` in the step's dtype.

    Cost: two passes in shallow layers, one in the others.
    Determinism: products are summed in float64 over stretches of 1 Mi elements, in order.
    """
    if CLEAN not in step.source_ids:
        return step.combine(lambda deltas, start: torch.zeros_like(deltas[0]))
    clean = step.source_ids.index(CLEAN)
    weights = _weights(step, clean)
    out, scratch = step.buffer(), step.buffer()

    def patch(deltas: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        merged = torch.mul(deltas[clean], weights[clean], out=out[: deltas[0].numel()])
        for index, (delta, weight) in enumerate(zip(deltas, weights, strict=True)):
            if index != clean and weight:
                merged.add_(torch.mul(delta, weight, out=scratch[: delta.numel()]))
        return merged

    return step.combine(patch)


def _weights(step: MergeStep, clean: int) -> list[float]:
    """What each τ is multiplied by: α_c for a signature, and 1 − Σ α_c·(τ_c·τ_0/‖τ_0‖²) for the clean change."""
    layer, layers = int(step.parameters.get("layer", 0)), int(step.parameters.get("layers", 0))
    is_shallow = layers == 0 or layer < math.ceil(float(step.parameters["depth"]) * layers)
    strengths = step.each("strength")
    others = [index for index in range(len(strengths)) if index != clean]
    weights = [0.0] * len(strengths)
    weights[clean] = 1.0
    if not is_shallow or not others:
        return weights
    count = len(others) if step.parameters["average"] else 1
    square = _product(step, clean, clean)
    for index in others:
        weights[index] = strengths[index] / count
        along = _product(step, index, clean) / square if square > 0 else 0.0
        weights[clean] -= weights[index] * along
    return weights


def _product(step: MergeStep, left: int, right: int) -> float:
    """τ_left·τ_right."""
    total = 0.0
    walks = [step.vectors(index, step.buffer(REDUCTION), step.buffer(REDUCTION)) for index in (left, right)]
    for (_, one), (_, other) in zip(*walks, strict=True):
        total += torch.mul(one.double(), other).sum().item()
    return total
