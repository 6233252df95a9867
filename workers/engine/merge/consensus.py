"""Consensus: keep the places that enough models need, drop what is selfish or catastrophic."""

from collections.abc import Sequence

import torch

from workers.engine.merge.learning.elected import elected
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> torch.Tensor:
    """Task arithmetic over the entries that at least k of the task masks keep, or (`task: i`) over those of one task's mask.

    m = Σ w_i·τ_i, or (`vector: ties`) Σ w_i·v_i over the v_i that TIES leaves of the τ_i: trimmed, and of the elected sign;
    M_i = [|τ_i| > λ_i·|m − τ_i|];  C = [Σ M_i ≥ k], or M_i of the task i alone;  θ = b + λ·C·m.
    k = 0 is task arithmetic, k = 1 drops only what no model needs, k = 2 also what one alone needs, k > n gives the base.

    Source: Wang et al. 2024, "Localizing task information for improved model merging and compression", arXiv:2405.07813,
        equation 4 (TALL masks), section 4.1 (b + M_i·m stands for model i) and 4.2 (Consensus Merging); λ is its α. With all
        w_i = 1 as published; the weights are ours. λ and λ_i are chosen on validation data there (λ_i from 0.2 to 0.6), so that
        their presets are ours too. Deviation: TIES trims per tensor.

    Args:
        step: a base and n ≥ 1 sources `[N]`. Parameters: `weight`, `mask_lambda` (λ_i) and `density` (of TIES) per source,
            `vector`, `agreeing` (k), `task` (i, 0 for none), `lambda`.

    Returns:
        `[N]` in the step's dtype.

    Cost: one pass, two with `vector: ties`; three more stretches.
    Determinism: sums run in recipe order, comparisons are exact on them.
    """
    weights, limits = step.each("weight"), step.each("mask_lambda")
    task, scale = int(step.parameters["task"]), float(step.parameters["lambda"])
    needed = 1 if task else int(step.parameters["agreeing"])
    take = elected(step) if step.parameters["vector"] == "ties" else None
    total, scratch, rest = step.buffer(), step.buffer(), step.buffer()
    kept = [0] * len(weights)

    def change(deltas: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        length = deltas[0].numel()
        merged = total[:length].zero_()
        for vector, weight in zip(take(deltas, start) if take else deltas, weights, strict=True):
            merged.add_(torch.mul(vector, weight, out=scratch[:length]))
        votes = torch.zeros(length, dtype=torch.int16)
        for index, (delta, limit) in enumerate(zip(deltas, limits, strict=True)):
            others = torch.sub(merged, delta, out=rest[:length]).abs_().mul_(limit)
            mask = torch.abs(delta, out=scratch[:length]) > others
            kept[index] += int(mask.count_nonzero())
            if not task or step.source_ids[index] == task:
                votes += mask
        return merged.masked_fill_(votes < needed, 0.0).mul_(scale)

    result = step.combine(change)
    step.measures.kept = list(kept)
    return result
