"""RAM+ (tensor-local): as RAM, with a model's own changes raised to make good for those it shares."""

from collections.abc import Sequence

import torch

from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> torch.Tensor:
    """Adds changes of one source scaled up, and the mean of those that several made.

    τ_i = θ_i − b;  C_i = [|τ_i| > ε];  c = Σ C_i;  ρ_i = #(C_i, c > 1) / #(C_i, c = 1) in this tensor;
    f_i = 1 + r·min(ρ_i, α);  θ = b + Σ C_i·τ_i·(f_i where c = 1, 1/c where c > 1).

    Source: "Reinforced Agent Merging", arXiv:2601.13572, with the ratio taken for each tensor by itself. A source all of
        whose changes are shared has no entry to raise.

    Args:
        step: a base and n ≥ 1 sources `[N]`. Parameters: `r` ≥ 0, `alpha` ≥ 0, `epsilon` ≥ 0 in the units of the weights.

    Returns:
        `[N]` in the step's dtype.

    Cost: two passes.
    Determinism: counts are whole numbers; sums run in recipe order.
    """
    smallest = float(step.parameters["epsilon"])
    factors = _factors(step, smallest)
    out = step.buffer()
    step.measures.kept = [0] * len(step.sources)

    def change(deltas: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        total = out[: deltas[0].numel()].zero_()
        changed = [delta.abs() > smallest for delta in deltas]
        many = _count(changed)
        share = many.clamp(min=1).to(total.dtype).reciprocal_()
        for index, (delta, factor) in enumerate(zip(deltas, factors, strict=True)):
            step.measures.kept[index] += int(changed[index].count_nonzero())
            total.add_(torch.where(many == 1, factor, share) * delta * changed[index])
        return total

    return step.combine(change)


def _factors(step: MergeStep, smallest: float) -> list[float]:
    """f_i of each source."""
    own, shared = [0] * len(step.sources), [0] * len(step.sources)
    for _, deltas in step.together():
        changed = [delta.abs() > smallest for delta in deltas]
        many = _count(changed)
        for index, mine in enumerate(changed):
            own[index] += int((mine & (many == 1)).count_nonzero())
            shared[index] += int((mine & (many > 1)).count_nonzero())
    raised, most = float(step.parameters["r"]), float(step.parameters["alpha"])
    return [1 + raised * (min(there / alone, most) if alone else 0.0) for alone, there in zip(own, shared, strict=True)]


def _count(changed: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.stack(list(changed)).sum(dim=0)
