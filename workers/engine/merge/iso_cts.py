"""Iso-CTS: most directions for what the tasks share, the rest for what each has of its own, all of one length."""

import torch

from workers.engine.merge.matrices import EPSILON, leading, merge_matrices, polar, total_of
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> torch.Tensor:
    """Isotropic merging in common and task-specific subspaces.

    r = min(m, n');  s = round((r − ⌊f·r⌋)/n) directions for each of the n tasks, c = r − n·s for what they share;
    U_c, Σ_c, V_c = the c leading singular triplets of Σ τ_i;  U_i, Σ_i, V_i = the s leading ones of τ_i − U_c·U_cᵀ·τ_i;
    U⊥, V⊥ = orthogonal polar factors of [U_1 … U_n U_c] and [V_1 … V_n V_c];  σ̄ = mean of all Σ_i and Σ_c;
    θ = b + λ·σ̄·U⊥·V⊥ᵀ.  Tensors that are not matrices: θ = b + λ·mean(τ_i).

    Source: Marczak et al. 2025, "No task left behind: isotropic model merging with common and task-specific subspaces",
        arXiv:2502.04959, section 4.3 and algorithm 2; λ is its α, f its share of the common subspace; the preset of λ is
        that of FusionBench's results. Deviations: directions of singular value zero are left out and do not count in the mean;
        s is one less where rounding up leaves no room for c.

    Args:
        step: a base and n ≥ 1 sources. Parameters: `common_space_fraction` in [0, 1], `lambda`.

    Returns:
        `[N]` in the step's dtype.

    Cost: per matrix n + 1 eigendecompositions of the smaller Gram matrix and two polar factors, in float64.
    Determinism: LAPACK in float64 with one thread.
    """
    fraction = float(step.parameters["common_space_fraction"])

    def isotropic(vectors: list[torch.Tensor]) -> torch.Tensor:
        common, own = shares(min(step.shape), len(vectors), fraction)
        shared = leading(total_of(vectors), common)
        parts = []
        for vector in vectors:
            whole = vector.double()
            rest = whole.addmm(shared[0], shared[0].mT @ whole, alpha=-1)
            parts.append(leading(rest, own, floor=max(step.shape) * EPSILON * float(whole.norm())))
        left, values, right = (torch.cat([part[place] for part in (*parts, shared)], dim=-1) for place in range(3))
        if not values.numel():
            return vectors[0].zero_()
        return (polar(left)[0] @ polar(right)[0].mT).mul_(values.mean())

    return merge_matrices(step, isotropic)


def shares(rank: int, tasks: int, fraction: float) -> tuple[int, int]:
    """(directions for what is shared, directions for each task); together `rank`."""
    own = round((rank - int(rank * fraction)) / tasks)
    if own * tasks > rank:
        own -= 1
    return rank - own * tasks, own
