"""DARE TIES: drop at random and rescale, then elect the sign as TIES does."""

from collections.abc import Callable, Sequence

import torch

from kernels.dispatch import kernel
from kernels.reference.philox import Key, key_of
from workers.engine.merge.step import REDUCTION, MergeStep

Bernoulli = Callable[[Key, float, int, int], torch.Tensor]


def merge(step: MergeStep) -> torch.Tensor:
    """Drops each source's changes at random, scales up the rest, and sums those that agree with the elected sign.

    B_i ~ Bernoulli(d_i) per entry;  δ_i = f_i·B_i·τ_i with τ_i = θ_i − b and f_i = 1/d_i (`rescale: inverse`),
    Σ|τ_i| / Σ|B_i·τ_i| (`l1`) or 1 (`none`);  v_i = w_i·δ_i;  s = sign(Σ v_i), a zero sum elects +;  A_i = [v_i·s > 0];
    θ = b + λ·Σ A_i·v_i / Σ A_i·w_i (the divisor only when `normalize`).

    Source: Yu et al. 2024, "Language models are super Mario", arXiv:2311.03099, section 3.2, for drop and rescale; Yadav et
        al. 2023, arXiv:2306.01708, for the election. Deviations of the election as in `ties`.

    Args:
        step: a base and n ≥ 1 sources `[N]`. Parameters: `weight` and `density` in (0, 1] per source, `lambda`, `normalize`,
            `rescale`.

    Returns:
        `[N]` in the step's dtype.

    Cost: one pass; `l1` adds one pass.
    Determinism: draws are Philox4x32-10 keyed by the seed, the tensor's name and the source; draw e belongs to flat index e.
    """
    weights, scale = step.each("weight"), float(step.parameters["lambda"])
    normalize, densities = bool(step.parameters["normalize"]), step.each("density")
    keys = [key_of(step.seed, step.name, source) for source in step.source_ids]
    elect, bernoulli = kernel("elect"), kernel("bernoulli")
    factors = _factors(step, keys, densities, bernoulli)
    dropped = [step.buffer() for _ in step.sources]
    out, scratch = step.buffer(), [step.buffer() for _ in range(3)]
    kept_counts = [0] * len(weights)
    step.measures.agreed = 0.0

    def change(deltas: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        length = deltas[0].numel()
        kept = []
        for index, delta in enumerate(deltas):
            mask = bernoulli(keys[index], densities[index], start, length)
            kept_counts[index] += int(mask.count_nonzero())
            kept.append(torch.mul(delta, mask, out=dropped[index][:length]).mul_(factors[index]))
        merged, agreed = elect(
            kept, weights, normalize=normalize, out=out[:length], scratch=[buffer[:length] for buffer in scratch]
        )  # fmt: skip
        step.measures.agreed = (step.measures.agreed or 0.0) + agreed
        changed: torch.Tensor = merged.mul_(scale)
        return changed

    result = step.combine(change)
    step.measures.kept = list(kept_counts)
    return result


def _factors(step: MergeStep, keys: Sequence[Key], densities: Sequence[float], bernoulli: Bernoulli) -> list[float]:
    """f_i of each source. A source of which nothing is kept, or that changed nothing, is left as it is."""
    rescale = step.parameters["rescale"]
    if rescale == "inverse":
        return [1.0 / density for density in densities]
    if rescale == "none":
        return [1.0] * len(densities)
    vector, scratch = step.buffer(REDUCTION), step.buffer(REDUCTION)
    factors = []
    for index, density in enumerate(densities):
        before = after = 0.0
        for start, stretch in step.vectors(index, vector, scratch):
            magnitudes = stretch.double().abs_()
            before += magnitudes.sum().item()
            after += magnitudes.mul_(bernoulli(keys[index], density, start, stretch.numel())).sum().item()
        factors.append(before / after if after > 0 else 1.0)
    return factors
