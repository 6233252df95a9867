"""RAM: changes that only one source made go in whole, changes that several made are averaged."""

from collections.abc import Sequence

import torch

from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> torch.Tensor:
    """Adds each entry's mean change over the sources that changed it.

    τ_i = θ_i − b;  C_i = [|τ_i| > ε];  c = Σ C_i;  θ = b + Σ C_i·τ_i / max(c, 1).

    Source: "Reinforced Agent Merging", arXiv:2601.13572; its disjoint entries are those with c = 1, its shared ones c > 1.

    Args:
        step: a base and n ≥ 1 sources `[N]`. Parameters: `epsilon` ≥ 0, in the units of the weights.

    Returns:
        `[N]` in the step's dtype.

    Determinism: sums run in recipe order.
    """
    smallest = float(step.parameters["epsilon"])
    out, count = step.buffer(), step.buffer()
    kept = [0] * len(step.sources)

    def change(deltas: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        length = deltas[0].numel()
        total, many = out[:length].zero_(), count[:length].zero_()
        for index, delta in enumerate(deltas):
            changed = delta.abs() > smallest
            kept[index] += int(changed.count_nonzero())
            total.add_(delta * changed)
            many.add_(changed)
        return total.div_(many.clamp_min_(1.0))

    result = step.combine(change)
    step.measures.kept = list(kept)
    return result
