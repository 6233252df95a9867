"""Passthrough: one model's tensor as it is, or multiplied by a number."""

import torch

from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> torch.Tensor:
    """θ = scale·θ_1. Layers are stacked with it; a scale of 0 on a block's output projections makes an added block do nothing.

    Source: mergekit 0.1.5, `passthrough`.

    Args:
        step: one source `[N]`, no base. Parameters: `scale`.

    Returns:
        `[N]` in the step's dtype; the source bit by bit where the scale is 1.

    Determinism: elementwise.
    """
    (scale,) = step.each("scale")
    if scale == 1.0:
        return step.combine(lambda vectors, start: vectors[0])
    out = step.buffer()
    return step.combine(lambda vectors, start: torch.mul(vectors[0], scale, out=out[: vectors[0].numel()]))
