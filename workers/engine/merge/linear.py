"""Linear: a weighted average of the weights."""

from __future__ import annotations

from collections.abc import Sequence

from kernels.late import torch
from kernels.raw import Array
from workers.engine.merge.mapping import averaged
from workers.engine.merge.step import MergeStep
from workers.engine.merge.weighting import weight_sum, weighted_sum


def merge(step: MergeStep) -> Array:
    """The weighted sum of the sources, divided by the sum of the weights when `normalize`.

    θ = Σ w_i·θ_i / Σ w_i

    Source: Wortsman et al. 2022, "Model soups", arXiv:2203.05482, section 2 (uniform soup, with weights).

    Args:
        step: n ≥ 1 sources `[n]`, no base. Parameters: `weight` per source, `normalize`.

    Returns:
        `[n]` in the step's dtype.

    Raises:
        UserError: `normalize` and the weights sum to zero.

    Determinism: sums run in recipe order, each product and each sum rounded once; in float32 the result is that of
        `(w_0*θ_0 + w_1*θ_1 + …) / (w_0 + w_1 + …)` written in torch.
    """
    weights = step.each("weight")
    total = weight_sum(step.name, weights) if step.parameters["normalize"] else 1.0
    if step.compiled:
        return averaged(step, weights, total)
    out, scratch = step.buffer(), step.buffer()

    def average(sources: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        return weighted_sum(sources, weights, total, out[: sources[0].numel()], scratch)

    return step.combine(average)
